#include "modem/modem.h"

#include <ev.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "dialect/dialect.h"
#include "dialect/identity.h"
#include "net/network.h"
#include "net/pdp.h"
#include "net/redirect.h"
#include "nvram/nvram.h"
#include "port/port.h"
#include "service/counters.h"
#include "service/env.h"
#include "settings/settings.h"

struct modem {
    const struct modem_host *host;
    const struct dialect *dialect;
    const struct settings *settings;
    struct log *log;
    struct port *port;
    struct at *at;
    struct nvram *nvram;
    struct network *network;
    struct pdp *pdp;
    struct redirect *redirect;
    char *name, *folder;
    struct service_env services;
    void *instance; /* the dialect's */
    ev_timer timer; /* the interpreter's next deadline */
    ev_timer soon;  /* never started: an event on it runs the interpreter */
    bool busy;      /* the interpreter is running: it need not be woken */
    bool present;   /* a host is there */
    modem_tap tap;  /* a console's, or NULL */
    void *tap_ctx;
    const struct modem_watcher *watcher; /* or NULL */
    void *watcher_ctx;
    bool watched;        /* its lines are */
    uint64_t first_line; /* what the numbers of console lines begin behind */
    struct service_counters counters;
};

/* ---- between port and interpreter ---- */

static void arm_timer(struct modem *modem)
{
    struct ev_loop *loop = modem->host->loop;
    at_time deadline = at_deadline(modem->at);
    if (deadline == AT_NEVER) {
        ev_timer_stop(loop, &modem->timer);
        return;
    }
    at_time wait = deadline - clock_ms();
    ev_timer_stop(loop, &modem->timer);
    ev_timer_set(&modem->timer, wait > 0 ? (double)wait / 1000. : 0., 0.);
    ev_timer_start(loop, &modem->timer);
}

/* Writes what the port takes; what it does not take waits for its writable event. */
static void flush(struct modem *modem)
{
    size_t len;
    const char *bytes;
    modem->busy = true;
    while (bytes = at_output(modem->at, &len), len > 0) {
        size_t written = port_write(modem->port, bytes, len);
        at_output_written(modem->at, written, clock_ms());
        if (written < len) {
            break;
        }
    }
    modem->busy = false;
    port_resume(modem->port);
    arm_timer(modem);
}

static void tick(struct modem *modem)
{
    modem->busy = true;
    at_tick(modem->at, clock_ms());
    flush(modem);
}

static void port_input(void *ctx, const char *bytes, size_t len)
{
    struct modem *modem = ctx;
    modem->busy = true;
    at_feed(modem->at, bytes, len, clock_ms());
    flush(modem);
}

static size_t port_input_room(void *ctx)
{
    const struct modem *modem = ctx;
    return at_input_room(modem->at);
}

static void port_writable(void *ctx)
{
    flush(ctx);
}

static void port_present(void *ctx, bool present)
{
    struct modem *modem = ctx;
    log_write(modem->log, LEVEL_STATE, present ? "a host opened the port" : "the host has gone");
    modem->busy = true;
    modem->present = present;
    if (present) {
        at_host_came(modem->at, clock_ms());
    } else {
        at_host_gone(modem->at, clock_ms());
    }
    flush(modem);
}

static const struct port_events port_events = {
    .input = port_input,
    .input_room = port_input_room,
    .writable = port_writable,
    .present = port_present,
};

/* Bytes that are there already came before the time that the timer stands for. */
static void timer_fired(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct modem *modem = timer->data;
    port_poll(modem->port);
    tick(modem);
}

static void soon_fired(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    tick(timer->data);
}

/* The interpreter wants to be run, but not from where it says so. */
static void wake(void *ctx)
{
    struct modem *modem = ctx;
    if (!modem->busy) {
        ev_feed_event(modem->host->loop, &modem->soon, EV_CUSTOM);
    }
}

static bool enabled(void *ctx, const char *gate)
{
    const struct modem *modem = ctx;
    return modem->dialect->enabled && modem->dialect->enabled(modem->settings, gate);
}

