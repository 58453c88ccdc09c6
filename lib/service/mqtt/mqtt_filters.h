/* Private to the MQTT service: what is subscribed to, for the next connection. */
#ifndef SERVICE_MQTT_MQTT_FILTERS_H
#define SERVICE_MQTT_MQTT_FILTERS_H

#include <stdbool.h>
#include <stddef.h>

struct mqtt_filter {
    char *text;
    int qos;          /* as asked for, the highest of them */
    unsigned parties; /* who has subscribed: bits 1 << party */
};

/* All zero is an empty list. */
struct mqtt_filters {
    struct mqtt_filter *items;
    size_t count;
};

void mqtt_filters_clear(struct mqtt_filters *filters);
/* Adds the filter or changes its QoS. */
void mqtt_filters_set(struct mqtt_filters *filters, const char *text, int qos, unsigned party);
/* NULL: not in the list. */
const struct mqtt_filter *mqtt_filters_find(const struct mqtt_filters *filters, const char *text);
/* One party less; without any the filter goes. */
void mqtt_filters_remove(struct mqtt_filters *filters, const char *text, unsigned party);
/* The parties whose filters match a topic. */
unsigned mqtt_filters_parties(const struct mqtt_filters *filters, const char *topic);
/* True if the list is full and does not hold this filter. */
bool mqtt_filters_full(const struct mqtt_filters *filters, const char *text);

#endif
