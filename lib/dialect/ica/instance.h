/* One ICA module's state, shared by the files of this folder: a file is one family of commands. */
#ifndef DIALECT_ICA_INSTANCE_H
#define DIALECT_ICA_INSTANCE_H

#include <ev.h>

#include "base/buf.h"
#include "cloud/aliyun.h"
#include "dialect/ica/ica.h"
#include "dialect/kept.h"
#include "service/mqtt/mqtt.h"

/* The settings `[ica]`. */
struct ica_settings {
    bool lenient;
    int auth; /* enum ica_auth_rule */
    int conn_timeout;
    int data_timeout;
    int plus_guard_ms;
    int reboot_ms;
    bool state_urc;
    int state_connected;
    int rcv_format; /* enum ica_rcv_format */
    bool urc_ok;
    bool urc_equals;
    bool cellular;
};
enum ica_auth_rule { ICA_AUTH_AUTO, ICA_AUTH_CLOUD, ICA_AUTH_NONE };
enum ica_rcv_format { ICA_RCV_AUTO, ICA_RCV_TEXT };
extern const struct settings_group ica_settings_group;

/* +CME ERROR numbers of 3GPP TS 27.007 9.2, as this dialect uses them. */
enum ica_error {
    ICA_NOT_ALLOWED = 3,
    ICA_NOT_SUPPORTED = 4,
    ICA_NO_SIM = 10,
    ICA_MEMORY_FULL = 20,
    ICA_TEXT_TOO_LONG = 24,
    ICA_INVALID_CHARACTERS = 25,
    ICA_NO_NETWORK = 30,
    ICA_NETWORK_TIMEOUT = 31,
    ICA_INCORRECT_PARAMETERS = 50,
    ICA_UNKNOWN = 100,
    ICA_AUTHENTICATION_FAILURE = 149,
};

enum {
    ICA_AUTH_MAX = 64,
    ICA_TOPIC_MAX = 256,
    ICA_TEXT_MAX = 4096,
    ICA_BINARY_MAX = 16384,
};

/* The three values of an AUTH command. */
struct ica_triple {
    char product_key[ICA_AUTH_MAX + 1];
    char device_name[ICA_AUTH_MAX + 1];
    char device_secret[ICA_AUTH_MAX + 1];
};

/* What a read form of a send or receive command repeats. */
struct ica_last {
    bool any;
    int number; /* QoS, or packet identifier */
    struct buf topic;
    struct buf message;
};

enum ica_reboot { ICA_RUNNING, ICA_REBOOT_WAITS, ICA_REBOOTING };

struct ica {
    struct dialect_env env;
    const struct ica_settings *settings;
    at_ticket waiting; /* the command that a service or a save will finish */

    struct mqtt *mqtt;
    struct mqtt_probe *probe;
    bool auth_saving;          /* accepted values are being made safe */
    bool connect_after_probe;  /* a CONN came while a probe was running */
    struct ica_triple auth;    /* last given or loaded */
    struct ica_triple session; /* what CONN used */
    bool report_pings;
    struct ica_last published, published_binary, subscribed, unsubscribed, received,
        received_binary;
    struct buf binary_ids; /* packet identifiers (uint16_t) of PUBINs without outcome */

    bool data_link; /* XIIC */

    enum ica_reboot reboot;
    ev_timer reboot_timer;
    int64_t reboot_latest; /* clock_ms() */
};

/* ---- kept values ---- */

enum ica_kept {
    ICA_MQTT_MODE,
    ICA_MQTT_TIMEOUT, /* ms */
    ICA_MQTT_CLEAN,
    ICA_MQTT_KEEPALIVE, /* s */
    ICA_MQTT_VERSION,
    ICA_MQTT_PRODUCT_KEY,
    ICA_MQTT_DEVICE_NAME,
    ICA_MQTT_DEVICE_SECRET,
    ICA_LOG_LEVEL,
    ICA_BAND,
    ICA_KEPT_COUNT
};
extern const struct kept_value ica_kept[ICA_KEPT_COUNT];

