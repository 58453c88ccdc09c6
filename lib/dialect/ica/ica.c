/* The dialect's declaration and an instance's life. */
#include "dialect/ica/ica.h"

#include <stdlib.h>

#include "base/mem.h"
#include "dialect/ica/instance.h"
#include "settings/settings.h"

/* ---- settings ---- */

static const char *const auth_rules[] = {"auto", "cloud", "none", NULL};
static const char *const rcv_formats[] = {"auto", "text", NULL};

#define FIELD(name) .key = #name, .offset = offsetof(struct ica_settings, name)

static const struct setting settings_rows[] = {
    {FIELD(lenient), .type = SETTING_BOOL, .initial = "0",
     .help = "wider ranges of IMQTTPARA, CONN while connected is OK, bare quotes in messages"},
    {FIELD(auth), .type = SETTING_CHOICE, .choices = auth_rules, .initial = "auto",
     .help = "what AUTH does: auto a probe, cloud the cloud's exchange, none only store"},
    {FIELD(conn_timeout), .type = SETTING_INT, .min = 1, .max = 600, .initial = "8",
     .help = "time limit of AUTH and CONN in seconds"},
    {FIELD(data_timeout), .type = SETTING_INT, .min = 1, .max = 3600, .initial = "10",
     .help = "silence that ends binary input with an error, in seconds"},
    {FIELD(plus_guard_ms), .type = SETTING_INT, .max = 10000, .initial = "50",
     .help = "silence behind +++ that ends binary input, in ms; 0: none is needed"},
    {FIELD(reboot_ms), .type = SETTING_INT, .max = 60000, .initial = "1000",
     .help = "how long a reboot takes, in ms"},
    {FIELD(state_urc), .type = SETTING_BOOL, .initial = "0",
     .help = "report each change of the connection by +IMQTTSTATE"},
    {FIELD(state_connected), .type = SETTING_INT, .min = 1, .max = 2, .initial = "2",
     .help = "the number that +IMQTTSTATE gives for connected"},
    {FIELD(rcv_format), .type = SETTING_CHOICE, .choices = rcv_formats, .initial = "auto",
     .help = "how received payloads are reported: auto by content, text always as text"},
    {FIELD(rcv_escape), .type = SETTING_BOOL, .initial = "1",
     .help = "quotes in texts of CoAP and HTTP have a backslash before them"},
    {FIELD(urc_ok), .type = SETTING_BOOL, .initial = "1",
     .help = "an OK line behind received text messages"},
    {FIELD(urc_equals), .type = SETTING_BOOL, .initial = "0",
     .help = "= for : in receive reports, as the standard's examples print"},
    {FIELD(cellular), .type = SETTING_BOOL, .initial = "0",
     .help =
         "the commands of a cellular module: CPIN, CCID, CSQ, CREG, CEREG, CCLK, XIIC, NVSETBAND"},
};

const struct settings_group ica_settings_group = {
    .section = "ica",
    .rows = settings_rows,
    .count = sizeof settings_rows / sizeof *settings_rows,
    .size = sizeof(struct ica_settings),
};

static const char *const defaults[] = {
    "port.echo=0",
    "identity.model=ica",
    "identity.imsi=460000000000001",
    "identity.iccid=89860000000000000001",
    NULL,
};

static void configure(const struct settings *settings, struct at_config *config)
{
    const struct ica_settings *ica = settings_of(settings, &ica_settings_group);
    config->lenient = ica->lenient;
    config->data_timeout_ms = (unsigned)ica->data_timeout * 1000;
    config->guard_ms = (unsigned)ica->plus_guard_ms;
}

/* `ica.cellular` is the only gate. */
static bool enabled(const struct settings *settings, const char *gate)
{
    (void)gate;
    const struct ica_settings *ica = settings_of(settings, &ica_settings_group);
    return ica->cellular;
}

/* ---- kept values ---- */

#define KEPT(n, low, high, text)                                                                   \
    {                                                                                              \
        .name = (n), .min = (low), .max = (high), .initial = (text)                                \
    }

