/* Validators of string parameters that several dialects need. */
#ifndef DIALECT_TEXT_H
#define DIALECT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Values that end up in C strings: no NUL. */
bool text_no_nul(const char *bytes, size_t len);

#endif
