#include "service/mqtt/mqtt_client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/mqtt/mqtt.h"

/* How many publishes with QoS > 0 libmosquitto has on the wire at a time; more wait in its queue,
 * which gets slower with a wider window. */
enum { SEND_WINDOW = 100 };

static void halfway_add(struct mqtt_client *client, uint16_t packet_id)
{
    for (size_t i = 0; i < client->halfway_count; i++) {
        if (client->halfway[i] == packet_id) {
            return;
        }
    }
    client->halfway =
        mem_resize(client->halfway, (client->halfway_count + 1) * sizeof *client->halfway);
    client->halfway[client->halfway_count++] = packet_id;
}

static void halfway_remove(struct mqtt_client *client, uint16_t packet_id)
{
    for (size_t i = 0; i < client->halfway_count; i++) {
        if (client->halfway[i] == packet_id) {
            client->halfway[i] = client->halfway[--client->halfway_count];
            return;
        }
    }
}

static void on_connect(struct mosquitto *library, void *ctx, int code, int flags)
{
    struct mqtt_client *client = ctx;
    bool session_present = flags & 1;
    if (code != 0) {
        client->connack = code;
        return;
    }
    client->stale = client->halfway_count && !session_present;
    if (client->probe || client->stale) {
        /* Over TLS a PUBLISH may come in the same record, and libmosquitto would acknowledge it
         * before this call returns. So the way out is closed here and now. */
        shutdown(mosquitto_socket(library), SHUT_WR);
    }
    if (!client->stale) {
        client->up = true;
        mqtt_queue_add(&client->queue, &(struct mqtt_event){.kind = MQTT_EVENT_UP,
                                                            .session_present = session_present});
    }
}

static void on_disconnect(struct mosquitto *library, void *ctx, int rc)
{
    struct mqtt_client *client = ctx;
    client->error = errno;
    (void)library;
    (void)rc;
}

static void on_publish(struct mosquitto *library, void *ctx, int packet_id)
{
    (void)library;
    struct mqtt_client *client = ctx;
    if (client->publishing && *client->publishing == packet_id) {
        client->written = true;
        return;
    }
    mqtt_queue_add(&client->queue, &(struct mqtt_event){.kind = MQTT_EVENT_PUBLISHED,
                                                        .packet_id = (uint16_t)packet_id});
}

static void on_subscribe(struct mosquitto *library, void *ctx, int packet_id, int count,
                         const int *granted)
{
    (void)library;
    struct mqtt_client *client = ctx;
    mqtt_queue_add(&client->queue, &(struct mqtt_event){.kind = MQTT_EVENT_SUBSCRIBED,
                                                        .packet_id = (uint16_t)packet_id,
                                                        .granted = count > 0 ? *granted : 128});
}

static void on_unsubscribe(struct mosquitto *library, void *ctx, int packet_id)
{
    (void)library;
    struct mqtt_client *client = ctx;
    mqtt_queue_add(&client->queue, &(struct mqtt_event){.kind = MQTT_EVENT_UNSUBSCRIBED,
                                                        .packet_id = (uint16_t)packet_id});
}

static void on_message(struct mosquitto *library, void *ctx,
                       const struct mosquitto_message *message)
{
    (void)library;
    struct mqtt_client *client = ctx;
    if (message->qos == 2) {
        halfway_remove(client, (uint16_t)message->mid);
    }
    mqtt_queue_add(&client->queue,
                   &(struct mqtt_event){.kind = MQTT_EVENT_MESSAGE,
                                        .message = {.topic = message->topic,
                                                    .bytes = message->payload,
                                                    .len = (size_t)message->payloadlen,
                                                    .qos = message->qos,
                                                    .retain = message->retain,
                                                    .packet_id = (uint16_t)message->mid}});
}

