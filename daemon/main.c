/* atmodemd: options, files, then the loop until a signal. */
#include <errno.h>
#include <ev.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"
#include "daemon/config.h"
#include "daemon/control.h"
#include "daemon/fleet.h"
#include "daemon/lists.h"
#include "daemon/notify.h"
#include "daemon/options.h"
#include "daemon/places.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/resolve.h"
#include "nvram/nvram.h"
#include "port/port.h"
#include "service/coap/coap_client.h"
#include "service/http/http.h"
#include "service/mqtt/mqtt.h"

enum { EXIT_CANNOT_RUN = 1, EXIT_BAD_CONFIG = 2 };

struct daemon {
    const struct options *options;
    struct places places;
    struct log *log;
    struct modem_host host;
    struct fleet *fleet;
    struct control *control;
    ev_signal terminate, interrupt, hangup;
    ev_timer watchdog;
};

/* ---- signals and watchdog ---- */

static void stop(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)watcher;
    (void)events;
    ev_break(loop, EVBREAK_ALL);
}

/* Reads the files again; bad ones are refused whole. */
static bool reload(void *ctx, char **error)
{
    struct daemon *daemon = ctx;
    struct config config;
    notify_reloading();
    bool good = config_read(daemon->options, &config, error);
    if (good) {
        daemon->host.level = config.level;
        log_set_level(daemon->log, config.level);
        fleet_apply(daemon->fleet, &config);
        control_refresh(daemon->control);
        log_info(daemon->log, "reloaded: %zu modems", fleet_count(daemon->fleet));
        config_free(&config);
    } else {
        log_error(daemon->log, "not reloaded: %s", *error);
    }
    notify_send("READY=1");
    return good;
}

static void hang_up(struct ev_loop *loop, ev_signal *watcher, int events)
{
    (void)loop;
    (void)events;
    char *error = NULL;
    reload(watcher->data, &error);
    free(error);
}

static void feed_watchdog(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)timer;
    (void)events;
    notify_send("WATCHDOG=1");
}

static void start_watchers(struct daemon *daemon)
{
    struct ev_loop *loop = daemon->host.loop;
    ev_signal_init(&daemon->terminate, stop, SIGTERM);
    ev_signal_init(&daemon->interrupt, stop, SIGINT);
    ev_signal_init(&daemon->hangup, hang_up, SIGHUP);
    daemon->hangup.data = daemon;
    ev_signal_start(loop, &daemon->terminate);
    ev_signal_start(loop, &daemon->interrupt);
    ev_signal_start(loop, &daemon->hangup);
    double interval = notify_watchdog_interval();
    if (interval > 0.) {
        ev_timer_init(&daemon->watchdog, feed_watchdog, interval, interval);
        ev_timer_start(loop, &daemon->watchdog);
    }
}

/* ---- life ---- */

/* A modem takes five descriptors. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static int run(struct daemon *daemon, struct config *config)
{
    int status = EXIT_CANNOT_RUN;
    struct log_sink sink = log_stderr();
    daemon->log = log_create(NULL, config->level, sink);
    places_find(&daemon->places, daemon->options->state_dir);
    if (!places_enter(&daemon->places, daemon->log)) {
        goto out_places;
    }
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a write beyond a limit fails, and is dealt with */
    raise_descriptor_limit();
    mqtt_library_init();
    coap_client_library_init();
    http_library_init();

    struct modem_host *host = &daemon->host;
    host->sink = sink;
    host->level = config->level;
    host->loop = ev_loop_new(EVFLAG_AUTO);
    if (!host->loop) {
        log_error(daemon->log, "no event loop: %s", strerror(errno));
        goto out_library;
    }
    host->watch = port_watch_create(host->loop, daemon->log);
    if (!host->watch) {
        goto out_loop;
    }
    host->resolver = resolver_create(host->loop, NULL);
    host->writer = nvram_writer_create(host->loop);
    daemon->fleet = fleet_create(host, &daemon->places, daemon->log);
    start_watchers(daemon);
    daemon->control = control_create(&(struct control_options){.loop = host->loop,
                                                               .places = &daemon->places,
                                                               .fleet = daemon->fleet,
                                                               .group = config->control_group,
                                                               .reload = reload,
                                                               .reload_ctx = daemon},
                                     daemon->log);
    if (daemon->control && fleet_apply(daemon->fleet, config)) {
        if (fleet_count(daemon->fleet) == 0) {
            log_warning(daemon->log, "no modem is configured");
        }
        status = EXIT_SUCCESS;
        notify_send("READY=1");
        ev_run(host->loop, 0);
        notify_send("STOPPING=1");
    }
    control_destroy(daemon->control);
    fleet_destroy(daemon->fleet);
    nvram_writer_destroy(host->writer);
    resolver_destroy(host->resolver);
    port_watch_destroy(host->watch);
out_loop:
    ev_loop_destroy(host->loop);
out_library:
    http_library_cleanup();
    coap_client_library_cleanup();
    mqtt_library_cleanup();
out_places:
    places_free(&daemon->places);
    log_destroy(daemon->log);
    return status;
}

static int with_config(const struct options *options)
{
    struct daemon daemon = {.options = options};
    struct config config;
    char *error = NULL;
    if (!config_read(options, &config, &error)) {
        fprintf(stderr, "atmodemd: %s\n", error);
        free(error);
        return EXIT_BAD_CONFIG;
    }
    int status = EXIT_SUCCESS;
    if (options->action == ACTION_RUN) {
        status = run(&daemon, &config);
    }
    config_free(&config);
    return status;
}

static int with_dialect(const struct options *options)
{
    const char *id = options->dialect ? options->dialect : "ica";
    const struct dialect *dialect = dialect_find(id);
    if (!dialect) {
        fprintf(stderr, "atmodemd: --dialect: there is no dialect %s; see --list-dialects\n", id);
        return EXIT_BAD_CONFIG;
    }
    if (options->action == ACTION_LIST_SETTINGS) {
        list_settings(dialect);
    } else {
        list_commands(dialect);
    }
    return EXIT_SUCCESS;
}

static int act(const struct options *options)
{
    switch (options->action) {
    case ACTION_RUN:
    case ACTION_CHECK:
        return with_config(options);
    case ACTION_LIST_DIALECTS:
        list_dialects();
        break;
    case ACTION_LIST_SETTINGS:
    case ACTION_LIST_COMMANDS:
        return with_dialect(options);
    case ACTION_VERSION:
        puts("atmodemd " ATMODEMD_VERSION);
        break;
    case ACTION_HELP:
        fputs(options_usage, stdout);
        break;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options options;
    int status = options_parse(argc, argv, &options) ? act(&options) : EXIT_BAD_CONFIG;
    options_free(&options);
    return status;
}
