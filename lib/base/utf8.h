/* UTF-8 (RFC 3629). */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Well-formed: no overlong form, no surrogate, nothing above U+10FFFF. */
bool utf8_valid(const char *bytes, size_t len);

#endif
