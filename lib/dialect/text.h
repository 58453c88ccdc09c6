/* Validators of string parameters that several dialects need. */
#ifndef DIALECT_TEXT_H
#define DIALECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Values that end up in C strings: no NUL. */
bool text_no_nul(const char *bytes, size_t len);
/* Nor empty: a host, a client id. */
bool text_not_empty(const char *bytes, size_t len);
/* Nothing that would be more than a name in an answer: printable ASCII without blanks and quotes.
 */
bool text_is_name(const char *bytes, size_t len);

#endif
