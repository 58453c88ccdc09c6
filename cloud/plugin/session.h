/* Who is connected, or may come back to a session that was kept, and what each has subscribed to.
 *
 * The broker knows all this, but tells a plugin little of it. */
#ifndef CLOUD_PLUGIN_SESSION_H
#define CLOUD_PLUGIN_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/plugin/topic.h"

struct mosquitto;

enum session_kind {
    SESSION_DEVICE,
    SESSION_REGISTERING, /* hears its answer and may do nothing */
    SESSION_PLATFORM,    /* the stand-in itself, or who has its secret */
};

struct session {
    struct session *next;
    struct mosquitto *client; /* the broker's object, which stays while a session is kept */
    bool connected;
    char *client_id;
    enum session_kind kind;
    bool clean;        /* ends with its connection */
    char *product_key; /* NULL for the platform */
    char *device_name; /* NULL for the platform */
    char **filters;
    size_t filter_count;
};

/* NULL is an empty list. */
/* The session of one of the broker's objects, connected or kept; NULL: none. */
struct session *session_of_client(struct session *list, const struct mosquitto *client);
/* The connected session of the topic's device, or NULL. */
struct session *session_of_topic(struct session *list, const struct topic *topic);

/* A client has been let in. What it had under this client id goes on, unless clean. Names may be
 * NULL; they are copied. */
struct session *session_open(struct session **list, struct mosquitto *client, const char *client_id,
                             bool clean, enum session_kind kind, const char *product_key,
                             const char *device_name);
/* Its connection is closed. */
void session_close(struct session **list, struct session *session);
void session_clear(struct session **list);

void session_subscribe(struct session *session, const char *filter);
void session_unsubscribe(struct session *session, const char *filter);
bool session_subscribed(const struct session *session, const char *topic);

#endif
