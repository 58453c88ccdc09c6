/* What this folder asks of cJSON, in one place: bytes from the network in, one line of text out. */
#ifndef CLOUD_JSON_H
#define CLOUD_JSON_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The object that bytes are, with nothing but white space (or control characters) around it, or
 * NULL. The caller frees it with cJSON_Delete(). */
cJSON *json_parse_object(const char *bytes, size_t len);

/* A new, empty object. Never NULL. */
cJSON *json_object(void);

/* Adds a member at the end of object. text is UTF-8. */
void json_add_text(cJSON *object, const char *name, const char *text);
/* The same with the decimal digits of number as text: how this cloud writes its ids. */
void json_add_digits(cJSON *object, const char *name, uint32_t number);
void json_add_number(cJSON *object, const char *name, uint32_t number);
/* Adds a new object as a member and returns it. */
cJSON *json_add_object(cJSON *object, const char *name);

/* Frees object and returns its text without blanks, which the caller frees. Never NULL. */
char *json_take_text(cJSON *object);

/* A member that is a string, or NULL: none, or of another type. It belongs to the object. */
const char *json_text(const cJSON *object, const char *name);

/* Whether a member is there and not null. */
bool json_has(const cJSON *object, const char *name);

/* A member that is a whole number between min and max (both at most 2^53 away from 0). False: none,
 * or another type, or another number. */
bool json_integer(const cJSON *object, const char *name, long long min, long long max,
                  long long *number);

#endif
