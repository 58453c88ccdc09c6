/* The devices and products of the stand-in's INI file. */
#ifndef CLOUD_PLUGIN_DEVICES_H
#define CLOUD_PLUGIN_DEVICES_H

#include <stdbool.h>
#include <stddef.h>

struct device {
    char *product_key;
    char *name;
    char *secret;
};

struct product {
    char *key;
    char *secret;      /* empty: it has none */
    bool registration; /* dynamic registration is switched on */
};

struct devices {
    struct device *devices;
    size_t device_count;
    struct product *products;
    size_t product_count;
};

/* False: the file cannot be read, or a section has not what it needs; it is logged. The Python side
 * reads the same file first, and says more exactly what is wrong. devices_clear() in any case. */
bool devices_load(struct devices *devices, const char *path);
void devices_clear(struct devices *devices);

/* NULL: not in the file. */
const struct device *devices_find(const struct devices *devices, const char *product_key,
                                  const char *name);
/* NULL: not in the file, or without dynamic registration. */
const struct product *devices_registering(const struct devices *devices, const char *key);

#endif
