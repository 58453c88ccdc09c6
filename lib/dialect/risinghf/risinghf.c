/* The dialect's declaration and an instance's life. */
#include "dialect/risinghf/risinghf.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/cellular_base.h"
#include "dialect/risinghf/instance.h"
#include "net/network.h"
#include "net/pdp.h"
#include "settings/settings.h"

/* ---- settings ---- */

static const struct setting settings_rows[] = {
    {.key = "ready_urc",
     .type = SETTING_TEXT,
     .offset = offsetof(struct rh_settings, ready_urc),
     .max = 64,
     .initial = "",
     .help = "line that the module sends at each start, such as RDY; empty: none"},
};

const struct settings_group rh_settings_group = {
    .section = "risinghf",
    .rows = settings_rows,
    .count = sizeof settings_rows / sizeof *settings_rows,
    .size = sizeof(struct rh_settings),
};

static const char *const defaults[] = {
    "identity.model=risinghf",
    "identity.imei=860720087453595",
    "identity.imsi=460001234567890",
    "identity.iccid=89860000000000000001",
    NULL,
};

static void configure(const struct settings *settings, struct at_config *config)
{
    (void)settings;
    config->data_timeout_ms = RH_LIMIT_MS;
}

/* ---- kept values ---- */

#define KEPT(n)                                                                                    \
    {                                                                                              \
        .name = (n), .max = 1024, .initial = ""                                                    \
    }

const struct kept_value rh_kept[RH_KEPT_COUNT] = {
    [RH_DYNREG1_PRODUCT_KEY] = KEPT("dynreg1.product_key"),
    [RH_DYNREG1_DEVICE_NAME] = KEPT("dynreg1.device_name"),
    [RH_DYNREG1_DEVICE_SECRET] = KEPT("dynreg1.device_secret"),
    [RH_DYNREG2_CLIENT_ID] = KEPT("dynreg2.client_id"),
    [RH_DYNREG2_USER_NAME] = KEPT("dynreg2.user_name"),
    [RH_DYNREG2_PASSWORD] = KEPT("dynreg2.password"),
};

/* ---- life ---- */

static void power_on(struct rh *rh)
{
    rh_config_reset(rh);
    rh->mqtt = mqtt_create(rh->env.services, &rh_mqtt_events, rh);
}

static void power_off(struct rh *rh)
{
    rh_dynreg_free(rh);
    mqtt_destroy(rh->mqtt);
    rh->mqtt = NULL;
    rh->clean = rh->told_down = rh->reopen = false;
    rh_requests_free(rh);
    topics_clear(&rh->subscriptions);
    rh_last_free(&rh->published);
    rh_last_free(&rh->published_hex);
    rh_last_free(&rh->unsubscribed);
    rh_cache_free(rh);
    rh->counter = 0;
    rh_config_free(rh);
    line_later_end(&rh->line_later);
}

static void cycle(void *ctx)
{
    struct rh *rh = ctx;
    power_off(rh);
    network_set_radio(rh->env.network, true);
    pdp_reset(rh->env.pdp);
    port_set_line(rh->env.port, &rh->line);
    power_on(rh);
}

static void ready(void *ctx)
{
    struct rh *rh = ctx;
    const char *line = rh->settings->ready_urc;
    if (*line) {
        at_urc(rh->env.at, &(struct at_urc){.line = line, .len = strlen(line), .boot = true});
    }
}

static void *create(const struct dialect_env *env)
{
    struct rh *rh = mem_zeroed(sizeof *rh);
    rh->env = *env;
    rh->settings = settings_of(env->settings, &rh_settings_group);
    rh->kept = (struct kept){.env = &rh->env, .values = rh_kept, .failed = AT_ERROR};
    rh->line = *port_line(env->port);
    line_later_init(&rh->line_later, &rh->env);
    reboot_init(&rh->reboot, &rh->env, &(struct reboot_plan){.cycle = cycle, .alive = ready}, rh);
    power_on(rh);
    ready(rh);
    return rh;
}

static void destroy(void *instance)
{
    struct rh *rh = instance;
    reboot_end(&rh->reboot);
    power_off(rh);
    free(rh);
}

static const struct at_table *const tables[] = {
    &rh_config_table,  &rh_connection_table, &rh_subscribe_table, &rh_publish_table,
    &rh_receive_table, &rh_cloud_table,      &rh_base_table,      &cellular_base_table,
};

const struct dialect risinghf_dialect = {
    .id = "risinghf",
    .title = "RisingHF LTE series, MQTT AT commands",
    .cellular = true,
    .grammar = &rh_grammar,
    .tables = tables,
    .table_count = sizeof tables / sizeof *tables,
    .settings = &rh_settings_group,
    .defaults = defaults,
    .configure = configure,
    .create = create,
    .connection = rh_connection_word,
    .destroy = destroy,
};