/* ---- what the interpreter tells ---- */

static void trace(void *ctx, enum at_trace what, const char *text, size_t len)
{
    struct modem *modem = ctx;
    if (modem->watched) {
        modem->watcher->line(modem->watcher_ctx, modem, what, text, len);
    }
    log_write(modem->log, LEVEL_LINE, "%s %.*s", what == AT_TRACE_IN ? ">" : "<", (int)len, text);
}

static void tap(void *ctx, const char *bytes, size_t len)
{
    struct modem *modem = ctx;
    if (modem->tap) {
        modem->tap(modem->tap_ctx, modem, bytes, len);
    }
}

static void console_done(void *ctx, bool ok, uint64_t first, uint64_t last)
{
    const struct modem *modem = ctx;
    if (modem->watcher && modem->watcher->console_done) {
        modem->watcher->console_done(modem->watcher_ctx, ok, modem->first_line + first,
                                     modem->first_line + last);
    }
}

static void warn(void *ctx, const char *text)
{
    struct modem *modem = ctx;
    log_warning(modem->log, "%s", text);
}

/* ---- life ---- */

static void create_interpreter(struct modem *modem)
{
    const struct line_settings *line = settings_of(modem->settings, &line_settings_group);
    struct at_config config = {
        .grammar = modem->dialect->grammar,
        .tables = modem->dialect->tables,
        .table_count = modem->dialect->table_count,
        .hooks_ctx = modem,
        .enabled = enabled,
        .trace = trace,
        .tap = tap,
        .console_done = console_done,
        .wake = wake,
        .warn = warn,
        .echo = line->echo,
        .backlog = (size_t)line->backlog,
    };
    modem->dialect->configure(modem->settings, &config);
    modem->at = at_create(&config);
    at_set_tracing(modem->at, log_wants(modem->log, LEVEL_LINE));
}

static void create_surroundings(struct modem *modem)
{
    const struct modem_host *host = modem->host;
    const struct network_settings *network = settings_of(modem->settings, &network_settings_group);
    const struct identity_settings *identity =
        settings_of(modem->settings, &identity_settings_group);
    modem->network = network_create(network, *identity->imsi && *identity->iccid);
    if (modem->dialect->cellular) {
        network_follow_host(modem->network, host->loop, modem->log);
    }
    modem->pdp = modem->dialect->cellular ? pdp_create(modem->network) : NULL;
    modem->redirect = redirect_create(network->redirect);
    modem->services = (struct service_env){
        .loop = host->loop,
        .resolver = host->resolver,
        .redirect = modem->redirect,
        .network = modem->dialect->cellular ? modem->network : NULL,
        .counters = &modem->counters,
        .log = modem->log,
    };
}

static void create_instance(struct modem *modem)
{
    modem->instance = modem->dialect->create(&(struct dialect_env){
        .at = modem->at,
        .nvram = modem->nvram,
        .network = modem->network,
        .pdp = modem->pdp,
        .port = modem->port,
        .name = modem->name,
        .settings = modem->settings,
        .services = &modem->services,
        .folder = modem->folder,
        .log = modem->log,
    });
    at_set_context(modem->at, modem->instance);
}

struct modem *modem_create(const struct modem_host *host, const struct modem_config *config)
{
    struct modem *modem = mem_zeroed(sizeof *modem);
    modem->host = host;
    modem->dialect = config->dialect;
    modem->settings = config->settings;
    modem->first_line = (uint64_t)(clock_seconds() * 1e9); /* behind those of all modems before */
    modem->name = mem_string(config->name);
    modem->folder = mem_string(config->folder);
    modem->log = log_create(config->name, host->level, host->sink);
    ev_init(&modem->timer, timer_fired);
    ev_init(&modem->soon, soon_fired);
    modem->timer.data = modem->soon.data = modem;
    modem->nvram = nvram_open(config->nvram, host->writer, modem->log);
    if (!modem->nvram) {
        modem_destroy(modem);
        return NULL;
    }
    create_interpreter(modem);
    const struct port_env env = {host->loop, host->watch, &port_events, modem, modem->log};
    modem->port =
        port_open(&env, settings_of(config->settings, &port_settings_group), config->link);
    if (!modem->port) {
        modem_destroy(modem);
        return NULL;
    }
    create_surroundings(modem);
    create_instance(modem); /* a dialect may keep the speed of the line */
    return modem;
}