const struct kept_value ica_kept[ICA_KEPT_COUNT] = {
    [ICA_MQTT_MODE] = KEPT("mqtt.mode", 0, 1, "0"),
    [ICA_MQTT_TIMEOUT] = KEPT("mqtt.timeout_ms", 100, 3600000, "2000"),
    [ICA_MQTT_CLEAN] = KEPT("mqtt.clean", 0, 1, "1"),
    [ICA_MQTT_KEEPALIVE] = KEPT("mqtt.keepalive", 5, 65535, "60"),
    [ICA_MQTT_VERSION] = KEPT("mqtt.version", 3, 5, "3.1.1"),
    [ICA_MQTT_PRODUCT_KEY] = KEPT("mqtt-auth.product_key", 1, ICA_AUTH_MAX, ""),
    [ICA_MQTT_DEVICE_NAME] = KEPT("mqtt-auth.device_name", 1, ICA_AUTH_MAX, ""),
    [ICA_MQTT_DEVICE_SECRET] = KEPT("mqtt-auth.device_secret", 1, ICA_AUTH_MAX, ""),
    [ICA_COAP_TIMEOUT] = KEPT("coap.timeout_ms", 500, 120000, "2000"),
    [ICA_COAP_PRODUCT_KEY] = KEPT("coap-auth.product_key", 1, ICA_AUTH_MAX, ""),
    [ICA_COAP_DEVICE_NAME] = KEPT("coap-auth.device_name", 1, ICA_AUTH_MAX, ""),
    [ICA_COAP_DEVICE_SECRET] = KEPT("coap-auth.device_secret", 1, ICA_AUTH_MAX, ""),
    [ICA_HTTP_KEEPALIVE] = KEPT("http.keepalive", 0, 1, "0"),
    [ICA_HTTP_TIMEOUT] = KEPT("http.timeout_ms", 500, 600000, "5000"),
    [ICA_HTTP_PRODUCT_KEY] = KEPT("http-auth.product_key", 1, ICA_AUTH_MAX, ""),
    [ICA_HTTP_DEVICE_NAME] = KEPT("http-auth.device_name", 1, ICA_AUTH_MAX, ""),
    [ICA_HTTP_DEVICE_SECRET] = KEPT("http-auth.device_secret", 1, ICA_AUTH_MAX, ""),
    [ICA_OTA_DURATION] = KEPT("ota.duration", 60, 31536000, "86400"),
    [ICA_OTA_BLOCKSIZE] = KEPT("ota.blocksize", 16, 8192, "512"),
    [ICA_LOG_LEVEL] = KEPT("log.level", 0, 5, "0"),
    [ICA_BAND] = KEPT("cell.band", 1, 64, ""),
};

/* ---- life ---- */

static void power_on(struct ica *ica)
{
    ica_mqtt_power_on(ica);
    ica_coap_power_on(ica);
    ica_http_power_on(ica);
    ica_ota_power_on(ica);
    ica_apply_log_level(ica);
}

static void power_off(struct ica *ica)
{
    ica_ota_power_off(ica);
    ica_http_power_off(ica);
    ica_coap_power_off(ica);
    ica_mqtt_power_off(ica);
    ica->data_link = false;
}

static void cycle(void *ctx)
{
    power_off(ctx);
    power_on(ctx);
}

static void *create(const struct dialect_env *env)
{
    struct ica *ica = mem_zeroed(sizeof *ica);
    ica->env = *env;
    ica->kept = (struct kept){.env = &ica->env, .values = ica_kept, .failed = ICA_MEMORY_FULL};
    ica->settings = settings_of(env->settings, &ica_settings_group);
    reboot_init(&ica->reboot, &ica->env,
                &(struct reboot_plan){.all_sent = ica_all_sent,
                                      .cycle = cycle,
                                      .dead_ms = (unsigned)ica->settings->reboot_ms},
                ica);
    power_on(ica);
    return ica;
}

static void destroy(void *instance)
{
    struct ica *ica = instance;
    reboot_end(&ica->reboot);
    power_off(ica);
    free(ica);
}

static const struct at_table *const tables[] = {&ica_mqtt_table,   &ica_coap_table,
                                                &ica_http_table,   &ica_ota_table,
                                                &ica_system_table, &ica_cellular_table};

const struct dialect ica_dialect = {
    .id = "ica",
    .title = "ICA Alliance AT command set V0.4",
    .cellular = true,
    .grammar = &ica_grammar,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .settings = &ica_settings_group,
    .defaults = defaults,
    .configure = configure,
    .enabled = enabled,
    .create = create,
    .connection = ica_connection_word,
    .destroy = destroy,
};
