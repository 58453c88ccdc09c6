#include "dialect/topics.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Where it hangs, or would. */
static struct topic **find(struct topics *topics, const char *text)
{
    struct topic **link = &topics->first;
    while (*link && strcmp((*link)->text, text) != 0) {
        link = &(*link)->next;
    }
    return link;
}

bool topics_have(const struct topics *topics, const char *text)
{
    const struct topic *topic = topics->first;
    while (topic && strcmp(topic->text, text) != 0) {
        topic = topic->next;
    }
    return topic;
}

size_t topics_count(const struct topics *topics)
{
    size_t count = 0;
    for (const struct topic *topic = topics->first; topic; topic = topic->next) {
        count++;
    }
    return count;
}

void topics_set(struct topics *topics, const char *text, int qos)
{
    struct topic **link = find(topics, text);
    if (!*link) {
        size_t len = strlen(text);
        *link = mem_zeroed(sizeof **link + len + 1);
        memcpy((*link)->text, text, len);
    }
    (*link)->qos = qos;
}

void topics_drop(struct topics *topics, const char *text)
{
    struct topic **link = find(topics, text);
    struct topic *topic = *link;
    if (topic) {
        *link = topic->next;
        free(topic);
    }
}

void topics_clear(struct topics *topics)
{
    while (topics->first) {
        topics_drop(topics, topics->first->text);
    }
}
