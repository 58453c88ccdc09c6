/* The scan of an INI file's lines that finds what iniparser would take silently, and remembers
 * where each key stands. Private to lib/settings. */
#ifndef SETTINGS_INI_SCAN_H
#define SETTINGS_INI_SCAN_H

#include <stdbool.h>
#include <stddef.h>

struct ini_key {
    char *section; /* lower case, as iniparser keeps it */
    char *key;     /* lower case */
    int line;
};

/* All zero is an empty list. */
struct ini_keys {
    struct ini_key *rows;
    size_t count;
};

/* Appends the keys of the text to keys in file order. False with "PATH:LINE: reason" in *error,
 * which the caller frees. What passes, iniparser reads as a person would. Free keys in both cases.
 */
bool ini_scan(const char *path, const char *text, size_t len, struct ini_keys *keys, char **error);

/* Gives the memory back; the list is empty and usable again. */
void ini_keys_free(struct ini_keys *keys);

#endif
