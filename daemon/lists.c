#include "daemon/lists.h"

#include <stdio.h>
#include <string.h>

#include "daemon/config.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "settings/settings.h"

void list_dialects(void)
{
    for (size_t i = 0; dialects[i]; i++) {
        printf("%s\t%s\n", dialects[i]->id, dialects[i]->title);
    }
}

/* ---- settings ---- */

/* The dialect's own default of a setting, or the common one. */
static const char *default_of(const struct dialect *dialect, const char *section,
                              const struct setting *setting)
{
    size_t section_len = strlen(section);
    size_t key_len = strlen(setting->key);
    for (size_t i = 0; dialect->defaults[i]; i++) {
        const char *pair = dialect->defaults[i];
        if (strncmp(pair, section, section_len) == 0 && pair[section_len] == '.' &&
            strncmp(pair + section_len + 1, setting->key, key_len) == 0 &&
            pair[section_len + 1 + key_len] == '=') {
            return pair + section_len + 1 + key_len + 1;
        }
    }
    return setting->initial;
}

static void print_setting(void *ctx, const char *section, const struct setting *setting,
                          const char *type, const char *range)
{
    printf("%s.%s\t%s\t%s\t%s\t%s\n", section, setting->key, type, range,
           default_of(ctx, section, setting), setting->help);
}

void list_settings(const struct dialect *dialect)
{
    const struct settings_group *groups[MODEM_GROUPS_MAX + 1];
    size_t count = modem_settings_groups(groups);
    groups[count++] = &daemon_settings_group;
    settings_describe(groups, count, print_setting, (void *)dialect);
}

/* ---- commands ---- */

static void print_forms(unsigned forms)
{
    static const struct {
        enum at_form form;
        const char *name;
    } names[] = {{AT_TEST, "test"}, {AT_READ, "read"}, {AT_SET, "set"}, {AT_EXECUTE, "execute"}};
    const char *comma = "";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (forms & names[i].form) {
            printf("%s%s", comma, names[i].name);
            comma = ",";
        }
    }
}

static void print_table(const struct at_table *table, unsigned shown)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct at_command *row = &table->rows[i];
        printf("AT%s\t", row->name);
        print_forms(row->forms & shown);
        printf("\t%s", row->help);
        if (row->gate) {
            printf(" (with %s=1)", row->gate);
        }
        putchar('\n');
    }
}

void list_commands(const struct dialect *dialect)
{
    for (size_t i = 0; i < dialect->table_count; i++) {
        print_table(dialect->tables[i], ~0U);
    }
    print_table(&at_v250_table, dialect->grammar->test ? ~0U : ~(unsigned)AT_TEST);
}
