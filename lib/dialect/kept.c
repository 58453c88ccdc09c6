#include "dialect/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool parse(const char *text, const struct kept_value *value, long *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= value->min &&
           *number <= value->max;
}

long kept_number(const struct nvram *nvram, const struct kept_value *value)
{
    const char *stored = nvram_get(nvram, value->name, NULL);
    long number = 0;
    if (!stored || !parse(stored, value, &number)) {
        number = strtol(value->initial, NULL, 10);
    }
    return number;
}

const char *kept_text(const struct nvram *nvram, const struct kept_value *value)
{
    size_t len = 0;
    const char *stored = nvram_get(nvram, value->name, &len);
    bool good =
        stored && (long)len >= value->min && (long)len <= value->max && !memchr(stored, '\0', len);
    return good ? stored : value->initial;
}

static struct nvram_change *next(struct kept_changes *set, const struct kept_value *value)
{
    struct nvram_change *change = &set->changes[set->count++];
    change->name = value->name;
    return change;
}

void kept_change_text(struct kept_changes *set, const struct kept_value *value, const char *text,
                      size_t len)
{
    struct nvram_change *change = next(set, value);
    change->bytes = text;
    change->len = len;
}

void kept_change_number(struct kept_changes *set, const struct kept_value *value, long number)
{
    char *text = set->numbers[set->count];
    struct nvram_change *change = next(set, value);
    change->len = (size_t)snprintf(text, sizeof set->numbers[0], "%ld", number);
    change->bytes = text;
}
