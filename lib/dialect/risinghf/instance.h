/* One module's state, shared by the files of this folder: a file is one family of commands, or what
 * several of them share. */
#ifndef DIALECT_RISINGHF_INSTANCE_H
#define DIALECT_RISINGHF_INSTANCE_H

#include "base/buf.h"
#include "cloud/registration.h"
#include "dialect/kept.h"
#include "dialect/line_later.h"
#include "dialect/reboot.h"
#include "dialect/risinghf/risinghf.h"
#include "dialect/topics.h"
#include "service/mqtt/mqtt.h"

/* The settings `[risinghf]`. */
struct rh_settings {
    const char *ready_urc; /* empty: none */
};
extern const struct settings_group rh_settings_group;

enum {
    RH_TEXT_MAX = 8192, /* as long as a line */
    RH_DATA_MAX = 1024, /* of IMQTTPUBEX */
    RH_CACHE_MAX = 10,  /* messages */
    RH_LIMIT_MS = 10000 /* of a connection, a registration, a pause in data */
};

/* ---- what the host has set; all of it goes with a restart ---- */

enum rh_mode { RH_MODE_CLOUD = 1, RH_MODE_OWN = 2 };

struct rh_will {
    char *topic; /* NULL: not set */
    int qos;
    bool retain;
    struct buf text; /* as given */
};

/* The device, its secret, and how the values were given last. */
enum rh_credentials { RH_CREDENTIALS_NONE, RH_CREDENTIALS_AUTH, RH_CREDENTIALS_USER };

struct rh_config {
    int mode; /* enum rh_mode */
    bool tls;
    bool cached; /* messages are read on demand */
    int timeout_s;
    bool clean;
    int keepalive_s;
    int version; /* enum mqtt_version */
    char *username, *password;
    char *host; /* NULL: not set */
    int port;
    char *client_id;
    struct rh_will will, will_hex;
    struct rh_will *will_in_force; /* one of the two, or NULL */
    char *product_key;             /* NULL: not set, as the two others */
    char *device_name, *device_secret;
    enum rh_credentials last; /* AUTH or USER */
};

/* ---- requests and messages ---- */

enum rh_request_kind { RH_PUBLISH, RH_PUBLISH_DATA, RH_SUBSCRIBE, RH_UNSUBSCRIBE };

/* Sent, without an outcome yet. */
struct rh_request {
    struct rh_request *next;
    uint16_t packet_id;
    enum rh_request_kind kind;
    char *topic; /* NULL: nobody asks for it later */
};

/* What the read form of a request shows. */
struct rh_last {
    char *topic; /* NULL: there was none */
    int number;  /* QoS or status */
    struct buf message;
};

/* ---- dynamic registration ---- */

enum { RH_RESULTS = 2, RH_RESULT_TEXTS = 3 };

struct rh_dynreg {
    struct registration *registration;
    bool busy; /* until its result is told */
    /* The last request; NULL: there was none. */
    char *product_key, *device_name, *product_secret;
    int save, mode;
    /* What came since the start, by mode; NULL: nothing. */
    char *results[RH_RESULTS][RH_RESULT_TEXTS];
};

enum rh_kept {
    RH_DYNREG1_PRODUCT_KEY,
    RH_DYNREG1_DEVICE_NAME,
    RH_DYNREG1_DEVICE_SECRET,
    RH_DYNREG2_CLIENT_ID,
    RH_DYNREG2_USER_NAME,
    RH_DYNREG2_PASSWORD,
    RH_KEPT_COUNT
};
extern const struct kept_value rh_kept[RH_KEPT_COUNT];

/* ---- the module ---- */

struct rh {
    struct dialect_env env; /* first: shared handlers expect it there */
    const struct rh_settings *settings;
    struct kept kept;
    struct rh_config config;

    struct mqtt *mqtt;
    at_ticket collecting; /* the last PUBEX that opened a data phase */
    bool clean;           /* the session that is up goes with its connection */
    bool told_down;       /* the end that is under way has been reported */
    bool reopen;          /* CONN came while the connection was being closed */
    struct rh_request *requests;
    struct topics subscriptions; /* with the QoS that was granted */
    struct rh_last published, published_hex, unsubscribed;

    struct buf cache[RH_CACHE_MAX]; /* from the packet id on, the oldest first */
    size_t cached;
    uint16_t counter; /* in place of a packet id for QoS 0 */

    struct rh_dynreg dynreg;
    unsigned saves; /* under way; they outlive a restart */

    struct port_line line; /* at boot */
    struct line_later line_later;
    struct reboot reboot;
};

/* ---- tables and grammar ---- */

extern const struct at_grammar rh_grammar;
extern const struct at_table rh_config_table, rh_connection_table, rh_publish_table,
    rh_subscribe_table, rh_receive_table, rh_cloud_table, rh_base_table;

/* ---- parts ---- */

/* values.c: appends a value as read forms print it: bare, in quotes where it holds a comma. */
void rh_put_value(struct buf *out, const char *text, size_t len);
/* Replaces a text. */
void rh_keep(char **text, const char *bytes, size_t len);
void rh_forget(char **text);
void rh_forget_secret(char **text);
void rh_last_set(struct rh_last *last, const char *topic, int number, const char *bytes,
                 size_t len);
void rh_last_free(struct rh_last *last);
/* Two digits a byte. False: it is not that, or empty. */
bool rh_is_hex(const char *text, size_t len);
void rh_from_hex(struct buf *out, const char *text, size_t len);
/* Sends an information line that a buffer holds, and frees it. */
void rh_info(const struct at_call *call, struct buf *line, bool secret);

/* config.c */
void rh_config_reset(struct rh *rh);
void rh_config_free(struct rh *rh);

/* server.c: where to and as whom; texts are freed by rh_server_free(). */
struct rh_server {
    char *host;
    int port;
    bool secure;
    bool platform; /* it is Alibaba Cloud's, which speaks unasked */
    char *instance;
};
/* product_key: of the derived host; NULL: there is none. False: no address is known. */
bool rh_server(const struct rh *rh, const char *product_key, bool secure, struct rh_server *server);
void rh_server_free(struct rh_server *server);
struct service_tls rh_tls(const struct rh *rh);
/* Begins to connect with what is set. False: no usable address or credentials. */
bool rh_connect(struct rh *rh);

/* connection.c */
extern const struct mqtt_events rh_mqtt_events;
const char *rh_connection_word(const void *instance);
bool rh_online(const struct rh *rh);

/* request.c: asks the service, with a result of a handler. */
at_result rh_publish(struct rh *rh, enum rh_request_kind kind, const char *topic, int qos,
                     bool retain, const char *bytes, size_t len);
at_result rh_request(struct rh *rh, enum rh_request_kind kind, const char *topic, int qos);
void rh_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
void rh_subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted);
void rh_unsubscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome);
void rh_requests_free(struct rh *rh);

/* receive.c */
void rh_message(void *ctx, const struct mqtt_message *message);
void rh_cache_free(struct rh *rh);

/* dynreg.c */
at_result rh_dynreg_read(void *ctx, struct at_call *call);
at_result rh_dynreg_set(void *ctx, struct at_call *call);
void rh_dynreg_free(struct rh *rh);

#endif
