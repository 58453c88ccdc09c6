/* Values that are the rest of their line: most have no quotes around them, and may hold anything.
 */
#ifndef DIALECT_UC8088_VALUE_H
#define DIALECT_UC8088_VALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

enum uc_value_kind {
    UC_VALUE_NAME, /* blanks at its ends are layout */
    UC_VALUE_RAW,  /* one blank before it is */
    UC_VALUE_TEXT, /* likewise; `\r`, `\n` and `\"` stand for CR, LF and a quote */
};

/* Adds the value to out. One in quotes, wholly, loses them, and its escapes are resolved. */
void uc_value(struct buf *out, enum uc_value_kind kind, const char *text, size_t len);

/* The same for a value whose length is stated: the blank before it, or the quotes around it, are
 * taken as the length wants. False: it fits in no way. */
bool uc_measured_value(struct buf *out, enum uc_value_kind kind, const char *text, size_t len,
                       size_t stated);

#endif
