#include "dialect/kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "at/at.h"

static bool parse(const char *text, const struct kept_value *value, long *number)
{
    char *end = NULL;
    errno = 0;
    *number = strtol(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *number >= value->min &&
           *number <= value->max;
}

long kept_number(const struct kept *kept, unsigned which)
{
    const struct kept_value *value = &kept->values[which];
    const char *stored = nvram_get(kept->env->nvram, value->name, NULL);
    long number = 0;
    if (!stored || !parse(stored, value, &number)) {
        number = strtol(value->initial, NULL, 10);
    }
    return number;
}

const char *kept_text(const struct kept *kept, unsigned which)
{
    const struct kept_value *value = &kept->values[which];
    size_t len = 0;
    const char *stored = nvram_get(kept->env->nvram, value->name, &len);
    bool good =
        stored && (long)len >= value->min && (long)len <= value->max && !memchr(stored, '\0', len);
    return good ? stored : value->initial;
}

static struct nvram_change *next(struct kept_changes *set, unsigned which)
{
    if (set->count == KEPT_CHANGES_MAX) {
        abort(); /* a mistake in the dialect */
    }
    struct nvram_change *change = &set->changes[set->count++];
    change->name = set->kept->values[which].name;
    return change;
}

void kept_change_text(struct kept_changes *set, unsigned which, const char *text, size_t len)
{
    struct nvram_change *change = next(set, which);
    change->bytes = text;
    change->len = len;
}

void kept_change_number(struct kept_changes *set, unsigned which, long number)
{
    struct nvram_change *change = next(set, which);
    char *text = set->numbers[set->count - 1];
    change->len = (size_t)snprintf(text, sizeof set->numbers[0], "%ld", number);
    change->bytes = text;
}

void kept_change_given_text(struct kept_changes *set, unsigned which, const struct at_value *value)
{
    kept_change_text(set, which, value->len ? value->text : NULL, value->len);
}

void kept_change_given_number(struct kept_changes *set, unsigned which,
                              const struct at_value *value)
{
    if (value->present) {
        kept_change_number(set, which, (long)value->number);
    }
}

static void saved(void *ctx, bool ok)
{
    const struct kept *kept = ctx;
    at_finish(kept->env->at, kept->waiting, ok ? AT_OK : kept->failed);
}

at_result kept_save(struct kept_changes *set, const struct at_call *call)
{
    set->kept->waiting = call->ticket;
    return kept_store(set, saved, set->kept) ? AT_PENDING : AT_OK;
}

bool kept_store(const struct kept_changes *set, nvram_done done, void *ctx)
{
    return nvram_save(set->kept->env->nvram, set->changes, set->count, done, ctx);
}
