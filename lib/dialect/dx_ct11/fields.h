/* The parameters of a setting command, remembered: they are given back by its read form, and kept
 * in NVRAM, as they were given. */
#ifndef DIALECT_DX_CT11_FIELDS_H
#define DIALECT_DX_CT11_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "at/at.h"

enum { DX_FIELDS_MAX = 7 };

/* All zero: never given. */
struct dx_fields {
    char *text[DX_FIELDS_MAX];
    size_t count;
};

/* Those of a set command; one that is missing is empty, or 0. */
void dx_fields_take(struct dx_fields *fields, const struct at_call *call);
void dx_fields_free(struct dx_fields *fields);

const char *dx_field(const struct dx_fields *fields, int i);
long dx_field_number(const struct dx_fields *fields, int i);

/* With commas between, without quotes. The caller frees. */
char *dx_fields_line(const struct dx_fields *fields);
/* Answers a read form: `+NAME:` and the line, or NOT SET. */
at_result dx_fields_read(const struct dx_fields *fields, struct at_call *call);

/* As a JSON array, for NVRAM; params are those of the command. The caller frees. */
char *dx_fields_save(const struct dx_fields *fields, const struct at_param *params);
/* Back again: what is no such array, or holds what the command would refuse, counts as never given.
 */
void dx_fields_load(struct dx_fields *fields, const char *json, const struct at_param *params,
                    size_t count);

#endif
