#include "cloud/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* cJSON says NULL when there is no memory; here that ends as it does in mem.h. */
static void *or_die(void *made)
{
    if (!made) {
        fputs("atmodemd: out of memory\n", stderr);
        abort();
    }
    return made;
}

cJSON *json_parse_object(const char *bytes, size_t len)
{
    /* With the NUL counted in, cJSON refuses whatever stands behind the object. */
    char *text = mem_copy(bytes, len);
    cJSON *parsed = cJSON_ParseWithLengthOpts(text, len + 1, NULL, true);
    free(text);
    if (parsed && !cJSON_IsObject(parsed)) {
        cJSON_Delete(parsed);
        parsed = NULL;
    }
    return parsed;
}

cJSON *json_object(void)
{
    return or_die(cJSON_CreateObject());
}

void json_add_text(cJSON *object, const char *name, const char *text)
{
    or_die(cJSON_AddStringToObject(object, name, text));
}

void json_add_digits(cJSON *object, const char *name, uint32_t number)
{
    char digits[12];
    snprintf(digits, sizeof digits, "%" PRIu32, number);
    json_add_text(object, name, digits);
}

void json_add_number(cJSON *object, const char *name, uint32_t number)
{
    or_die(cJSON_AddNumberToObject(object, name, number));
}

cJSON *json_add_object(cJSON *object, const char *name)
{
    return or_die(cJSON_AddObjectToObject(object, name));
}

char *json_take_text(cJSON *object)
{
    char *text = or_die(cJSON_PrintUnformatted(object));
    cJSON_Delete(object);
    return text;
}

const char *json_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

bool json_has(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    return member && !cJSON_IsNull(member);
}

bool json_integer(const cJSON *object, const char *name, long long min, long long max,
                  long long *number)
{
    const cJSON *member = cJSON_GetObjectItemCaseSensitive(object, name);
    /* The range first: only what lies in it can be converted. NaN is outside. */
    if (!cJSON_IsNumber(member) ||
        !(member->valuedouble >= (double)min && member->valuedouble <= (double)max)) {
        return false;
    }
    *number = (long long)member->valuedouble;
    return (double)*number == member->valuedouble;
}
