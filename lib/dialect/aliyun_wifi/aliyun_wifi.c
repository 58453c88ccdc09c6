/* The dialect's declaration and an instance's life. */
#include "dialect/aliyun_wifi/aliyun_wifi.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"
#include "service/env.h"
#include "settings/settings.h"

enum { DEAD_MS = 1000 }; /* of a restart */

/* ---- settings ---- */

static const char *const data_kinds[] = {"raw", "hex", NULL};
static const char *const crc_kinds[] = {"arc", "modbus", "ccitt-false", "xmodem", NULL};

#define FIELD(name) .key = #name, .offset = offsetof(struct aw_settings, name)

static const struct setting settings_rows[] = {
    {FIELD(fail_line), .type = SETTING_BOOL, .initial = "1",
     .help = "a line FAIL behind each +CME ERROR"},
    {FIELD(state_test_value), .type = SETTING_BOOL, .initial = "0",
     .help = "the test form of IMQTTSTATE and IDMSTATE gives the state"},
    {FIELD(require_join), .type = SETTING_BOOL, .initial = "0",
     .help = "no connection before the module has joined a network"},
    {FIELD(ota_module), .type = SETTING_TEXT, .max = 64, .initial = "MCU",
     .help = "name of the MCU's firmware at the platform; empty: its default module"},
    {FIELD(ota_data), .type = SETTING_CHOICE, .choices = data_kinds, .initial = "raw",
     .help = "how IOTASTX gives the bytes of a frame"},
    {FIELD(crc16), .type = SETTING_CHOICE, .choices = crc_kinds, .initial = "arc",
     .help = "checksum of a frame in IOTASTX"},
    {FIELD(provision_ssid), .type = SETTING_TEXT, .max = WIFI_SSID_MAX, .initial = "",
     .help = "network that provisioning brings a second after its start; empty: none"},
    {FIELD(provision_psk), .type = SETTING_TEXT, .max = WIFI_PSK_MAX, .initial = "", .secret = true,
     .help = "its pass phrase"},
};

const struct settings_group aw_settings_group = {
    .section = "aliyun-wifi",
    .rows = settings_rows,
    .count = sizeof settings_rows / sizeof *settings_rows,
    .size = sizeof(struct aw_settings),
};

static const char *const defaults[] = {"port.echo=0", "identity.model=aliyun-wifi",
                                       "identity.revision=1.0.0", "identity.hardware=1.0.0", NULL};

static void configure(const struct settings *settings, struct at_config *config)
{
    const struct aw_settings *aw = settings_of(settings, &aw_settings_group);
    if (!aw->fail_line) {
        config->grammar = &aw_grammar_terse;
    }
}

/* ---- kept values ---- */

#define KEPT(n, low, high, text)                                                                   \
    {                                                                                              \
        .name = (n), .min = (low), .max = (high), .initial = (text)                                \
    }

