#include "cloud/plugin/devices.h"

#include <iniparser/iniparser.h>
#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/text.h"

/* The value of a key, or an empty string. */
static const char *value_of(const dictionary *file, const char *section, const char *key)
{
    char *path = text_format("%s:%s", section, key);
    const char *value = iniparser_getstring(file, path, "");
    free(path);
    return value;
}

/* The two kinds of lists grow the same way. */
static void *grow(void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);
    if (!more) {
        abort();
    }
    return more;
}

static bool add_device(struct devices *devices, const dictionary *file, const char *section)
{
    const char *key = value_of(file, section, "product_key");
    const char *name = value_of(file, section, "device_name");
    const char *secret = value_of(file, section, "device_secret");
    /* Names become names of files. */
    if (!*key || !*name || !*secret || strchr(key, '/') || strchr(name, '/')) {
        return false;
    }
    devices->devices = grow(devices->devices, devices->device_count, sizeof *devices->devices);
    devices->devices[devices->device_count++] = (struct device){
        .product_key = text_copy(key), .name = text_copy(name), .secret = text_copy(secret)};
    return true;
}

static bool add_product(struct devices *devices, const dictionary *file, const char *section)
{
    const char *key = value_of(file, section, "product_key");
    const char *secret = value_of(file, section, "product_secret");
    const char *registration = value_of(file, section, "dynamic_registration");
    if (!*key) {
        return false;
    }
    devices->products = grow(devices->products, devices->product_count, sizeof *devices->products);
    devices->products[devices->product_count++] =
        (struct product){.key = text_copy(key),
                         .secret = text_copy(secret),
                         .registration = *secret && strcmp(registration, "0") != 0};
    return true;
}

static bool add_section(struct devices *devices, const dictionary *file, const char *section)
{
    if (strncmp(section, "device ", strlen("device ")) == 0) {
        return add_device(devices, file, section);
    }
    return strncmp(section, "product ", strlen("product ")) == 0 &&
           add_product(devices, file, section);
}

bool devices_load(struct devices *devices, const char *path)
{
    *devices = (struct devices){0};
    dictionary *file = iniparser_load(path);
    if (!file) {
        mosquitto_log_printf(MOSQ_LOG_ERR, "standin: %s cannot be read", path);
        return false;
    }
    bool good = true;
    for (int i = 0; good && i < iniparser_getnsec(file); i++) {
        const char *section = iniparser_getsecname(file, i);
        good = add_section(devices, file, section);
        if (!good) {
            mosquitto_log_printf(MOSQ_LOG_ERR, "standin: %s: [%s] is not complete", path, section);
        }
    }
    iniparser_freedict(file);
    return good;
}

void devices_clear(struct devices *devices)
{
    for (size_t i = 0; i < devices->device_count; i++) {
        free(devices->devices[i].product_key);
        free(devices->devices[i].name);
        free(devices->devices[i].secret);
    }
    for (size_t i = 0; i < devices->product_count; i++) {
        free(devices->products[i].key);
        free(devices->products[i].secret);
    }
    free(devices->devices);
    free(devices->products);
    *devices = (struct devices){0};
}

const struct device *devices_find(const struct devices *devices, const char *product_key,
                                  const char *name)
{
    for (size_t i = 0; i < devices->device_count; i++) {
        const struct device *device = &devices->devices[i];
        if (strcmp(device->product_key, product_key) == 0 && strcmp(device->name, name) == 0) {
            return device;
        }
    }
    return NULL;
}

const struct product *devices_registering(const struct devices *devices, const char *key)
{
    for (size_t i = 0; i < devices->product_count; i++) {
        const struct product *product = &devices->products[i];
        if (product->registration && strcmp(product->key, key) == 0) {
            return product;
        }
    }
    return NULL;
}
