/* Kept values: what a dialect declared once, read from and written to NVRAM. */
#ifndef DIALECT_KEPT_H
#define DIALECT_KEPT_H

#include "dialect/dialect.h"
#include "nvram/nvram.h"

/* A number. One in the file that is none, or out of range (a person edited it), counts as the
 * factory value. */
long kept_number(const struct nvram *nvram, const struct kept_value *value);

/* A text, never NULL; valid until the next completed save. */
const char *kept_text(const struct nvram *nvram, const struct kept_value *value);

/* Changes that are collected and saved together. All zero is empty. */
struct kept_changes {
    struct nvram_change changes[12];
    char numbers[12][24];
    size_t count;
};

/* text must stay valid until the save is asked for; NULL: the factory value. */
void kept_change_text(struct kept_changes *set, const struct kept_value *value, const char *text,
                      size_t len);
void kept_change_number(struct kept_changes *set, const struct kept_value *value, long number);

#endif
