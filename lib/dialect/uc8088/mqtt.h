/* The MQTT family of commands. */
#ifndef DIALECT_UC8088_MQTT_H
#define DIALECT_UC8088_MQTT_H

#include "at/at.h"
#include "dialect/topics.h"
#include "service/mqtt/mqtt.h"

struct uc;

enum { UC_MQTT_WAIT_MS = 5000, UC_TOPIC_MAX = 1024 };

/* What the command under way waits for. */
enum uc_request { UC_NO_REQUEST, UC_PUBLISHING, UC_SUBSCRIBING, UC_UNSUBSCRIBING };

struct uc_mqtt {
    struct mqtt *service;
    struct uc_mqtt_config {
        char *host; /* NULL: never given */
        int port;
        char *client_id;
        bool clean;
        int keepalive_s;
        char *username, *password;
    } config;
    bool clean;           /* the session that is open, or was last */
    struct topics topics; /* subscribed to */
    enum uc_request request;
    uint16_t packet_id; /* of request */
    char *topic;        /* of request */
    int qos;            /* of request */
};

void uc_mqtt_power_on(struct uc *uc);
void uc_mqtt_power_off(struct uc *uc);
/* How the connection is, in a word. */
const char *uc_mqtt_word(const struct uc *uc);

/* ---- between the files of the family ---- */

/* mqtt_tls.c */
extern const struct at_param uc_mqtttls_params[4];
at_result uc_mqtttls_read(void *ctx, struct at_call *call);
at_result uc_mqtttls_set(void *ctx, struct at_call *call);

/* mqtt_session.c */
extern const struct mqtt_events uc_mqtt_events;
extern const struct at_param uc_mqttconfig_params[7];
bool uc_mqtt_is_up(const struct uc *uc);
void uc_mqtt_config_free(struct uc_mqtt_config *config);
at_result uc_mqttconfig_read(void *ctx, struct at_call *call);
at_result uc_mqttconfig_set(void *ctx, struct at_call *call);
at_result uc_mqttconnect(void *ctx, struct at_call *call);
at_result uc_mqttstate(void *ctx, struct at_call *call);
at_result uc_mqttdisconnect(void *ctx, struct at_call *call);

/* mqtt_topics.c */
/* What a request that was not made, or had no good end, comes to. */
at_result uc_mqtt_refusal(enum mqtt_error error);
at_result uc_mqtt_outcome(enum mqtt_outcome outcome);
/* Whether this is the end of the request of the command under way. */
bool uc_mqtt_awaited(struct uc *uc, enum uc_request request, uint16_t packet_id);
void uc_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
void uc_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
at_result uc_mqttsub_read(void *ctx, struct at_call *call);
at_result uc_mqttsub_set(void *ctx, struct at_call *call);
at_result uc_mqttunsub_read(void *ctx, struct at_call *call);
at_result uc_mqttunsub_set(void *ctx, struct at_call *call);

/* mqtt_publish.c */
void uc_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
void uc_message(void *ctx, const struct mqtt_message *message);
at_result uc_mqttpub_set(void *ctx, struct at_call *call);

#endif
