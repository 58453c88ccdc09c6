/* The dialect's declaration and an instance's life. */
#include "dialect/uc8088/uc8088.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"
#include "settings/settings.h"

/* ---- settings ---- */

static const char *const ext_errors[] = {[UC_EXT_AS_EXT] = "ext", [UC_EXT_AS_CME] = "cme", NULL};
static const char *const httpreads[] = {
    [UC_HTTPREAD_SPLIT] = "split", [UC_HTTPREAD_LINE] = "line", NULL};

#define FIELD(name) .key = #name, .offset = offsetof(struct uc_settings, name)

static const struct setting settings_rows[] = {
    {FIELD(ext_error), .type = SETTING_CHOICE, .choices = ext_errors, .initial = "ext",
     .help = "how +EXT ERROR leaves: as it is, or as +CME ERROR for hosts that do not know it"},
    {FIELD(httpread), .type = SETTING_CHOICE, .choices = httpreads, .initial = "split",
     .help = "where the body is in an answer of HTTPREAD: below its head, or on the same line"},
    {FIELD(sleep), .type = SETTING_BOOL, .initial = "0",
     .help = "the module really sleeps after AT+LPM, and loses the bytes that wake it"},
};

const struct settings_group uc_settings_group = {
    .section = "uc8088",
    .rows = settings_rows,
    .count = sizeof settings_rows / sizeof *settings_rows,
    .size = sizeof(struct uc_settings),
};

static const char *const defaults[] = {
    "identity.manufacturer=ucchip",        "identity.model=8088",
    "identity.revision=012345678",         "identity.hardware=00123456",
    "identity.imei=863711020146740",       "identity.imsi=460040812002376",
    "identity.iccid=89860000000000000001", NULL,
};

static void configure(const struct settings *settings, struct at_config *config)
{
    const struct uc_settings *own = settings_of(settings, &uc_settings_group);
    if (own->ext_error == UC_EXT_AS_CME) {
        config->grammar = &uc_grammar_cme;
    }
}

/* ---- kept values ---- */

const struct kept_value uc_kept[UC_KEPT_COUNT] = {
    [UC_MQTT_TLS] = {.name = "mqtt.tls", .initial = "0", .max = 1},
    [UC_MQTT_CA] = {.name = "mqtt.ca", .initial = "", .max = UC_CERTIFICATE_MAX},
    [UC_MQTT_CERT] = {.name = "mqtt.cert", .initial = "", .max = UC_CERTIFICATE_MAX},
    [UC_MQTT_KEY] = {.name = "mqtt.key", .initial = "", .max = UC_CERTIFICATE_MAX},
};

/* ---- life ---- */

static void power_on(struct uc *uc)
{
    uc->powered = uc->registers = uc->locked = false;
    uc->stat = uc->cgreg_n = uc->creg_n = 0;
    uc->cops_mode = 0;
    uc->cops_format = 2;
    uc->plmn = 0;
    uc->frequency = 0;
    uc->lpm_mode = 0;
    uc->lpm_control = 1;
    uc->ifc[0] = uc->ifc[1] = uc->cscs = 0;
    memset(uc->context, 0, sizeof uc->context);
    at_set_doze(uc->env.at, NULL);
    uc_sockets_power_on(uc);
    uc_ftp_power_on(uc);
    uc_http_power_on(uc);
    uc_mqtt_power_on(uc);
    pdp_reset(uc->env.pdp);
    network_set_radio(uc->env.network, false);
}

void uc_network_gone(struct uc *uc)
{
    uc_sockets_gone(uc);
    uc_call_check(uc);
}

static void power_off(struct uc *uc)
{
    uc_call_end(uc);
    uc_mqtt_power_off(uc);
    uc_http_power_off(uc);
    uc_ftp_power_off(uc);
    uc_sockets_power_off(uc);
}

void uc_restart(struct uc *uc)
{
    power_off(uc);
    power_on(uc);
    at_restart(uc->env.at);
}

static void *create(const struct dialect_env *env)
{
    struct uc *uc = mem_zeroed(sizeof *uc);
    uc->env = *env;
    uc->settings = settings_of(env->settings, &uc_settings_group);
    uc->kept = (struct kept){.env = &uc->env, .values = uc_kept, .failed = UC_INTERNAL};
    line_later_init(&uc->line, &uc->env);
    pdp_set_gprs(env->pdp);
    power_on(uc);
    uc->network = (struct network_listener){.changed = uc_network_changed, .ctx = uc};
    network_listen(uc->env.network, &uc->network);
    return uc;
}

static void destroy(void *instance)
{
    struct uc *uc = instance;
    network_unlisten(uc->env.network, &uc->network);
    line_later_end(&uc->line);
    power_off(uc);
    free(uc);
}

static const char *connection(const void *instance)
{
    return uc_mqtt_word(instance);
}

static const struct at_table *const tables[] = {
    &uc_system_table, &uc_identity_table, &uc_registration_table, &uc_packet_table,
    &uc_qos_table,    &uc_data_table,     &uc_host_table,         &uc_sockets_table,
    &uc_ftp_table,    &uc_http_table,     &uc_mqtt_table,         &uc_factory_table,
};

const struct dialect uc8088_dialect = {
    .id = "uc8088",
    .title = "UC8088 GPRS module",
    .cellular = true,
    .grammar = &uc_grammar,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .settings = &uc_settings_group,
    .defaults = defaults,
    .configure = configure,
    .create = create,
    .connection = connection,
    .destroy = destroy,
};