long ica_number(const struct ica *ica, enum ica_kept which);
const char *ica_text(const struct ica *ica, enum ica_kept which);
/* Saves, and ends the command when that is safe: the result of its handler. */
at_result ica_save(struct ica *ica, const struct at_call *call, const struct kept_changes *set);

/* ---- command tables ---- */

extern const struct at_grammar ica_grammar;
extern const struct at_table ica_mqtt_table;
extern const struct at_table ica_system_table;
extern const struct at_table ica_cellular_table;

/* ---- wording ---- */

/* `:`, or `=` in the lines whose examples in the standard print that (switch ica.urc_equals). */
char ica_colon(const struct ica *ica);
/* A URC line and, unless ica.urc_ok is off, its OK. */
void ica_urc_ok(struct ica *ica, const char *line, size_t len);

/* ---- parts ---- */

/* mqtt_auth.c */
at_result ica_mqtt_auth_read(void *ctx, struct at_call *call);
at_result ica_mqtt_auth_set(void *ctx, struct at_call *call);
at_result ica_mqtt_auth_execute(void *ctx, struct at_call *call);
bool ica_has_triple(const struct ica_triple *triple);
void ica_load_auth(struct ica *ica);

/* mqtt_connect.c */
extern const struct mqtt_events ica_mqtt_events;
/* The options of a connection with these credentials; ica_connection_free() frees what they point
 * to. */
struct ica_connection {
    struct mqtt_options options;
    struct aliyun_mqtt_login login;
    char *host;
};
bool ica_connection(const struct ica *ica, const struct ica_triple *triple,
                    struct ica_connection *connection);
void ica_connection_free(struct ica_connection *connection);
at_result ica_mqtt_connect(void *ctx, struct at_call *call);
at_result ica_mqtt_disconnect(void *ctx, struct at_call *call);
const char *ica_connection_word(const void *instance);
at_result ica_mqtt_state_read(void *ctx, struct at_call *call);
/* The probe is over: a CONN that waited for it goes on. */
void ica_connect_waiting(struct ica *ica);

/* mqtt_publish.c */
at_result ica_mqtt_pub_read(void *ctx, struct at_call *call);
at_result ica_mqtt_pub_set(void *ctx, struct at_call *call);
at_result ica_mqtt_pubin_read(void *ctx, struct at_call *call);
at_result ica_mqtt_pubin_set(void *ctx, struct at_call *call);
at_result ica_mqtt_pubin_data(void *ctx, struct at_call *call, const char *bytes, size_t len);
void ica_mqtt_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);

/* mqtt_subscribe.c */
at_result ica_mqtt_sub_read(void *ctx, struct at_call *call);
at_result ica_mqtt_sub_set(void *ctx, struct at_call *call);
at_result ica_mqtt_unsub_read(void *ctx, struct at_call *call);
at_result ica_mqtt_unsub_set(void *ctx, struct at_call *call);
void ica_mqtt_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
void ica_mqtt_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);

/* mqtt_receive.c */
at_result ica_mqtt_rcvpub_read(void *ctx, struct at_call *call);
at_result ica_mqtt_rcvpubin_read(void *ctx, struct at_call *call);
void ica_mqtt_message(void *ctx, const struct mqtt_message *message);
void ica_mqtt_pingresp(void *ctx);

/* Values that end up in C strings. */
bool ica_no_nul(const char *bytes, size_t len);

/* The error of a request that could not be sent. */
at_result ica_request_error(enum mqtt_error error);
void ica_remember(struct ica_last *last, int number, const char *topic, size_t topic_len,
                  const char *message, size_t message_len);
void ica_forget(struct ica_last *last);

/* system.c */
void ica_apply_log_level(struct ica *ica);
void ica_reboot_tick(struct ev_loop *loop, ev_timer *timer, int events);

/* ica.c: what the module is at power-on. */
void ica_power_on(struct ica *ica);
void ica_power_off(struct ica *ica);

#endif