const char *modem_name(const struct modem *modem)
{
    return modem->name;
}

struct modem_status modem_status(const struct modem *modem)
{
    return (struct modem_status){
        .dialect = modem->dialect->id,
        .connection = modem->instance ? modem->dialect->connection(modem->instance) : "off",
        .host = modem->present,
        .powered = modem->instance != NULL,
        .waiting = at_output_waiting(modem->at),
        .services = &modem->counters,
        .counters = at_counters(modem->at),
    };
}

bool modem_wifi(const struct modem *modem, struct dialect_wifi *wifi)
{
    bool has = modem->instance && modem->dialect->wifi;
    if (has) {
        *wifi = modem->dialect->wifi(modem->instance);
    }
    return has;
}

struct network *modem_network(const struct modem *modem)
{
    return modem->services.network;
}

struct gpio *modem_gpio(const struct modem *modem)
{
    bool has = modem->instance && modem->dialect->gpio;
    return has ? modem->dialect->gpio(modem->instance) : NULL;
}

uint64_t modem_console_line(struct modem *modem, const char *line, size_t len)
{
    uint64_t number = modem->instance ? at_console_line(modem->at, line, len) : 0;
    return number ? modem->first_line + number : 0;
}

bool modem_urc(struct modem *modem, const char *line, size_t len)
{
    if (!modem->instance) {
        return false;
    }
    at_urc(modem->at, &(struct at_urc){.line = line, .len = len});
    return true;
}

void modem_power(struct modem *modem, bool on)
{
    if (on == (modem->instance != NULL)) {
        return;
    }
    log_info(modem->log, on ? "power on" : "power off");
    if (on) {
        if (modem->pdp) {
            pdp_reset(modem->pdp);
        }
        create_instance(modem);
        at_undeafen(modem->at);
    } else {
        at_deafen(modem->at);
        at_cut(modem->at);
        network_set_radio(modem->network, false); /* what is connected is cut, without a word */
        at_restart(modem->at);
        modem->dialect->destroy(modem->instance);
        modem->instance = NULL;
        at_set_context(modem->at, NULL);
        network_set_radio(modem->network, true);
    }
}

static void set_tracing(struct modem *modem)
{
    at_set_tracing(modem->at, modem->watched || log_wants(modem->log, LEVEL_LINE));
}

void modem_set_watcher(struct modem *modem, const struct modem_watcher *watcher, void *ctx,
                       bool lines)
{
    modem->watcher = watcher;
    modem->watcher_ctx = ctx;
    modem->watched = lines;
    set_tracing(modem);
}

void modem_set_tap(struct modem *modem, modem_tap callee, void *ctx)
{
    modem->tap = callee;
    modem->tap_ctx = ctx;
    at_set_tapped(modem->at, callee != NULL);
}

void modem_set_log_level(struct modem *modem, enum log_level level)
{
    log_set_level(modem->log, level);
    set_tracing(modem);
}

void modem_destroy(struct modem *modem)
{
    if (!modem) {
        return;
    }
    ev_timer_stop(modem->host->loop, &modem->timer);
    ev_clear_pending(modem->host->loop, &modem->soon);
    if (modem->port) {
        port_close(modem->port);
    }
    if (modem->instance) {
        modem->dialect->destroy(modem->instance);
    }
    if (modem->nvram) {
        nvram_close(modem->nvram);
    }
    at_destroy(modem->at);
    redirect_destroy(modem->redirect);
    pdp_destroy(modem->pdp);
    network_destroy(modem->network);
    log_destroy(modem->log);
    free(modem->name);
    free(modem->folder);
    free(modem);
}
