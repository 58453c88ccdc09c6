#include "dialect/dx_ct11/fields.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"

void dx_fields_free(struct dx_fields *fields)
{
    for (size_t i = 0; i < fields->count; i++) {
        free(fields->text[i]);
    }
    *fields = (struct dx_fields){0};
}

static char *text_of(const struct at_param *param, const struct at_value *value)
{
    switch (param->type) {
    case AT_INT:
    case AT_DECIMAL:
        return mem_printf("%lld", (long long)value->number);
    case AT_CHOICE:
        return mem_string(param->choices[value->number]);
    case AT_STRING:
        break;
    }
    return mem_string(value->present ? value->text : "");
}

void dx_fields_take(struct dx_fields *fields, const struct at_call *call)
{
    const struct at_command *command = call->command;
    dx_fields_free(fields);
    fields->count = command->param_count;
    for (size_t i = 0; i < fields->count; i++) {
        fields->text[i] = text_of(&command->params[i], &call->params[i]);
    }
}

const char *dx_field(const struct dx_fields *fields, int i)
{
    return (size_t)i < fields->count ? fields->text[i] : "";
}

long dx_field_number(const struct dx_fields *fields, int i)
{
    return strtol(dx_field(fields, i), NULL, 10);
}

char *dx_fields_line(const struct dx_fields *fields)
{
    struct buf line = {0};
    for (size_t i = 0; i < fields->count; i++) {
        buf_printf(&line, "%s%s", i ? "," : "", fields->text[i]);
    }
    char *text = mem_string(buf_text(&line));
    buf_free(&line);
    return text;
}

static bool has_secret(const struct at_command *command)
{
    size_t i = 0;
    while (i < command->param_count && !(command->params[i].flags & AT_SECRET)) {
        i++;
    }
    return i < command->param_count;
}

at_result dx_fields_read(const struct dx_fields *fields, struct at_call *call)
{
    char *values = dx_fields_line(fields);
    char *line = mem_printf("%s:%s", call->command->name, fields->count ? values : "NOT SET");
    at_info_bytes(call->at, call->ticket, line, strlen(line),
                  fields->count && has_secret(call->command));
    free(line);
    free(values);
    return AT_OK;
}

/* ---- NVRAM ---- */

char *dx_fields_save(const struct dx_fields *fields, const struct at_param *params)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < fields->count; i++) {
        cJSON_AddItemToArray(array,
                             params[i].type == AT_INT
                                 ? cJSON_CreateNumber((double)dx_field_number(fields, (int)i))
                                 : cJSON_CreateString(fields->text[i]));
    }
    char *json = cJSON_PrintUnformatted(array);
    cJSON_Delete(array);
    return json;
}

static bool is_choice(const char *const *choices, const char *text)
{
    while (*choices && strcmp(*choices, text) != 0) {
        choices++;
    }
    return *choices != NULL;
}

/* A value that the command would have taken, as text; NULL: it would not. */
static char *checked(const struct at_param *param, const cJSON *item)
{
    const char *text = cJSON_GetStringValue(item);
    if (param->type == AT_INT) {
        double number = cJSON_GetNumberValue(item); /* not a number: no comparison is true */
        bool good = number >= (double)param->min && number <= (double)param->max;
        return good ? mem_printf("%lld", (long long)number) : NULL;
    }
    if (!text) {
        return NULL;
    }
    if (param->type == AT_CHOICE) {
        return is_choice(param->choices, text) ? mem_string(text) : NULL;
    }
    size_t len = strlen(text);
    bool may_miss = len == 0 && param->flags & (AT_OPTIONAL | AT_EMPTY);
    bool good = may_miss || ((int64_t)len >= param->min && (int64_t)len <= param->max &&
                             (!param->valid || param->valid(text, len)));
    return good ? mem_string(text) : NULL;
}

void dx_fields_load(struct dx_fields *fields, const char *json, const struct at_param *params,
                    size_t count)
{
    dx_fields_free(fields);
    cJSON *array = cJSON_Parse(json);
    if (cJSON_IsArray(array) && cJSON_GetArraySize(array) == (int)count) {
        for (size_t i = 0; i < count; i++) {
            fields->text[i] = checked(&params[i], cJSON_GetArrayItem(array, (int)i));
            if (!fields->text[i]) {
                dx_fields_free(fields);
                break;
            }
            fields->count++;
        }
    }
    cJSON_Delete(array);
}
