/* Reading INI files that people write. iniparser reads them, but takes some mistakes silently (a
 * key before any section, a key twice, a value cut at ';' or '#', an over-long line); a scan of the
 * lines beforehand finds those and remembers where each key stands. */
#ifndef SETTINGS_INI_H
#define SETTINGS_INI_H

#include <stdbool.h>

/* Called for each key in file order; names are lower case. False stops and fails the read: then the
 * callee has put a message into *error. */
typedef bool (*ini_entry)(void *ctx, const char *section, const char *key, const char *value,
                          int line, char **error);

/* False with a message "PATH:LINE: reason" (or "PATH: reason") in *error, which the caller frees.
 *
 * `;` and `#` begin a comment at the start of a line and after a blank. In the middle of an
 * unquoted word they would cut the value: refused. A value in double quotes is taken whole. */
bool ini_read(const char *path, ini_entry entry, void *ctx, char **error);

#endif
