/* The topics that a dialect shows as subscribed to, in the order in which they came. */
#ifndef DIALECT_TOPICS_H
#define DIALECT_TOPICS_H

#include <stdbool.h>
#include <stddef.h>

struct topic {
    struct topic *next;
    int qos;
    char text[];
};

/* Zeroed it is empty. */
struct topics {
    struct topic *first;
};

bool topics_have(const struct topics *topics, const char *text);
size_t topics_count(const struct topics *topics);
/* One that is there keeps its place. */
void topics_set(struct topics *topics, const char *text, int qos);
/* One that is not there is fine. text is not used any more once the topic is freed. */
void topics_drop(struct topics *topics, const char *text);
void topics_clear(struct topics *topics);

#endif
