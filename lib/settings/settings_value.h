/* From text to one typed value in a part's struct. Private to lib/settings. */
#ifndef SETTINGS_SETTINGS_VALUE_H
#define SETTINGS_SETTINGS_VALUE_H

#include "settings/settings.h"

/* Longest text if a row's max is 0. */
enum { SETTING_TEXT_MAX = 4096 };

/* Whether text is a value of this setting; if not, the reason is in *why, which the caller frees.
 */
bool setting_check(const struct setting *row, const char *text, char **why);

/* Puts the value of a text that passed setting_check() into the struct at base. A text is copied;
 * the one that stood there is freed. */
void setting_store(const struct setting *row, void *base, const char *text);

/* Whether the structs at a and b hold the same value. */
bool setting_same(const struct setting *row, const void *a, const void *b);

/* Frees what setting_store() keeps in the struct. */
void setting_release(const struct setting *row, void *base);

#endif
