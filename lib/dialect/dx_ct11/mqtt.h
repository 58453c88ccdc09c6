/* The MQTT family of commands. */
#ifndef DIALECT_DX_CT11_MQTT_H
#define DIALECT_DX_CT11_MQTT_H

#include <ev.h>

#include "base/buf.h"
#include "dialect/dx_ct11/fields.h"
#include "dialect/topics.h"
#include "service/mqtt/mqtt.h"

struct dx;

/* What the command under way waits for. */
enum dx_request { DX_NO_REQUEST, DX_PUBLISHING, DX_SUBSCRIBING, DX_UNSUBSCRIBING };

struct dx_mqtt {
    struct mqtt *service;
    struct dx_fields config, server, start; /* QMTCFG, QMTCONNCFG, QMTSTART */
    struct topics topics;                   /* QMTSUB's */
    ev_timer retry;                         /* after a first attempt that failed */
    unsigned retry_ms;
    bool quiet_failure;   /* this attempt's has been told before */
    bool ending;          /* QMTDISC waits for the end */
    at_ticket collecting; /* the last QMTPUBEX that opened a data phase */
    struct dx_flow {
        char *topic; /* NULL: none */
        int qos;
        bool retain;
        struct buf burst;    /* of the host, not yet a message */
        struct buf received; /* payloads that the host has not taken */
    } flow;
    enum dx_request request;
    uint16_t packet_id; /* of request */
    char *topic;        /* of request */
    int qos;            /* of request */
};

void dx_mqtt_power_on(struct dx *dx);
void dx_mqtt_power_off(struct dx *dx);
/* Simple mode 2 opens its session by itself. */
void dx_mqtt_begin(struct dx *dx);
/* How the connection is, in a word. */
const char *dx_mqtt_word(const struct dx *dx);

/* ---- between the files of the family ---- */

/* mqtt_setup.c */
extern const struct at_param dx_qmtcfg_params[7], dx_qmtconncfg_params[3], dx_qmtstart_params[2];
at_result dx_qmtcfg_read(void *ctx, struct at_call *call);
at_result dx_qmtcfg_set(void *ctx, struct at_call *call);
at_result dx_qmtconncfg_read(void *ctx, struct at_call *call);
at_result dx_qmtconncfg_set(void *ctx, struct at_call *call);
at_result dx_qmtstart_read(void *ctx, struct at_call *call);
at_result dx_qmtstart_set(void *ctx, struct at_call *call);
void dx_setup_load(struct dx *dx);

/* mqtt_session.c */
extern const struct mqtt_events dx_mqtt_events;
/* Nothing is connected, nor tried, nor waited for. */
bool dx_session_is_down(const struct dx *dx);
void dx_session_open(struct dx *dx);
at_result dx_qmtstatu(void *ctx, struct at_call *call);
at_result dx_qmtdisc(void *ctx, struct at_call *call);
void dx_session_retry(struct ev_loop *loop, ev_timer *timer, int events);

/* mqtt_topics.c */
at_result dx_qmtsub_read(void *ctx, struct at_call *call);
at_result dx_qmtsub_set(void *ctx, struct at_call *call);
at_result dx_qmtunsub_set(void *ctx, struct at_call *call);
void dx_topics_load(struct dx *dx);
/* A new session without one of before: all of them again. */
void dx_topics_renew(struct dx *dx);
void dx_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
void dx_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);

/* mqtt_publish.c */
at_result dx_qmtpub_set(void *ctx, struct at_call *call);
at_result dx_qmtpubex_set(void *ctx, struct at_call *call);
at_result dx_qmtpubex_data(void *ctx, struct at_call *call, const char *bytes, size_t len);
/* mqtt_flow.c */
at_result dx_flow_open(struct dx *dx, const struct at_call *call);
void dx_flow_end(struct dx *dx);
void dx_flow_free(struct dx *dx);
/* True: the message went into the flow. */
bool dx_flow_message(struct dx *dx, const struct mqtt_message *message);

void dx_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
void dx_message(void *ctx, const struct mqtt_message *message);

#endif
