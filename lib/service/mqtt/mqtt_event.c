#include "service/mqtt/mqtt_event.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* One block: the item, then the strings it points to. */
void mqtt_queue_add(struct mqtt_queue *queue, const struct mqtt_event *event)
{
    const struct mqtt_message *message = &event->message;
    size_t why = event->why ? strlen(event->why) + 1 : 0;
    size_t topic = message->topic ? strlen(message->topic) + 1 : 0;
    struct mqtt_queued *item = mem_zeroed(sizeof *item + why + topic + message->len + 1);
    char *at = (char *)(item + 1);

    item->event = *event;
    if (why) {
        item->event.why = memcpy(at, event->why, why);
        at += why;
    }
    if (topic) {
        item->event.message.topic = memcpy(at, message->topic, topic);
        at += topic;
    }
    item->event.message.bytes = at;
    if (message->len) {
        memcpy(at, message->bytes, message->len);
    }

    if (queue->last) {
        queue->last->next = item;
    } else {
        queue->first = item;
    }
    queue->last = item;
}

struct mqtt_queued *mqtt_queue_take(struct mqtt_queue *queue)
{
    struct mqtt_queued *item = queue->first;
    if (item) {
        queue->first = item->next;
        if (!queue->first) {
            queue->last = NULL;
        }
    }
    return item;
}

void mqtt_queue_clear(struct mqtt_queue *queue)
{
    for (struct mqtt_queued *item; (item = mqtt_queue_take(queue));) {
        free(item);
    }
}
