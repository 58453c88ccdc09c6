/* Private to lib/nvram: names with values of any bytes. */
#ifndef NVRAM_NVRAM_VALUES_H
#define NVRAM_NVRAM_VALUES_H

#include <stdbool.h>
#include <stddef.h>

struct nvram_value {
    char *name;
    char *bytes; /* a NUL stands behind them */
    size_t len;
};

/* All zero is empty. */
struct nvram_values {
    struct nvram_value *items;
    size_t count;
};

void nvram_values_free(struct nvram_values *values);
struct nvram_values nvram_values_copy(const struct nvram_values *values);
const struct nvram_value *nvram_values_find(const struct nvram_values *values, const char *name);
/* bytes NULL removes. */
void nvram_values_set(struct nvram_values *values, const char *name, const void *bytes, size_t len);
/* Puts bytes behind those of a value that is there. */
void nvram_values_append(struct nvram_values *values, const char *name, const void *bytes,
                         size_t len);
bool nvram_values_same(const struct nvram_values *a, const struct nvram_values *b);

#endif
