#include "net/provision.h"

#include <ev.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/provision_message.h"
#include "net/provision_udp.h"
#include "settings/settings.h"

/* Known to everybody: it keeps the datagrams' form, and no secret. */
static const char default_key[PROVISION_KEY_LEN + 1] = "atmodemd-default";

#define BY_ITSELF_S 1. /* after the start */

static const struct setting rows[] = {
    {.key = "listen",
     .type = SETTING_TEXT,
     .offset = offsetof(struct provision_settings, listen),
     .initial = "",
     .check = provision_udp_check,
     .help = "ADDRESS:PORT (UDP) at which encrypted Wi-Fi credentials arrive while the module is "
             "being provisioned, docs/provisioning.md; port 0: any free one, see the log; empty: "
             "none"},
};

const struct settings_group provision_settings_group = {
    .section = "provision",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct provision_settings),
};

struct provision {
    struct ev_loop *loop;
    struct log *log;
    const struct provision_settings *settings;
    const struct provision_events *events;
    void *ctx;
    enum provision_state state;
    struct provision_udp *udp; /* NULL: none */
    ev_timer by_itself;        /* gives those of the options */
    struct provision_credentials configured;
    ev_timer soon; /* tells those that have come */
    struct provision_credentials come;
};

static const char *kind_name(enum provision_state kind)
{
    return kind == PROVISION_BLE ? "BLE" : "soft-AP";
}

static void close_udp(struct provision *provision)
{
    provision_udp_close(provision->udp);
    provision->udp = NULL;
}

/* The end of provisioning, but for telling what has come. */
static void end(struct provision *provision)
{
    provision->state = PROVISION_IDLE;
    ev_timer_stop(provision->loop, &provision->by_itself);
    mem_wipe(&provision->configured, sizeof provision->configured);
}

static void accept_credentials(struct provision *provision,
                               const struct provision_credentials *credentials, const char *whence)
{
    log_info(provision->log, "provisioning: credentials for %s have come %s", credentials->ssid,
             whence);
    provision->come = *credentials;
    end(provision);
    ev_timer_set(&provision->soon, 0., 0.);
    ev_timer_start(provision->loop, &provision->soon);
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct provision *provision = timer->data;
    struct provision_credentials credentials = provision->come;
    mem_wipe(&provision->come, sizeof provision->come);
    provision->events->given(provision->ctx, credentials.ssid, credentials.psk);
    mem_wipe(&credentials, sizeof credentials);
}

static void on_by_itself(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct provision *provision = timer->data;
    struct provision_credentials credentials = provision->configured;
    close_udp(provision);
    accept_credentials(provision, &credentials, "from the settings");
    mem_wipe(&credentials, sizeof credentials);
}

/* The socket stays, to repeat its answer. */
static void on_datagram(void *ctx, const struct provision_credentials *credentials)
{
    accept_credentials(ctx, credentials, "in a datagram");
}

struct provision *provision_create(struct ev_loop *loop, struct log *log,
                                   const struct provision_settings *settings,
                                   const struct provision_events *events, void *ctx)
{
    struct provision *provision = mem_zeroed(sizeof *provision);
    provision->loop = loop;
    provision->log = log;
    provision->settings = settings;
    provision->events = events;
    provision->ctx = ctx;
    ev_timer_init(&provision->by_itself, on_by_itself, BY_ITSELF_S, 0.);
    provision->by_itself.data = provision;
    ev_timer_init(&provision->soon, on_soon, 0., 0.);
    provision->soon.data = provision;
    return provision;
}

void provision_destroy(struct provision *provision)
{
    if (provision) {
        provision_stop(provision);
        free(provision);
    }
}

static void announce(const struct provision *provision, const struct provision_options *options)
{
    if (options->kind == PROVISION_AP && options->ap_ssid) {
        log_info(provision->log, "provisioning: started as soft-AP %s, %s", options->ap_ssid,
                 options->ap_psk && *options->ap_psk ? "with a password" : "open");
    } else {
        log_info(provision->log, "provisioning: started as %s", kind_name(options->kind));
    }
}

void provision_start(struct provision *provision, const struct provision_options *options)
{
    provision_stop(provision);
    provision->state = options->kind;
    announce(provision, options);
    if (*provision->settings->listen) {
        provision->udp =
            provision_udp_open(provision->loop, provision->log, provision->settings->listen,
                               options->key ? options->key : default_key, on_datagram, provision);
    }
    if (!options->ssid || !*options->ssid) {
        return;
    }
    if (!provision_credentials_set(&provision->configured, options->ssid, options->psk)) {
        log_error(provision->log, "provisioning: the ssid or psk of the settings is too long");
        return;
    }
    ev_now_update(provision->loop);
    ev_timer_set(&provision->by_itself, BY_ITSELF_S, 0.);
    ev_timer_start(provision->loop, &provision->by_itself);
}

void provision_stop(struct provision *provision)
{
    if (provision->state != PROVISION_IDLE) {
        log_info(provision->log, "provisioning: stopped");
    }
    end(provision);
    ev_timer_stop(provision->loop, &provision->soon);
    mem_wipe(&provision->come, sizeof provision->come);
    close_udp(provision);
}

enum provision_state provision_state(const struct provision *provision)
{
    return provision->state;
}

const char *provision_address(const struct provision *provision)
{
    return provision->state != PROVISION_IDLE && provision->udp
               ? provision_udp_address(provision->udp)
               : "";
}

bool provision_give(struct provision *provision, const char *ssid, const char *psk)
{
    struct provision_credentials credentials;
    if (provision->state == PROVISION_IDLE || !provision_credentials_set(&credentials, ssid, psk)) {
        return false;
    }
    close_udp(provision);
    accept_credentials(provision, &credentials, "by hand");
    mem_wipe(&credentials, sizeof credentials);
    return true;
}
