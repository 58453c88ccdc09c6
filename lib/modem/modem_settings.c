#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "cloud/aliyun.h"
#include "dialect/dialect.h"
#include "dialect/identity.h"
#include "modem/modem.h"
#include "net/network.h"
#include "net/provision.h"
#include "port/port.h"
#include "service/coap/coap_client.h"
#include "service/http/http.h"
#include "service/mqtt/mqtt.h"
#include "service/ppp/ppp.h"
#include "settings/settings.h"

static bool check_dialect(const char *value, char *why, size_t why_size)
{
    if (dialect_find(value)) {
        return true;
    }
    snprintf(why, why_size, "no such dialect; see --list-dialects");
    return false;
}

static const struct setting modem_rows[] = {
    {.key = "dialect",
     .type = SETTING_TEXT,
     .offset = offsetof(struct modem_settings, dialect),
     .initial = "ica",
     .check = check_dialect,
     .help = "the module that this modem is"},
    {.key = "profile",
     .type = SETTING_TEXT,
     .offset = offsetof(struct modem_settings, profile),
     .max = 64,
     .initial = "",
     .help = "a named set of settings for a known host; empty: none"},
    {.key = "count",
     .type = SETTING_INT,
     .offset = offsetof(struct modem_settings, count),
     .min = 1,
     .max = 4096,
     .initial = "1",
     .help = "number of equal modems; above 1 names and links get -0, -1, ..."},
};

const struct settings_group modem_settings_group = {
    .section = "modem",
    .rows = modem_rows,
    .count = sizeof modem_rows / sizeof *modem_rows,
    .size = sizeof(struct modem_settings),
};

static const struct setting line_rows[] = {
    {.key = "echo",
     .type = SETTING_BOOL,
     .offset = offsetof(struct line_settings, echo),
     .initial = "1",
     .help = "echo at boot (each dialect has its own default)"},
    {.key = "backlog",
     .type = SETTING_INT,
     .offset = offsetof(struct line_settings, backlog),
     .max = 1024 * 1024,
     .initial = "0",
     .help = "bytes of whole unsolicited results kept while no host is there"},
};

const struct settings_group line_settings_group = {
    .section = "port",
    .rows = line_rows,
    .count = sizeof line_rows / sizeof *line_rows,
    .size = sizeof(struct line_settings),
};

size_t modem_settings_groups(const struct settings_group *groups[MODEM_GROUPS_MAX])
{
    static const struct settings_group *const common[] = {
        &modem_settings_group,     &port_settings_group,        &line_settings_group,
        &mqtt_settings_group,      &coap_client_settings_group, &http_settings_group,
        &cloud_settings_group,     &identity_settings_group,    &network_settings_group,
        &provision_settings_group, &ppp_settings_group,
    };
    size_t count = 0;
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
        groups[count++] = common[i];
    }
    for (size_t i = 0; dialects[i] && count < MODEM_GROUPS_MAX; i++) {
        groups[count++] = dialects[i]->settings;
    }
    return count;
}

struct settings *modem_settings_create(const struct dialect *dialect)
{
    const struct settings_group *groups[MODEM_GROUPS_MAX];
    size_t count = modem_settings_groups(groups);
    struct settings *settings = settings_create(groups, count);
    for (size_t i = 0; dialect->defaults[i]; i++) {
        char *error = NULL;
        if (!settings_set_pair(settings, dialect->defaults[i], dialect->id, &error)) {
            fprintf(stderr, "atmodemd: %s\n", error); /* a mistake in the dialect's table */
            abort();
        }
    }
    return settings;
}
