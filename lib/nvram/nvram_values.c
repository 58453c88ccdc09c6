#include "nvram/nvram_values.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Values may be secrets. */
static void release(struct nvram_value *value)
{
    free(value->name);
    mem_wipe(value->bytes, value->len);
    free(value->bytes);
}

void nvram_values_free(struct nvram_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        release(&values->items[i]);
    }
    free(values->items);
    *values = (struct nvram_values){0};
}

struct nvram_values nvram_values_copy(const struct nvram_values *values)
{
    struct nvram_values copy = {0};
    for (size_t i = 0; i < values->count; i++) {
        const struct nvram_value *value = &values->items[i];
        nvram_values_set(&copy, value->name, value->bytes, value->len);
    }
    return copy;
}

static struct nvram_value *find(const struct nvram_values *values, const char *name)
{
    for (size_t i = 0; i < values->count; i++) {
        if (strcmp(values->items[i].name, name) == 0) {
            return &values->items[i];
        }
    }
    return NULL;
}

const struct nvram_value *nvram_values_find(const struct nvram_values *values, const char *name)
{
    return find(values, name);
}

void nvram_values_set(struct nvram_values *values, const char *name, const void *bytes, size_t len)
{
    struct nvram_value *value = find(values, name);
    if (value) {
        struct nvram_value *last = &values->items[values->count - 1];
        if (bytes) {
            mem_wipe(value->bytes, value->len);
            free(value->bytes);
            value->bytes = mem_copy(bytes, len);
            value->len = len;
        } else {
            release(value);
            memmove(value, value + 1, (size_t)(last - value) * sizeof *value);
            values->count--;
        }
    } else if (bytes) {
        values->items = mem_resize(values->items, (values->count + 1) * sizeof *values->items);
        values->items[values->count++] =
            (struct nvram_value){mem_string(name), mem_copy(bytes, len), len};
    }
}

void nvram_values_append(struct nvram_values *values, const char *name, const void *bytes,
                         size_t len)
{
    struct nvram_value *value = find(values, name);
    value->bytes = mem_resize(value->bytes, value->len + len + 1);
    memcpy(value->bytes + value->len, bytes, len);
    value->len += len;
    value->bytes[value->len] = '\0';
}

bool nvram_values_same(const struct nvram_values *a, const struct nvram_values *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        const struct nvram_value *one = &a->items[i];
        const struct nvram_value *other = find(b, one->name);
        if (!other || other->len != one->len || memcmp(other->bytes, one->bytes, one->len) != 0) {
            return false;
        }
    }
    return true;
}
