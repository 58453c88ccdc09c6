/* Settings: what a person decides about a modem (or about the daemon) in INI files and with --set.
 *
 * Each part of the program declares its settings once, as a table over a struct of its own; that
 * table gives parsing, range checks, --list-settings and the settings reference. A setting belongs
 * to the part that makes it work. Values go into the struct, so their reader writes
 * `mqtt->keepalive`, not a look-up by name. Order of weight: default < dialect < profile < file <
 * --set; whoever is loaded later wins.
 */
#ifndef SETTINGS_SETTINGS_H
#define SETTINGS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

enum setting_type {
    SETTING_BOOL,   /* bool: 0 or 1 */
    SETTING_INT,    /* int, min..max */
    SETTING_TEXT,   /* const char *, never NULL; min..max bytes (max 0: 4096) */
    SETTING_CHOICE, /* int: index into choices */
};

struct setting {
    const char *key; /* lower case, without its section */
    enum setting_type type;
    size_t offset; /* of the value in the part's struct */
    long min, max;
    const char *const *choices; /* NULL-ended, for SETTING_CHOICE */
    const char *initial;        /* the default, as it would stand in a file; never NULL */
    const char *help;           /* one line, no full stop */
    /* A further check of a text (an address, a pattern list ...), or NULL. False puts the reason,
     * without the setting's name, into why. */
    bool (*check)(const char *value, char *why, size_t why_size);
    bool secret; /* never shown */
};

/* One part's settings: a section of the file. */
struct settings_group {
    const char *section; /* lower case */
    const struct setting *rows;
    size_t count;
    size_t size; /* of the part's struct */
};

struct settings;

/* A set of values for these groups, all at their defaults. The group pointers must outlive it. Two
 * groups may share a section (different keys). */
struct settings *settings_create(const struct settings_group *const *groups, size_t count);
void settings_destroy(struct settings *settings);

/* One more owner: settings_destroy() by each of them, the last one frees. */
struct settings *settings_share(struct settings *settings);

/* Whether two sets of the same groups hold the same values. */
bool settings_equal(const struct settings *a, const struct settings *b);

/* The struct of one group, as const void *: `const struct mqtt_settings *s = settings_of(...)`.
 * Valid, and unchanged but by the functions below, until settings_destroy(). */
const void *settings_of(const struct settings *settings, const struct settings_group *group);

/* Sets one value from text. origin says where the text came from ("FILE:12", "--set",
 * "profile x") and begins the message that is returned in *error on failure:
 * "ORIGIN: SECTION.KEY: reason" (the caller frees it). A failed call changes nothing. A secret's
 * value is not in the message. */
bool settings_set(struct settings *settings, const char *section, const char *key,
                  const char *value, const char *origin, char **error);

/* As settings_set() for one "section.key=value". */
bool settings_set_pair(struct settings *settings, const char *pair, const char *origin,
                       char **error);

/* Loads an INI file over what is there (see settings/ini.h for what is refused). Messages name
 * file, line, section and key. On failure the settings may hold part of the file: throw them away.
 */
bool settings_load(struct settings *settings, const char *path, char **error);

/* True if a value was set by any of the functions above since creation. */
bool settings_given(const struct settings *settings, const char *section, const char *key);

/* Calls row() for each setting, in order of declaration, for lists and generated documents: type in
 * words, range ("0..65535", "none|rtscts", "" when free), default. */
void settings_describe(const struct settings_group *const *groups, size_t count,
                       void (*row)(void *ctx, const char *section, const struct setting *setting,
                                   const char *type, const char *range),
                       void *ctx);

#endif
