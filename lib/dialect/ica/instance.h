/* One ICA module's state, shared by the files of this folder: a file is one family of commands, or
 * what several of them share. */
#ifndef DIALECT_ICA_INSTANCE_H
#define DIALECT_ICA_INSTANCE_H

#include "dialect/cme.h"
#include "dialect/ica/coap.h"
#include "dialect/ica/http.h"
#include "dialect/ica/ica.h"
#include "dialect/ica/mqtt.h"
#include "dialect/ica/ota.h"
#include "dialect/kept.h"
#include "dialect/reboot.h"

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
    bool rcv_escape;
    bool urc_ok;
    bool urc_equals;
    bool cellular;
};
enum ica_auth_rule { ICA_AUTH_AUTO, ICA_AUTH_CLOUD, ICA_AUTH_NONE };
enum ica_rcv_format { ICA_RCV_AUTO, ICA_RCV_TEXT };
extern const struct settings_group ica_settings_group;

/* +CME ERROR numbers, as this dialect uses them. */
enum ica_error {
    ICA_NOT_ALLOWED = CME_NOT_ALLOWED,
    ICA_NOT_SUPPORTED = CME_NOT_SUPPORTED,
    ICA_NO_SIM = CME_NO_SIM,
    ICA_MEMORY_FULL = CME_MEMORY_FULL,
    ICA_TEXT_TOO_LONG = CME_TEXT_TOO_LONG,
    ICA_INVALID_CHARACTERS = CME_INVALID_CHARACTERS,
    ICA_NO_NETWORK = CME_NO_NETWORK,
    ICA_NETWORK_TIMEOUT = CME_NETWORK_TIMEOUT,
    ICA_INCORRECT_PARAMETERS = CME_INCORRECT_PARAMETERS,
    ICA_UNKNOWN = CME_UNKNOWN,
    ICA_AUTHENTICATION_FAILURE = CME_AUTHENTICATION_FAILURE,
};

enum {
    ICA_TOPIC_MAX = 256,
    ICA_TEXT_MAX = 4096,
    ICA_BINARY_MAX = 16384,
};

struct ica {
    struct dialect_env env;
    struct kept kept;
    const struct ica_settings *settings;
    at_ticket waiting; /* the command that a service or a save will finish */

    struct ica_mqtt mqtt;
    struct ica_coap coap;
    struct ica_http http;
    struct ica_ota ota;

    bool data_link; /* XIIC */

    struct reboot reboot;
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
    ICA_COAP_TIMEOUT, /* ms */
    ICA_COAP_PRODUCT_KEY,
    ICA_COAP_DEVICE_NAME,
    ICA_COAP_DEVICE_SECRET,
    ICA_HTTP_KEEPALIVE,
    ICA_HTTP_TIMEOUT, /* ms */
    ICA_HTTP_PRODUCT_KEY,
    ICA_HTTP_DEVICE_NAME,
    ICA_HTTP_DEVICE_SECRET,
    ICA_OTA_DURATION, /* s */
    ICA_OTA_BLOCKSIZE,
    ICA_LOG_LEVEL,
    ICA_BAND,
    ICA_KEPT_COUNT
};
extern const struct kept_value ica_kept[ICA_KEPT_COUNT];

/* ---- command tables ---- */

extern const struct at_grammar ica_grammar;
extern const struct at_table ica_system_table;
extern const struct at_table ica_cellular_table;

/* system.c */
void ica_apply_log_level(struct ica *ica);
/* Requests of all families have their outcome. */
bool ica_all_sent(void *ctx);

#endif
