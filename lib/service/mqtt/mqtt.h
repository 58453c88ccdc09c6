/* MQTT 3.1 and 3.1.1 client on libmosquitto, non-blocking, with what every module dialect needs of
 * it: time-outs for each stage, all addresses of a name, acknowledgements with packet identifiers,
 * reconnection with back-off and re-subscription, a probe. Knows nothing of AT commands.
 *
 * No event is ever emitted from inside a call of this interface: events come from the loop.
 */
#ifndef SERVICE_MQTT_MQTT_H
#define SERVICE_MQTT_MQTT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "service/tls.h"

struct mqtt;
struct mqtt_guest;
struct mqtt_probe;
struct service_env;
struct settings_group;

/* The settings `[mqtt]`: the broker in place of what a dialect would derive, and what TLS trusts
 * and shows. */
struct mqtt_settings {
    const char *host; /* empty: not set */
    int port;         /* 0: not set */
    bool tls;
    const char *ca_file;
    const char *cert_file;
    const char *key_file;
    bool insecure;
};
extern const struct settings_group mqtt_settings_group;
/* What they say of TLS; the texts stay theirs. */
struct service_tls mqtt_settings_tls(const struct mqtt_settings *settings);

/* Once in the life of a process, before and after everything else here. SIGPIPE must be ignored:
 * libmosquitto writes to sockets that the broker may have closed. */
void mqtt_library_init(void);
void mqtt_library_cleanup(void);

/* ---- topics (MQTT 3.1.1 section 4.7) ---- */

/* A topic to publish to: 1..65535 bytes of UTF-8, no NUL, no wildcard. */
bool mqtt_topic_valid(const char *topic, size_t len);
/* A filter to subscribe to: likewise, with + and # where they may stand. */
bool mqtt_filter_valid(const char *filter, size_t len);
/* Whether a (valid) filter matches a topic. */
bool mqtt_filter_matches(const char *filter, const char *topic);

/* ---- connecting ---- */

enum mqtt_version { MQTT_3_1, MQTT_3_1_1 };

struct mqtt_will {
    const char *topic; /* NULL: no will */
    const void *bytes;
    size_t len;
    int qos;
    bool retain;
};

/* Strings and bytes are copied by whoever takes this. */
struct mqtt_options {
    const char *host; /* as a certificate would name it; network.redirect is applied inside */
    int port;
    bool secure; /* over TLS */
    struct service_tls tls;
    enum mqtt_version version;
    const char *client_id; /* NULL or "": the library makes one up (clean_session must be true) */
    const char *username;  /* NULL: none */
    const char *password;  /* NULL: none */
    bool clean_session;
    int keepalive_s;             /* 5..65535, or 0 for none */
    unsigned connect_timeout_ms; /* for the whole of name, TCP, TLS and CONNACK, all addresses */
    unsigned backoff_min_ms;     /* first wait before a reconnection (spec: 1000) */
    unsigned backoff_max_ms;     /* doubled up to this (spec: 60000) */
    struct mqtt_will will;
    /* A connection that is silent for so long is probed by TCP, and given up after two probes
     * without an answer, or when what was sent stays unacknowledged as long; 0: not. */
    int tcp_probe_s;
};

enum mqtt_failure {
    MQTT_FAILED_SETUP,   /* bad certificate or key file, bad option */
    MQTT_FAILED_RESOLVE, /* the name has no address */
    MQTT_FAILED_CONNECT, /* no address takes a TCP connection, or it broke before CONNACK */
    MQTT_FAILED_TLS,     /* handshake or verification */
    MQTT_FAILED_TIMEOUT, /* no answer in time, at whatever stage */
    MQTT_FAILED_REFUSED, /* CONNACK with another code than 0: connack */
    MQTT_FAILED_NETWORK, /* the module has no network (service/env.h) */
};

/* In words, for logs. */
const char *mqtt_failure_text(enum mqtt_failure failure);

enum mqtt_state {
    MQTT_OFFLINE,      /* not connected, and nothing is tried */
    MQTT_CONNECTING,   /* mqtt_connect() has no outcome yet */
    MQTT_ONLINE,       /* CONNACK 0 is in */
    MQTT_RECONNECTING, /* lost, waiting or trying again by itself */
    MQTT_CLOSING,      /* mqtt_disconnect() has no outcome yet */
};

/* In a word: "offline", "connecting", "online", "reconnecting", "disconnecting". */
const char *mqtt_state_text(enum mqtt_state state);

/* A longer one is dropped, with a line in the log: no host could be told of it. */
enum { MQTT_MESSAGE_MAX = 1024 * 1024 };

struct mqtt_message {
    const char *topic; /* NUL-ended UTF-8 */
    const char *bytes;
    size_t len;
    int qos;
    bool retain;
    bool duplicate;
    uint16_t packet_id; /* the broker's, 0 for QoS 0 */
};

enum mqtt_outcome {
    MQTT_DONE,    /* acknowledged (QoS 0: written to the socket) */
    MQTT_TIMEOUT, /* no acknowledgement in the time that was given */
    MQTT_LOST,    /* the connection went first */
};

