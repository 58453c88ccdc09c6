#include "service/mqtt/mqtt_filters.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/mqtt/mqtt.h"

enum { FILTERS_MAX = 1000 };

static struct mqtt_filter *find(const struct mqtt_filters *filters, const char *text)
{
    for (size_t i = 0; i < filters->count; i++) {
        if (strcmp(filters->items[i].text, text) == 0) {
            return &filters->items[i];
        }
    }
    return NULL;
}

void mqtt_filters_clear(struct mqtt_filters *filters)
{
    for (size_t i = 0; i < filters->count; i++) {
        free(filters->items[i].text);
    }
    free(filters->items);
    *filters = (struct mqtt_filters){0};
}

const struct mqtt_filter *mqtt_filters_find(const struct mqtt_filters *filters, const char *text)
{
    return find(filters, text);
}

void mqtt_filters_set(struct mqtt_filters *filters, const char *text, int qos, unsigned party)
{
    struct mqtt_filter *filter = find(filters, text);
    if (!filter) {
        filters->items = mem_resize(filters->items, (filters->count + 1) * sizeof *filter);
        filter = &filters->items[filters->count++];
        *filter = (struct mqtt_filter){.text = mem_string(text), .qos = qos};
    }
    bool shared = filter->parties & ~(1U << party);
    filter->qos = shared && filter->qos > qos ? filter->qos : qos;
    filter->parties |= 1U << party;
}

void mqtt_filters_remove(struct mqtt_filters *filters, const char *text, unsigned party)
{
    struct mqtt_filter *filter = find(filters, text);
    if (filter) {
        filter->parties &= ~(1U << party);
    }
    if (filter && !filter->parties) {
        size_t behind = filters->count - (size_t)(filter - filters->items) - 1;
        free(filter->text);
        memmove(filter, filter + 1, behind * sizeof *filter);
        filters->count--;
    }
}

unsigned mqtt_filters_parties(const struct mqtt_filters *filters, const char *topic)
{
    unsigned parties = 0;
    for (size_t i = 0; i < filters->count; i++) {
        if (mqtt_filter_matches(filters->items[i].text, topic)) {
            parties |= filters->items[i].parties;
        }
    }
    return parties;
}

bool mqtt_filters_full(const struct mqtt_filters *filters, const char *text)
{
    return filters->count >= FILTERS_MAX && !find(filters, text);
}
