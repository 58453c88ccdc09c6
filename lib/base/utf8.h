/* UTF-8 (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character that the bytes begin with, and how many of them it takes; 0: none is well-formed
 * there (overlong forms, surrogates and what is above U+10FFFF are not). */
size_t utf8_next(const char *bytes, size_t len, uint32_t *character);

/* Whether all of it is well-formed. */
bool utf8_valid(const char *bytes, size_t len);

#endif