/* Any callback may call any function of this interface, mqtt_destroy() included. */
struct mqtt_events {
    /* CONNACK 0. again: a reconnection that nobody asked for. */
    void (*connected)(void *ctx, bool session_present, bool again);
    /* mqtt_connect() failed; it is not tried again. connack 1..5 for MQTT_FAILED_REFUSED, else 0.
     */
    void (*failed)(void *ctx, enum mqtt_failure failure, int connack);
    /* An established connection broke; a reconnection follows by itself, where the module has no
     * network as soon as that is back. Requests under way have had their outcome MQTT_LOST just
     * before. */
    void (*lost)(void *ctx);
    /* mqtt_disconnect() is done: DISCONNECT is written. */
    void (*disconnected)(void *ctx);
    void (*published)(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
    /* granted 0, 1, 2 or 128 (refused); only meaningful for MQTT_DONE. */
    void (*subscribed)(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
    void (*unsubscribed)(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
    void (*message)(void *ctx, const struct mqtt_message *message);
    void (*pingresp)(void *ctx);
};

/* Members of events may be NULL. env and events outlive the object. */
struct mqtt *mqtt_create(const struct service_env *env, const struct mqtt_events *events,
                         void *ctx);
/* Frees at once; a connection that is up gets its DISCONNECT if the socket takes it. */
void mqtt_destroy(struct mqtt *mqtt);

/* Where it stands; events come after the change that they tell of. */
enum mqtt_state mqtt_state(const struct mqtt *mqtt);

/* Begins to connect; the outcome is connected() or failed(). In state MQTT_RECONNECTING it tries at
 * once with these options. Not allowed while CONNECTING, ONLINE or CLOSING: false.
 *
 * The list of subscriptions is kept over losses and restored after each reconnection (without
 * events) unless the broker kept the session; mqtt_disconnect() and a new mqtt_connect() from
 * MQTT_OFFLINE begin with an empty one. */
bool mqtt_connect(struct mqtt *mqtt, const struct mqtt_options *options);

/* ONLINE: writes DISCONNECT, then disconnected(). RECONNECTING or CONNECTING: stops that, then
 * disconnected(). OFFLINE: false. Requests under way end with MQTT_LOST just before. */
bool mqtt_disconnect(struct mqtt *mqtt);

/* While hold is true no reconnection is begun by itself (a probe with the same client id is under
 * way); it goes on when hold ends. */
void mqtt_hold(struct mqtt *mqtt, bool hold);

/* ---- requests ---- */

enum mqtt_error {
    MQTT_OK,
    MQTT_NOT_ONLINE, /* nothing was sent, nothing is kept for later */
    MQTT_INVALID,    /* topic, filter or QoS */
    MQTT_FULL,       /* too much waits for the broker already */
};

/* In words, for logs. */
const char *mqtt_error_text(enum mqtt_error error);

/* Sends a message. *packet_id (1..65535, no two outstanding ones are equal) names the later
 * published() event, which comes exactly once within timeout_ms. If *written comes back true (QoS
 * 0, and the socket took it at once) there is no such event: it is done. */
enum mqtt_error mqtt_publish(struct mqtt *mqtt, const char *topic, const void *bytes, size_t len,
                             int qos, bool retain, unsigned timeout_ms, uint16_t *packet_id,
                             bool *written);

/* The outcome is subscribed() / unsubscribed(), exactly once within timeout_ms. */
enum mqtt_error mqtt_subscribe(struct mqtt *mqtt, const char *filter, int qos, unsigned timeout_ms,
                               uint16_t *packet_id);
enum mqtt_error mqtt_unsubscribe(struct mqtt *mqtt, const char *filter, unsigned timeout_ms,
                                 uint16_t *packet_id);

/* The owner's and guests' requests that have no outcome yet. */
size_t mqtt_outstanding(const struct mqtt *mqtt);

/* ---- guests ---- */

/* A second party on the owner's connection, for what a module does by itself (OTA, thing model): it
 * has requests, subscriptions and messages of its own. A message that only guests have subscribed
 * to is theirs and not told to the owner; one that nobody is known to have subscribed to (a session
 * of before) is the owner's. Members may be NULL. Like the owner's, each callback may call anything
 * here. */
struct mqtt_guest_events {
    /* The connection is up; the owner has been told. again: by itself after a loss, and the guest's
     * subscriptions are restored like the owner's; else it has none. */
    void (*online)(void *ctx, bool again);
    void (*published)(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
    void (*subscribed)(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
    void (*message)(void *ctx, const struct mqtt_message *message);
};

enum { MQTT_GUESTS_MAX = 7 };

/* events outlive the guest. mqtt_destroy() ends it too. NULL: there are too many. */
struct mqtt_guest *mqtt_guest_create(struct mqtt *mqtt, const struct mqtt_guest_events *events,
                                     void *ctx);
/* What only it had subscribed to is unsubscribed from. Its requests end without an event. NULL is
 * fine. */
void mqtt_guest_destroy(struct mqtt_guest *guest);

/* As mqtt_publish() and mqtt_subscribe(); the outcome is the guest's event (none for a QoS 0
 * message that the socket took at once). */
enum mqtt_error mqtt_guest_publish(struct mqtt_guest *guest, const char *topic, const void *bytes,
                                   size_t len, int qos, unsigned timeout_ms, uint16_t *packet_id);
enum mqtt_error mqtt_guest_subscribe(struct mqtt_guest *guest, const char *filter, int qos,
                                     unsigned timeout_ms, uint16_t *packet_id);

/* ---- probe ---- */

/* connack 0: accepted. Otherwise failure says why. The probe is over: do not cancel it. */
typedef void (*mqtt_probe_done)(void *ctx, bool accepted, enum mqtt_failure failure, int connack);

/* Connects to see whether the broker takes these credentials, and leaves at the CONNACK without
 * acknowledging anything, so that no kept session is harmed: it connects with clean session false
 * whatever the options say, without a will. done comes from the loop, within connect_timeout_ms. */
struct mqtt_probe *mqtt_probe_start(const struct service_env *env,
                                    const struct mqtt_options *options, mqtt_probe_done done,
                                    void *ctx);
/* done will not be called. NULL is fine. */
void mqtt_probe_cancel(struct mqtt_probe *probe);

#endif
