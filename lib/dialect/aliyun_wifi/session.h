/* The one MQTT session, whichever family of commands opened it. */
#ifndef DIALECT_ALIYUN_WIFI_SESSION_H
#define DIALECT_ALIYUN_WIFI_SESSION_H

#include <ev.h>

#include "at/at.h"
#include "cloud/registration.h"
#include "cloud/thing_model.h"
#include "nvram/nvram.h"
#include "service/mqtt/mqtt.h"

struct aw;

enum aw_family { AW_IMQTT, AW_IDM };

enum {
    AW_NAME_MAX = 64,
    AW_LOGIN_MAX = 256,
    AW_FILTERS_MAX = THING_FILTERS + 2,
    AW_CALLS_MAX = 16
};

/* Who the device is for topics; both empty: not known. */
struct aw_identity {
    char product_key[AW_LOGIN_MAX + 1];
    char device_name[AW_LOGIN_MAX + 1];
};

struct aw_session {
    struct mqtt *mqtt;
    struct mqtt_guest *own;   /* the module's own messages, and OTA's subscriptions */
    struct mqtt_guest *thing; /* the thing model's subscriptions; NULL: none */
    enum aw_family family;
    struct aw_identity identity;                  /* of the session that is up or tried */
    bool platform;                                /* it goes to Alibaba Cloud itself */
    uint32_t ids;                                 /* of messages to the platform */
    char calls[AW_CALLS_MAX][THING_NAME_MAX + 1]; /* calls that came on .../rrpc/request/ */
    size_t next_call;

    /* What CONN asked for, and what the session that is up was opened with. */
    char *host;
    int port;
    struct aliyun_mqtt_login login;

    /* A CONN under way. */
    bool connecting;
    bool reopen;     /* the session before is being closed */
    bool registered; /* the login is what a registration brought */
    bool renewed;    /* that was refused once, and asked for again */
    ev_timer limit;  /* the host waits 10 s */
    struct registration *registration;
    size_t subscribing; /* own subscriptions without an answer */
    uint16_t subscriptions[AW_FILTERS_MAX];
};

void aw_session_power_on(struct aw *aw);
void aw_session_power_off(struct aw *aw);

bool aw_online(const struct aw *aw);
/* How the connection is, in a word. */
const char *aw_connection_word(const void *instance);
/* The device, for topics. False: not known. */
bool aw_device(const struct aw *aw, struct aliyun_device *device);
/* A message of the module's own, QoS 0. */
bool aw_say(struct aw *aw, char *topic, char *text);

/* ---- between the files of the family ---- */

/* login.c: the login of CONN. AW_LOGIN_REGISTER: a registration has to bring it. */
enum aw_login { AW_LOGIN_GOOD, AW_LOGIN_NONE, AW_LOGIN_REGISTER };
enum aw_login aw_login(struct aw *aw, bool secure);
/* Where a registration happens; what the options point to is the instance's. */
struct registration_options aw_registration_options(const struct aw *aw);
/* What it brought is kept; done() comes when that is safe. */
void aw_keep_registered(struct aw *aw, const struct aliyun_registered *registered, nvram_done done);
void aw_forget_registered(struct aw *aw);
/* The same as a part of other changes. */
struct kept_changes;
void aw_drop_registered(struct kept_changes *set);
/* As AUTH gave it, or a registration brought it. */
const char *aw_device_secret(const struct aw *aw);

/* server.c: where CONN goes to. */
struct aw_server {
    const char *host;
    int port;
    bool secure;
};
struct aw_server aw_server(const struct aw *aw);
struct service_tls aw_mqtt_tls(const struct aw *aw);
/* Whether a connection really reaches the cloud, which sends its messages unasked. */
bool aw_is_platform(const struct aw *aw, const struct aw_server *server);

/* connect.c: CONN; its handler returns the result. */
at_result aw_connect(struct aw *aw, const struct at_call *call, enum aw_family family);
/* Ends a CONN under way without an answer. */
void aw_connect_cancel(struct aw *aw);
extern const struct mqtt_events aw_mqtt_events;
void aw_connect_limit(struct ev_loop *loop, ev_timer *timer, int events);
/* The name of the report on the session's state. */
const char *aw_state_name(const struct aw *aw);

/* listen.c: subscribes to what the cloud sends to this family of session. AT_OK: there is nothing
 * to wait for; AT_PENDING: connect.c hears of the end by aw_listening(). */
at_result aw_listen(struct aw *aw);
void aw_listening(struct aw *aw);
/* Forgets all of it: for another session. */
void aw_listen_anew(struct aw *aw);

/* mqtt.c */
void aw_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
void aw_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
void aw_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
/* receive.c: what comes for the host, and what comes for the module itself. */
void aw_message(void *ctx, const struct mqtt_message *message);
void aw_own_message(void *ctx, const struct mqtt_message *message);

/* thing.c: false: not a message of the thing model. */
bool aw_thing_message(struct aw *aw, const struct mqtt_message *message);

#endif