static bool begins(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* Two things are told by libmosquitto in its log only: PINGs, and the arrival of a QoS 2 message,
 * which it delivers at the PUBREL. */
static void note_line(struct mqtt_client *client, const char *line)
{
    static const char start[] = "Client ";
    if (!begins(line, start)) {
        return;
    }
    const char *id = line + sizeof start - 1;
    size_t id_len = client->id_len ? client->id_len : strcspn(id, " ");
    if (strnlen(id, id_len + 1) <= id_len) {
        return;
    }
    const char *what = id + id_len + 1;
    unsigned packet_id = 0;
    if (begins(what, "received ")) {
        client->arrived = true;
    } else if (begins(what, "sending ")) {
        client->left = true;
    }
    if (strcmp(what, "received PINGRESP") == 0) {
        mqtt_queue_add(&client->queue, &(struct mqtt_event){.kind = MQTT_EVENT_PINGRESP});
    } else if (strcmp(what, "sending PINGREQ") == 0) {
        client->pinged = true;
    } else if ((begins(what, "received PUBLISH (d0, q2,") ||
                begins(what, "received PUBLISH (d1, q2,")) &&
               sscanf(what, "received PUBLISH (d%*d, q2, r%*d, m%u,", &packet_id) == 1) {
        halfway_add(client, (uint16_t)packet_id);
    }
}

static void on_log(struct mosquitto *library, void *ctx, int level, const char *line)
{
    (void)library;
    struct mqtt_client *client = ctx;
    log_write(client->log, LEVEL_LIBRARY, "mqtt: libmosquitto: %s", line);
    if (level == MOSQ_LOG_DEBUG) {
        note_line(client, line);
    } else if (level == MOSQ_LOG_ERR && client->tls && begins(line, "OpenSSL Error")) {
        mqtt_tls_heard(client->tls, line);
    }
}

static void set_callbacks(struct mosquitto *library)
{
    mosquitto_connect_with_flags_callback_set(library, on_connect);
    mosquitto_disconnect_callback_set(library, on_disconnect);
    mosquitto_publish_callback_set(library, on_publish);
    mosquitto_subscribe_callback_set(library, on_subscribe);
    mosquitto_unsubscribe_callback_set(library, on_unsubscribe);
    mosquitto_message_callback_set(library, on_message);
    mosquitto_log_callback_set(library, on_log);
}

struct mqtt_client *mqtt_client_create(const struct mqtt_options *options, bool probe,
                                       struct log *log)
{
    struct mqtt_client *client = mem_zeroed(sizeof *client);
    const char *id = options->client_id && *options->client_id ? options->client_id : NULL;
    client->log = log;
    client->probe = probe;
    client->id_len = id ? strlen(id) : 0;
    client->library = mosquitto_new(id, options->clean_session, client);
    if (!client->library) {
        free(client);
        return NULL;
    }
    struct mosquitto *library = client->library;
    set_callbacks(library);
    mosquitto_int_option(library, MOSQ_OPT_PROTOCOL_VERSION,
                         options->version == MQTT_3_1 ? MQTT_PROTOCOL_V31 : MQTT_PROTOCOL_V311);
    mosquitto_int_option(library, MOSQ_OPT_TCP_NODELAY, 1);
    mosquitto_int_option(library, MOSQ_OPT_SEND_MAXIMUM, SEND_WINDOW);
    if (options->secure) {
        client->tls = mqtt_tls_create();
        mosquitto_int_option(library, MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
        /* It takes a reference of its own and gives it back in mosquitto_destroy(). */
        mosquitto_void_option(library, MOSQ_OPT_SSL_CTX, mqtt_tls_context(client->tls));
    }
    return client;
}

void mqtt_client_destroy(struct mqtt_client *client)
{
    if (!client) {
        return;
    }
    mosquitto_destroy(client->library);
    mqtt_tls_destroy(client->tls);
    mqtt_queue_clear(&client->queue);
    free(client->halfway);
    free(client);
}

bool mqtt_client_configure(struct mqtt_client *client, const struct mqtt_options *options)
{
    struct mosquitto *library = client->library;
    const struct mqtt_will *will = &options->will;
    if (mosquitto_username_pw_set(library, options->username, options->password) != 0) {
        return false;
    }
    if (will->topic && !client->probe) {
        return mosquitto_will_set(library, will->topic, (int)will->len, will->bytes, will->qos,
                                  will->retain) == 0;
    }
    mosquitto_will_clear(library);
    return true;
}

void mqtt_client_begin(struct mqtt_client *client)
{
    client->up = false;
    client->connack = 0;
    client->error = 0;
    client->stale = false;
}
