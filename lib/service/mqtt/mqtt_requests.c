#include "service/mqtt/mqtt_requests.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { COUNT_MAX = 1000, BYTES_MAX = 1024 * 1024 };

void mqtt_requests_clear(struct mqtt_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        free(requests->items[i].filter);
    }
    free(requests->items);
    *requests = (struct mqtt_requests){0};
}

bool mqtt_requests_full(const struct mqtt_requests *requests, size_t size)
{
    /* A single message may be longer than the limit. */
    return requests->count >= COUNT_MAX || (requests->bytes && requests->bytes + size > BYTES_MAX);
}

void mqtt_requests_add(struct mqtt_requests *requests, const struct mqtt_request *request)
{
    if (requests->count == requests->size) {
        requests->size = requests->size ? requests->size * 2 : 8;
        requests->items = mem_resize(requests->items, requests->size * sizeof *requests->items);
    }
    requests->items[requests->count++] = *request;
    requests->bytes += request->size;
}

struct mqtt_request *mqtt_requests_find(struct mqtt_requests *requests, uint16_t packet_id)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (requests->items[i].packet_id == packet_id) {
            return &requests->items[i];
        }
    }
    return NULL;
}

void mqtt_requests_remove(struct mqtt_requests *requests, struct mqtt_request *request)
{
    size_t behind = requests->count - (size_t)(request - requests->items) - 1;
    requests->bytes -= request->size;
    free(request->filter);
    memmove(request, request + 1, behind * sizeof *request);
    requests->count--;
}

size_t mqtt_requests_outstanding(const struct mqtt_requests *requests)
{
    size_t count = 0;
    for (size_t i = 0; i < requests->count; i++) {
        const struct mqtt_request *request = &requests->items[i];
        count += !request->over && request->kind != MQTT_REQUEST_RESTORE;
    }
    return count;
}

double mqtt_requests_deadline(const struct mqtt_requests *requests)
{
    double earliest = 0;
    for (size_t i = 0; i < requests->count; i++) {
        const struct mqtt_request *request = &requests->items[i];
        if (!request->over && (earliest <= 0 || request->deadline < earliest)) {
            earliest = request->deadline;
        }
    }
    return earliest;
}

struct mqtt_request *mqtt_requests_expired(struct mqtt_requests *requests, double now)
{
    for (size_t i = 0; i < requests->count; i++) {
        struct mqtt_request *request = &requests->items[i];
        if (!request->over && request->deadline <= now) {
            return request;
        }
    }
    return NULL;
}

static bool survives(const struct mqtt_request *request)
{
    return request->kind == MQTT_REQUEST_PUBLISH && request->qos > 0;
}

size_t mqtt_requests_lose(struct mqtt_requests *requests, bool keep, struct mqtt_request **lost)
{
    size_t count = 0;
    *lost = mem_zeroed(requests->count * sizeof **lost);
    for (size_t i = 0; i < requests->count; i++) {
        struct mqtt_request *request = &requests->items[i];
        if (!request->over && request->kind != MQTT_REQUEST_RESTORE) {
            (*lost)[count] = *request;
            (*lost)[count++].filter = NULL;
        }
        request->over = true;
    }
    for (size_t i = requests->count; i-- > 0;) {
        if (!keep || !survives(&requests->items[i])) {
            mqtt_requests_remove(requests, &requests->items[i]);
        }
    }
    return count;
}

bool mqtt_requests_unfinished(const struct mqtt_requests *requests)
{
    for (size_t i = 0; i < requests->count; i++) {
        if (survives(&requests->items[i])) {
            return true;
        }
    }
    return false;
}
