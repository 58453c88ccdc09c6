#include "settings/settings.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "settings/ini.h"
#include "settings/settings_value.h"

/* The values of one group. */
struct part {
    const struct settings_group *group;
    void *values; /* the part's struct */
    bool *given;  /* one for each row */
};

struct settings {
    struct part *parts;
    size_t count;
    unsigned owners;
};

/* Where a name leads. */
struct place {
    struct part *part;
    size_t row;
};

static void fill_defaults(struct part *part)
{
    const struct settings_group *group = part->group;
    for (size_t i = 0; i < group->count; i++) {
        const struct setting *row = &group->rows[i];
        char *why = NULL;
        bool fits = row->type != SETTING_INT || (row->min >= INT_MIN && row->max <= INT_MAX);
        if (!fits || !setting_check(row, row->initial, &why)) {
            /* A fault of the table, not of a person. */
            fprintf(stderr, "atmodemd: %s.%s: bad declaration: %s\n", group->section, row->key,
                    why ? why : "the range is not an int's");
            abort();
        }
        setting_store(row, part->values, row->initial);
    }
}

struct settings *settings_create(const struct settings_group *const *groups, size_t count)
{
    struct settings *settings = mem_zeroed(sizeof *settings);
    settings->parts = mem_zeroed(count * sizeof *settings->parts);
    settings->count = count;
    settings->owners = 1;
    for (size_t i = 0; i < count; i++) {
        struct part *part = &settings->parts[i];
        part->group = groups[i];
        part->values = mem_zeroed(groups[i]->size);
        part->given = mem_zeroed(groups[i]->count * sizeof *part->given);
        fill_defaults(part);
    }
    return settings;
}

void settings_destroy(struct settings *settings)
{
    if (!settings || --settings->owners > 0) {
        return;
    }
    for (size_t i = 0; i < settings->count; i++) {
        struct part *part = &settings->parts[i];
        for (size_t row = 0; row < part->group->count; row++) {
            setting_release(&part->group->rows[row], part->values);
        }
        free(part->values);
        free(part->given);
    }
    free(settings->parts);
    free(settings);
}

struct settings *settings_share(struct settings *settings)
{
    settings->owners++;
    return settings;
}

bool settings_equal(const struct settings *a, const struct settings *b)
{
    for (size_t i = 0; i < a->count; i++) {
        const struct settings_group *group = a->parts[i].group;
        for (size_t row = 0; row < group->count; row++) {
            if (!setting_same(&group->rows[row], a->parts[i].values, b->parts[i].values)) {
                return false;
            }
        }
    }
    return true;
}

const void *settings_of(const struct settings *settings, const struct settings_group *group)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (settings->parts[i].group == group) {
            return settings->parts[i].values;
        }
    }
    abort(); /* asked for a group that is not among them */
}

/* False with *section_known told. */
static bool find_place(const struct settings *settings, const char *section, const char *key,
                       struct place *place, bool *section_known)
{
    *section_known = false;
    for (size_t i = 0; i < settings->count; i++) {
        const struct settings_group *group = settings->parts[i].group;
        if (strcasecmp(group->section, section) != 0) {
            continue;
        }
        *section_known = true;
        for (size_t row = 0; row < group->count; row++) {
            if (strcasecmp(group->rows[row].key, key) == 0) {
                *place = (struct place){&settings->parts[i], row};
                return true;
            }
        }
    }
    return false;
}

bool settings_set(struct settings *settings, const char *section, const char *key,
                  const char *value, const char *origin, char **error)
{
    struct place place;
    bool section_known;
    if (!find_place(settings, section, key, &place, &section_known)) {
        *error =
            mem_printf("%s: %s.%s: %s", origin, section, key,
                       section_known ? "there is no such setting" : "there is no such section");
        return false;
    }
    const struct setting *row = &place.part->group->rows[place.row];
    char *why = NULL;
    if (!setting_check(row, value, &why)) {
        *error = mem_printf("%s: %s.%s: %s", origin, place.part->group->section, row->key, why);
        free(why);
        return false;
    }
    setting_store(row, place.part->values, value);
    place.part->given[place.row] = true;
    return true;
}

bool settings_set_pair(struct settings *settings, const char *pair, const char *origin,
                       char **error)
{
    const char *equals = strchr(pair, '=');
    const char *dot = equals ? memchr(pair, '.', (size_t)(equals - pair)) : NULL;
    if (!dot) {
        /* What stands behind '=' may be a secret. */
        int shown = equals ? (int)(equals - pair) : 80;
        *error = mem_printf("%s: '%.*s': must be SECTION.KEY=VALUE", origin, shown, pair);
        return false;
    }
    char *section = mem_copy(pair, (size_t)(dot - pair));
    char *key = mem_copy(dot + 1, (size_t)(equals - dot) - 1);
    bool ok = settings_set(settings, section, key, equals + 1, origin, error);
    free(section);
    free(key);
    return ok;
}

struct load {
    struct settings *settings;
    const char *path;
};

static bool load_entry(void *ctx, const char *section, const char *key, const char *value, int line,
                       char **error)
{
    struct load *load = ctx;
    char *origin = mem_printf("%s:%d", load->path, line);
    bool ok = settings_set(load->settings, section, key, value, origin, error);
    free(origin);
    return ok;
}

bool settings_load(struct settings *settings, const char *path, char **error)
{
    struct load load = {settings, path};
    return ini_read(path, load_entry, &load, error);
}

bool settings_given(const struct settings *settings, const char *section, const char *key)
{
    struct place place;
    bool section_known;
    return find_place(settings, section, key, &place, &section_known) &&
           place.part->given[place.row];
}
