#include "service/mqtt/mqtt_options.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/mqtt/mqtt.h"

struct mqtt_options *mqtt_options_copy(const struct mqtt_options *options)
{
    struct mqtt_options *copy = mem_zeroed(sizeof *copy);
    *copy = *options;
    copy->host = mem_string(options->host);
    copy->tls = service_tls_copy(&options->tls);
    copy->client_id = mem_string(options->client_id);
    copy->username = mem_string(options->username);
    copy->password = mem_string(options->password);
    copy->will.topic = mem_string(options->will.topic);
    copy->will.bytes = mem_copy(options->will.bytes, options->will.len);
    return copy;
}

static void free_string(const char *text)
{
    free((void *)(uintptr_t)text);
}

void mqtt_options_free(struct mqtt_options *options)
{
    if (!options) {
        return;
    }
    free_string(options->host);
    service_tls_free(&options->tls);
    free_string(options->client_id);
    free_string(options->username);
    if (options->password) {
        mem_wipe((void *)(uintptr_t)options->password, strlen(options->password));
    }
    free_string(options->password);
    free_string(options->will.topic);
    free_string(options->will.bytes);
    free(options);
}

static bool equal(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

bool mqtt_options_same_session(const struct mqtt_options *a, const struct mqtt_options *b)
{
    return !a->clean_session && !b->clean_session && equal(a->host, b->host) &&
           a->port == b->port && equal(a->client_id, b->client_id) && a->version == b->version &&
           a->secure == b->secure;
}

static bool empty(const char *text)
{
    return !text || !*text;
}

const char *mqtt_options_fault(const struct mqtt_options *options)
{
    if (empty(options->host)) {
        return "no host";
    }
    if (options->port < 1 || options->port > 65535) {
        return "the port is not in 1..65535";
    }
    if (empty(options->client_id) && !options->clean_session) {
        return "a kept session needs a client id";
    }
    if (options->password && !options->username) {
        return "a password needs a user name";
    }
    if (options->keepalive_s != 0 && (options->keepalive_s < 5 || options->keepalive_s > 65535)) {
        return "the keep-alive is neither 0 nor in 5..65535";
    }
    const struct mqtt_will *will = &options->will;
    if (will->topic && (!mqtt_topic_valid(will->topic, strlen(will->topic)) || will->qos < 0 ||
                        will->qos > 2 || will->len > UINT16_MAX)) {
        return "the will is not valid";
    }
    return NULL;
}
