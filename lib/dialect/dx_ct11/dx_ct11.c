/* The dialect's declaration and an instance's life. */
#include "dialect/dx_ct11/dx_ct11.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"
#include "service/env.h"
#include "service/ping/ping.h"
#include "settings/settings.h"

enum { DATA_TIMEOUT_MS = 10000, CERTIFICATE_MAX = 2048 };

/* ---- settings ---- */

#define FIELD(name) .key = #name, .offset = offsetof(struct dx_settings, name)

static const struct setting settings_rows[] = {
    {FIELD(escape_guard_ms), .type = SETTING_INT, .min = 1, .max = 5000, .initial = "20",
     .help = "silence around `+++` that leaves data mode, in ms"},
    {FIELD(recv_header), .type = SETTING_BOOL, .initial = "1",
     .help = "a line +QIURC before what a link has received"},
    {FIELD(ota_hook), .type = SETTING_TEXT, .initial = "",
     .help = "program that AT+OTA runs with <mode> and the file it has loaded; empty: none"},
    {FIELD(gpio), .type = SETTING_TEXT, .initial = "", .check = gpio_check,
     .help = "CHIP:L0,L1,L2: lines of the host that AT+GPIO uses with network.provider=host"},
};

const struct settings_group dx_settings_group = {
    .section = "dx-ct11",
    .rows = settings_rows,
    .count = sizeof settings_rows / sizeof *settings_rows,
    .size = sizeof(struct dx_settings),
};

static const char *const defaults[] = {
    "identity.model=dx-ct11",        "identity.revision=CT11_V1.0.1",
    "identity.imei=860720087453595", "identity.iccid=898604E6192391620488",
    "identity.imsi=460046192391620", NULL,
};

static void configure(const struct settings *settings, struct at_config *config)
{
    (void)settings;
    config->data_timeout_ms = DATA_TIMEOUT_MS;
}

/* ---- kept values ---- */

enum { JSON_MAX = 32 * 1024 };

#define KEPT(n, low, high, text)                                                                   \
    {                                                                                              \
        .name = "dx-ct11." n, .min = (low), .max = (high), .initial = (text)                       \
    }

const struct kept_value dx_kept[DX_KEPT_COUNT] = {
    [DX_IPR] = KEPT("ipr", 0, JSON_MAX, ""),
    [DX_SINGLESIM] = KEPT("singlesim", 0, 1, "0"),
    [DX_SIMPLEMODE] = KEPT("simplemode", 0, 2, "0"),
    [DX_STATA] = KEPT("simplemode_stata", 0, 2, "0"),
    [DX_SIMPLECLIENT] = KEPT("simpleclient", 0, JSON_MAX, ""),
    [DX_QMTCFG] = KEPT("qmtcfg", 0, JSON_MAX, ""),
    [DX_QMTCONNCFG] = KEPT("qmtconncfg", 0, JSON_MAX, ""),
    [DX_QMTSTART] = KEPT("qmtstart", 0, JSON_MAX, ""),
    [DX_QMTSUB] = KEPT("qmtsub", 0, JSON_MAX, ""),
    [DX_MQTT_CERT_MODE] = KEPT("mqtt_cert_mode", 0, 1, "0"),
    [DX_MQTT_CERT_TYPE] = KEPT("mqtt_cert_type", 0, 1, "0"),
    [DX_MQTT_CERT] = KEPT("mqtt_cert", 0, CERTIFICATE_MAX, ""),
    [DX_HTTP_CERT_TYPE] = KEPT("http_cert_type", 0, 1, "0"),
    [DX_HTTP_CERT] = KEPT("http_cert", 0, CERTIFICATE_MAX, ""),
};

enum dx_simple dx_simple(const struct dx *dx)
{
    return (enum dx_simple)kept_number(&dx->kept, DX_SIMPLEMODE);
}

/* ---- life ---- */

static void power_on(struct dx *dx)
{
    dx->creg = 0;
    dx->sleeps = dx->sleeps_by_dtr = false;
    dx_apply_line(dx);
    dx_gpio_power_on(dx);
    dx_links_power_on(dx);
    dx_mqtt_power_on(dx);
    dx_http_power_on(dx);
    dx_network_power_on(dx);
    dx_simple_begin(dx);
}

static void power_off(struct dx *dx)
{
    dx_ota_stop(dx);
    dx_http_power_off(dx);
    dx_mqtt_power_off(dx);
    dx_links_power_off(dx);
    ping_cancel(dx->ping);
    dx->ping = NULL;
    dx_clock_stop(dx);
}

static void cycle(void *ctx)
{
    power_off(ctx);
    power_on(ctx);
}

static void saved(void *ctx, bool ok)
{
    struct dx *dx = ctx;
    if (ok) {
        reboot_begin(&dx->reboot, 0);
    }
    at_finish(dx->env.at, dx->waiting, ok ? AT_OK : DX_STATE);
}

at_result dx_save_and_restart(struct dx *dx, const struct kept_changes *set,
                              const struct at_call *call)
{
    dx->waiting = call->ticket;
    if (kept_store(set, saved, dx)) {
        return AT_PENDING;
    }
    reboot_begin(&dx->reboot, 0);
    return AT_OK;
}

static void *create(const struct dialect_env *env)
{
    struct dx *dx = mem_zeroed(sizeof *dx);
    dx->env = *env;
    dx->settings = settings_of(env->settings, &dx_settings_group);
    dx->kept = (struct kept){.env = &dx->env, .values = dx_kept, .failed = DX_STATE};
    dx->line = *port_line(env->port);
    dx->network = (struct network_listener){.changed = dx_network_changed, .ctx = dx};
    network_listen(dx->env.network, &dx->network);
    reboot_init(&dx->reboot, &dx->env, &(struct reboot_plan){.cycle = cycle}, dx);
    dx_gpio_open(dx);
    power_on(dx);
    return dx;
}

static void destroy(void *instance)
{
    struct dx *dx = instance;
    reboot_end(&dx->reboot);
    network_unlisten(dx->env.network, &dx->network);
    power_off(dx);
    gpio_close(dx->gpio);
    free(dx);
}

static struct gpio *lines(void *instance)
{
    const struct dx *dx = instance;
    return dx->gpio;
}

static const char *connection(const void *instance)
{
    return dx_mqtt_word(instance);
}

static const struct at_table *const tables[] = {
    &dx_system_table, &dx_ota_table,         &dx_network_table, &dx_gpio_table,
    &dx_time_table,   &dx_ping_table,        &dx_links_table,   &dx_simple_table,
    &dx_mqtt_table,   &dx_certificate_table, &dx_http_table,
};

const struct dialect dx_ct11_dialect = {
    .id = "dx-ct11",
    .title = "DX-CT11 4G Cat.1 module",
    .cellular = true,
    .grammar = &dx_grammar,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .settings = &dx_settings_group,
    .defaults = defaults,
    .configure = configure,
    .create = create,
    .connection = connection,
    .gpio = lines,
    .destroy = destroy,
};