const struct kept_value aw_kept[AW_KEPT_COUNT] = {
    [AW_PRODUCT_KEY] = KEPT("cloud.product_key", 1, AW_NAME_MAX, ""),
    [AW_DEVICE_NAME] = KEPT("cloud.device_name", 1, AW_NAME_MAX, ""),
    [AW_DEVICE_SECRET] = KEPT("cloud.device_secret", 0, AW_NAME_MAX, ""),
    [AW_PRODUCT_SECRET] = KEPT("cloud.product_secret", 0, AW_NAME_MAX, ""),
    [AW_CREDENTIAL] = KEPT("aliyun-wifi.credential", 4, 4, "auth"),
    [AW_CLIENT_ID] = KEPT("aliyun-wifi.client_id", 0, AW_LOGIN_MAX, ""),
    [AW_USERNAME] = KEPT("aliyun-wifi.username", 0, AW_LOGIN_MAX, ""),
    [AW_PASSWORD] = KEPT("aliyun-wifi.password", 0, AW_LOGIN_MAX, ""),
    [AW_TIMEOUT] = KEPT("aliyun-wifi.timeout", 1, 60, "5"),
    [AW_TLS] = KEPT("aliyun-wifi.tls", 0, 1, "1"),
    [AW_KEEPALIVE] = KEPT("aliyun-wifi.keepalive", 30, 1200, "1200"),
    [AW_AUTHMODE] = KEPT("aliyun-wifi.authmode", 0, 2, "0"),
    [AW_HOST] = KEPT("aliyun-wifi.host", 0, 255, ""),
    [AW_PORT] = KEPT("aliyun-wifi.port", 0, 65535, "0"),
    [AW_REGISTERED_PRODUCT_KEY] = KEPT("registered.product_key", 0, AW_NAME_MAX, ""),
    [AW_REGISTERED_DEVICE_NAME] = KEPT("registered.device_name", 0, AW_NAME_MAX, ""),
    [AW_REGISTERED_DEVICE_SECRET] = KEPT("registered.device_secret", 0, 64, ""),
    [AW_REGISTERED_CLIENT_ID] = KEPT("registered.client_id", 0, 128, ""),
    [AW_REGISTERED_DEVICE_TOKEN] = KEPT("registered.device_token", 0, 128, ""),
    [AW_WIFI_MODE] = KEPT("wifi.mode", 0, 3, "1"),
    [AW_WIFI_SSID] = KEPT("wifi.ssid", 0, WIFI_SSID_MAX, ""),
    [AW_WIFI_PSK] = KEPT("wifi.psk", 0, WIFI_PSK_MAX, ""),
    [AW_UART_BAUD] = KEPT("uart.baud", 0, 4000000, "0"),
    [AW_UART_DATA_BITS] = KEPT("uart.data_bits", 5, 8, "8"),
    [AW_UART_STOP_BITS] = KEPT("uart.stop_bits", 1, 3, "1"),
    [AW_UART_PARITY] = KEPT("uart.parity", 0, 2, "0"),
    [AW_UART_FLOW] = KEPT("uart.flow", 0, 3, "0"),
};

/* ---- life ---- */

static void power_on(struct aw *aw)
{
    aw->http = http_create(aw->env.services);
    aw_session_power_on(aw);
    aw_ota_power_on(aw);
    aw_wlan_power_on(aw);
    aw_apply_uart(aw);
}

static void power_off(struct aw *aw)
{
    line_later_end(&aw->uart);
    aw_wlan_power_off(aw);
    aw_ota_power_off(aw);
    aw_session_power_off(aw);
    http_destroy(aw->http);
    aw->http = NULL;
}

static void cycle(void *ctx)
{
    power_off(ctx);
    power_on(ctx);
}

static void *create(const struct dialect_env *env)
{
    struct aw *aw = mem_zeroed(sizeof *aw);
    aw->env = *env;
    aw->kept = (struct kept){.env = &aw->env, .values = aw_kept, .failed = AW_STORE_FAILED};
    aw->settings = settings_of(env->settings, &aw_settings_group);
    line_later_init(&aw->uart, &aw->env);
    reboot_init(&aw->reboot, &aw->env, &(struct reboot_plan){.cycle = cycle, .dead_ms = DEAD_MS},
                aw);
    aw->line = *port_line(env->port);
    power_on(aw);
    return aw;
}

static void destroy(void *instance)
{
    struct aw *aw = instance;
    reboot_end(&aw->reboot);
    power_off(aw);
    free(aw);
}

static struct dialect_wifi wifi(void *instance)
{
    const struct aw *aw = instance;
    return (struct dialect_wifi){aw->wlan.wifi, aw->wlan.provision,
                                 "AT+IBLECONFIGSTART=1 or AT+IAPCONFIGSTART=1"};
}

static const struct at_table *const tables[] = {
    &aw_account_table,   &aw_connection_table, &aw_mqtt_table, &aw_thing_table, &aw_wlan_table,
    &aw_provision_table, &aw_system_table,     &aw_http_table, &aw_ota_table,
};

const struct dialect aliyun_wifi_dialect = {
    .id = "aliyun-wifi",
    .title = "Alibaba Cloud's Wi-Fi module firmware (BL60X)",
    .grammar = &aw_grammar,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .settings = &aw_settings_group,
    .defaults = defaults,
    .configure = configure,
    .create = create,
    .connection = aw_connection_word,
    .wifi = wifi,
    .destroy = destroy,
};
