#include "daemon/fleet.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "daemon/config.h"
#include "daemon/places.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "port/port.h"
#include "settings/settings.h"

struct member {
    struct plan plan;
    struct modem *modem; /* NULL: it could not be powered on */
};

struct fleet {
    const struct modem_host *host;
    const struct places *places;
    struct log *log;
    struct member *members; /* in the order of the config */
    size_t count;
};

struct fleet *fleet_create(const struct modem_host *host, const struct places *places,
                           struct log *log)
{
    struct fleet *fleet = mem_zeroed(sizeof *fleet);
    fleet->host = host;
    fleet->places = places;
    fleet->log = log;
    return fleet;
}

static void remove_member(struct member *member)
{
    modem_destroy(member->modem);
    plan_free(&member->plan);
}

void fleet_destroy(struct fleet *fleet)
{
    if (!fleet) {
        return;
    }
    for (size_t i = 0; i < fleet->count; i++) {
        remove_member(&fleet->members[i]);
    }
    free(fleet->members);
    free(fleet);
}

static char *link_of(const struct fleet *fleet, const struct plan *plan)
{
    return plan->link ? mem_string(plan->link)
                      : mem_printf("%s/%s", fleet->places->runtime, plan->name);
}

static bool power_on(const struct fleet *fleet, struct member *member)
{
    const struct plan *plan = &member->plan;
    char *link = link_of(fleet, plan);
    char *nvram = mem_printf("%s/%s.%s.ini", fleet->places->state, plan->name, plan->dialect->id);
    member->modem = modem_create(fleet->host, &(struct modem_config){
                                                  .name = plan->name,
                                                  .dialect = plan->dialect,
                                                  .settings = plan->settings,
                                                  .link = link,
                                                  .nvram = nvram,
                                                  .folder = fleet->places->state,
                                              });
    free(nvram);
    free(link);
    return member->modem;
}

static bool same_link(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool unchanged(const struct plan *a, const struct plan *b)
{
    return a->dialect == b->dialect && same_link(a->link, b->link) &&
           settings_equal(a->settings, b->settings);
}

static struct member *find(const struct fleet *fleet, const char *name)
{
    for (size_t i = 0; i < fleet->count; i++) {
        if (fleet->members[i].plan.name && strcmp(fleet->members[i].plan.name, name) == 0) {
            return &fleet->members[i];
        }
    }
    return NULL;
}

bool fleet_apply(struct fleet *fleet, struct config *config)
{
    struct member *members = mem_zeroed(config->count * sizeof *members);
    for (size_t i = 0; i < config->count; i++) {
        struct member *running = find(fleet, config->plans[i].name);
        if (running && running->modem && unchanged(&running->plan, &config->plans[i])) {
            members[i] = *running;
            *running = (struct member){0};
            modem_set_log_level(members[i].modem, fleet->host->level);
        }
    }
    /* What goes, goes before anything comes: links and files may change hands. */
    for (size_t i = 0; i < fleet->count; i++) {
        remove_member(&fleet->members[i]);
    }
    free(fleet->members);
    fleet->members = members;
    fleet->count = config->count;

    bool ok = true;
    for (size_t i = 0; i < config->count; i++) {
        if (!members[i].modem) {
            members[i].plan = config->plans[i];
            config->plans[i] = (struct plan){0};
            ok = power_on(fleet, &members[i]) && ok;
        }
    }
    return ok;
}

size_t fleet_count(const struct fleet *fleet)
{
    return fleet->count;
}

struct fleet_entry fleet_entry(const struct fleet *fleet, size_t index)
{
    const struct member *member = &fleet->members[index];
    const struct port_settings *port = settings_of(member->plan.settings, &port_settings_group);
    bool pty = strcmp(port->path, "pty") == 0;
    return (struct fleet_entry){
        .name = member->plan.name,
        .port = pty ? link_of(fleet, &member->plan) : mem_string(port->path),
        .dialect = member->plan.dialect,
        .modem = member->modem,
    };
}

struct modem *fleet_find(const struct fleet *fleet, const char *name)
{
    const struct member *member = find(fleet, name);
    return member ? member->modem : NULL;
}
