/* Whose a topic is, and who may say something on it. */
#ifndef CLOUD_PLUGIN_TOPIC_H
#define CLOUD_PLUGIN_TOPIC_H

#include <stdbool.h>
#include <stddef.h>

struct topic {
    const char *product_key; /* not ended by a NUL, as the next one */
    size_t product_key_len;
    const char *device_name;
    size_t device_name_len;
    bool up;     /* devices publish on it */
    bool down;   /* devices hear on it */
    bool system; /* not one of the product's own topics: devices hear it without a subscription */
};

/* False: it is nobody's. For a filter, too, if product and device stand in it as they are: then up
 * and down mean nothing. */
bool topic_read(struct topic *topic, const char *text);
bool topic_is_of(const struct topic *topic, const char *product_key, const char *device_name);

#endif
