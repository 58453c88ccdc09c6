/* Private to the MQTT service: what is subscribed to, for the next connection. */
#ifndef SERVICE_MQTT_MQTT_FILTERS_H
#define SERVICE_MQTT_MQTT_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

struct mqtt_filter {
    char *text;
    int qos; /* as asked for */
};

/* All zero is an empty list. */
struct mqtt_filters {
    struct mqtt_filter *items;
    size_t count;
};

void mqtt_filters_clear(struct mqtt_filters *filters);
/* Adds the filter or changes its QoS. */
void mqtt_filters_set(struct mqtt_filters *filters, const char *text, int qos);
void mqtt_filters_remove(struct mqtt_filters *filters, const char *text);
/* True if the list is full and does not hold this filter. */
bool mqtt_filters_full(const struct mqtt_filters *filters, const char *text);

#endif
