/* One module's state, shared by the files of this folder: a file is one family of commands, or what
 * several of them share. */
#ifndef DIALECT_ALIYUN_WIFI_INSTANCE_H
#define DIALECT_ALIYUN_WIFI_INSTANCE_H

#include "base/buf.h"
#include "dialect/aliyun_wifi/aliyun_wifi.h"
#include "dialect/aliyun_wifi/ota.h"
#include "dialect/aliyun_wifi/session.h"
#include "dialect/aliyun_wifi/wlan.h"
#include "dialect/kept.h"
#include "dialect/line_later.h"
#include "dialect/reboot.h"
#include "dialect/text.h"
#include "port/port.h"
#include "service/http/http.h"

/* The settings `[aliyun-wifi]`. */
struct aw_settings {
    bool fail_line;
    bool state_test_value;
    bool require_join;
    const char *ota_module;
    int ota_data; /* enum aw_ota_data */
    int crc16;    /* enum aw_crc16 */
    const char *provision_ssid;
    const char *provision_psk;
};
enum aw_ota_data { AW_OTA_RAW, AW_OTA_HEX };
enum aw_crc16 { AW_CRC_ARC, AW_CRC_MODBUS, AW_CRC_CCITT_FALSE, AW_CRC_XMODEM };
extern const struct settings_group aw_settings_group;

/* Results besides OK and ERROR; grammar.c has their words. */
enum aw_error {
    AW_ERROR_PARAMETER = 1, /* of a configuration command */
    AW_INVALID_PARAMETER,   /* of an action, as all that follow */
    AW_INVALID_JSON,
    AW_NOT_CONNECTED,
    AW_CONNECT_FAILED,
    AW_NO_IDENTITY,
    AW_NOT_SUPPORTED,
    AW_NO_TASK,
    AW_PUBLISH_FAILED,
    AW_SUBSCRIBE_FAILED,
    AW_HTTP_FAILED,
    AW_WRONG_MODE,
    AW_STORE_FAILED,
};

/* ---- kept values ---- */

enum aw_kept {
    AW_PRODUCT_KEY,
    AW_DEVICE_NAME,
    AW_DEVICE_SECRET,
    AW_PRODUCT_SECRET,
    AW_CREDENTIAL, /* "auth" or "cred" */
    AW_CLIENT_ID,
    AW_USERNAME,
    AW_PASSWORD,
    AW_TIMEOUT, /* s */
    AW_TLS,
    AW_KEEPALIVE, /* s */
    AW_AUTHMODE,
    AW_HOST,
    AW_PORT,
    AW_REGISTERED_PRODUCT_KEY, /* what a registration brought, and for whom */
    AW_REGISTERED_DEVICE_NAME,
    AW_REGISTERED_DEVICE_SECRET,
    AW_REGISTERED_CLIENT_ID,
    AW_REGISTERED_DEVICE_TOKEN,
    AW_WIFI_MODE,
    AW_WIFI_SSID,
    AW_WIFI_PSK,
    AW_UART_BAUD, /* 0: as the settings say */
    AW_UART_DATA_BITS,
    AW_UART_STOP_BITS,
    AW_UART_PARITY,
    AW_UART_FLOW,
    AW_KEPT_COUNT
};
extern const struct kept_value aw_kept[AW_KEPT_COUNT];

struct aw {
    struct dialect_env env;
    struct kept kept;
    const struct aw_settings *settings;
    at_ticket waiting; /* the command that something will finish */
    struct aw_session session;
    struct aw_wlan wlan;
    struct aw_ota ota;
    struct http *http;
    struct line_later uart;
    struct port_line line; /* as the settings say */
    struct reboot reboot;
};

/* ---- command tables and grammar ---- */

/* With and without the line FAIL behind an error. */
extern const struct at_grammar aw_grammar, aw_grammar_terse;
/* The faults of configuration commands. */
extern const at_result aw_config_faults[AT_FAULT_COUNT];

extern const struct at_table aw_account_table, aw_connection_table, aw_mqtt_table, aw_thing_table,
    aw_wlan_table, aw_provision_table, aw_system_table, aw_http_table, aw_ota_table;

/* ---- parts ---- */

/* http.c: what HTTPS trusts, and where a URL leads. The caller frees it. */
struct service_tls aw_http_tls(const struct aw *aw);
char *aw_http_url(const struct aw *aw, const char *url);

/* system.c */
/* The line becomes what is stored, or what the settings say. */
void aw_apply_uart(struct aw *aw);

#endif
