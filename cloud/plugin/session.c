#include "cloud/plugin/session.h"

#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/text.h"

/* ---- finding ---- */

struct session *session_of_client(struct session *list, const struct mosquitto *client)
{
    while (list && list->client != client) {
        list = list->next;
    }
    return list;
}

struct session *session_of_topic(struct session *list, const struct topic *topic)
{
    for (; list; list = list->next) {
        if (list->kind == SESSION_DEVICE && list->connected &&
            topic_is_of(topic, list->product_key, list->device_name)) {
            return list;
        }
    }
    return NULL;
}

static struct session *of_client_id(struct session *list, const char *client_id)
{
    while (list && strcmp(list->client_id, client_id) != 0) {
        list = list->next;
    }
    return list;
}

/* ---- filters ---- */

static size_t index_of(const struct session *session, const char *filter)
{
    size_t i = 0;
    while (i < session->filter_count && strcmp(session->filters[i], filter) != 0) {
        i++;
    }
    return i;
}

void session_subscribe(struct session *session, const char *filter)
{
    if (index_of(session, filter) < session->filter_count) {
        return;
    }
    char **more = realloc(session->filters, (session->filter_count + 1) * sizeof *more);
    if (!more) {
        abort();
    }
    session->filters = more;
    session->filters[session->filter_count++] = text_copy(filter);
}

void session_unsubscribe(struct session *session, const char *filter)
{
    size_t i = index_of(session, filter);
    if (i < session->filter_count) {
        free(session->filters[i]);
        session->filters[i] = session->filters[--session->filter_count];
    }
}

bool session_subscribed(const struct session *session, const char *topic)
{
    bool match = false;
    for (size_t i = 0; i < session->filter_count && !match; i++) {
        mosquitto_topic_matches_sub(session->filters[i], topic, &match);
    }
    return match;
}

static void forget_filters(struct session *session)
{
    for (size_t i = 0; i < session->filter_count; i++) {
        free(session->filters[i]);
    }
    free(session->filters);
    session->filters = NULL;
    session->filter_count = 0;
}

/* ---- life ---- */

static void forget(struct session **list, struct session *session)
{
    while (*list != session) {
        list = &(*list)->next;
    }
    *list = session->next;
    forget_filters(session);
    free(session->client_id);
    free(session->product_key);
    free(session->device_name);
    free(session);
}

static char *copy_or_null(const char *text)
{
    return text ? text_copy(text) : NULL;
}

struct session *session_open(struct session **list, struct mosquitto *client, const char *client_id,
                             bool clean, enum session_kind kind, const char *product_key,
                             const char *device_name)
{
    struct session *session = of_client_id(*list, client_id);
    if (!session) {
        session = text_zeroed(sizeof *session);
        session->client_id = text_copy(client_id);
        session->next = *list;
        *list = session;
    } else if (clean || session->clean) {
        forget_filters(session);
    }
    session->client = client;
    session->connected = true;
    session->clean = clean;
    session->kind = kind;
    free(session->product_key);
    free(session->device_name);
    session->product_key = copy_or_null(product_key);
    session->device_name = copy_or_null(device_name);
    return session;
}

void session_close(struct session **list, struct session *session)
{
    session->connected = false;
    if (session->clean) {
        forget(list, session);
    }
}

void session_clear(struct session **list)
{
    while (*list) {
        forget(list, *list);
    }
}
