/* The MQTT family of commands. */
#ifndef DIALECT_ICA_MQTT_H
#define DIALECT_ICA_MQTT_H

#include "dialect/ica/auth.h"
#include "dialect/ica/reply.h"
#include "service/mqtt/mqtt.h"

/* Its part of a module's state. */
struct ica_mqtt {
    struct mqtt *service;
    struct mqtt_probe *probe;
    bool connect_after_probe; /* a CONN came while a probe was running */
    struct ica_auth auth;
    struct ica_triple session; /* what CONN used */
    bool report_pings;
    struct ica_last published, published_binary, subscribed, unsubscribed, received,
        received_binary;
    at_ticket collecting;  /* the last PUBIN that opened a data phase */
    struct buf binary_ids; /* packet identifiers (uint16_t) of PUBINs without outcome */
};

extern const struct at_table ica_mqtt_table;

void ica_mqtt_power_on(struct ica *ica);
void ica_mqtt_power_off(struct ica *ica);

/* How the connection is, in a word. */
const char *ica_connection_word(const void *instance);

/* ---- between the files of the family ---- */

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

/* The error of a request that could not be sent. */
at_result ica_request_error(enum mqtt_error error);

#endif
