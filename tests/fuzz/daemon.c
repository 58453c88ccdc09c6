/* Real modems: what a console types, and what clients of the control socket ask for. No name leads
 * beyond this machine. */
#include <ev.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "daemon/config.h"
#include "daemon/control_client.h"
#include "daemon/control_watch.h"
#include "daemon/fleet.h"
#include "daemon/options.h"
#include "daemon/places.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/resolve.h"
#include "nvram/nvram.h"
#include "nvram/nvram_writer.h"
#include "port/port.h"
#include "service/coap/coap_client.h"
#include "service/http/http.h"
#include "service/mqtt/mqtt.h"
#include "settings/settings.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

/* Port 9 of loopback refuses. */
#define NOWHERE "network.redirect=*=127.0.0.1:9"

static void drop_line(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)ctx;
    (void)level;
    (void)name;
    FUZZ_HOLDS(text && !strchr(text, '\n'));
}

/* What lives as long as the process; taken down at its end, so that leaks show. */
static struct bench {
    struct modem_host host;
    struct places places;
    struct fleet *fleet;
    struct control control;
} * bench;

static void end_bench(void)
{
    fleet_destroy(bench->fleet);
    nvram_writer_destroy(bench->host.writer);
    resolver_destroy(bench->host.resolver);
    port_watch_destroy(bench->host.watch);
    ev_loop_destroy(bench->host.loop);
    http_library_cleanup();
    coap_client_library_cleanup();
    mqtt_library_cleanup();
    log_destroy(bench->control.log);
    free(bench);
}

static bool reload(void *ctx, char **error)
{
    (void)ctx;
    *error = mem_string("not here");
    return false;
}

static struct bench *begin_bench(void)
{
    if (bench) {
        return bench;
    }
    char *folder = (char *)fuzz_folder();
    mqtt_library_init();
    coap_client_library_init();
    http_library_init();
    bench = mem_zeroed(sizeof *bench);
    struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
    const struct log_sink sink = {drop_line, NULL};
    struct log *log = log_create(NULL, LEVEL_BYTES, sink);
    bench->host = (struct modem_host){
        .loop = loop,
        .resolver = resolver_create(loop, NULL),
        .writer = nvram_writer_create(loop),
        .watch = port_watch_create(loop, log),
        .sink = sink,
        .level = LEVEL_BYTES,
    };
    bench->places = (struct places){.state = folder, .runtime = folder, .lock = -1};
    bench->fleet = fleet_create(&bench->host, &bench->places, log);
    bench->control =
        (struct control){.loop = loop, .fleet = bench->fleet, .reload = reload, .log = log};
    atexit(end_bench);
    return bench;
}

/* ---- consoles ---- */

enum { LINES_MAX = 20 };

struct turn {
    uint64_t number;
    bool done;
};

static void console_done(void *ctx, bool ok, uint64_t first, uint64_t last)
{
    (void)ok;
    struct turn *turn = ctx;
    turn->done = turn->done || (turn->number >= first && turn->number <= last);
}

static void tap(void *ctx, const struct modem *modem, const char *bytes, size_t len)
{
    (void)ctx;
    (void)modem;
    FUZZ_HOLDS(bytes && len);
}

static const struct modem_watcher watcher = {.console_done = console_done};

static bool is_done(void *ctx)
{
    const struct turn *turn = ctx;
    return turn->done;
}

static void type_lines(struct bench *host, struct modem *modem, struct fuzz_input input)
{
    struct turn turn;
    modem_set_watcher(modem, &watcher, &turn, false);
    modem_set_tap(modem, tap, NULL);
    for (unsigned count = 0; input.len && count < LINES_MAX; count++) {
        size_t len;
        char *line = fuzz_text(&input, '\n', &len);
        turn = (struct turn){.number = modem_console_line(modem, line, len)};
        if (turn.number) {
            loop_until_within(host->host.loop, is_done, &turn, .02);
        }
        free(line);
    }
}

/* The first byte is the dialect, then lines. */
void fuzz_modem(const uint8_t *bytes, size_t len)
{
    struct bench *host = begin_bench();
    struct fuzz_input input = {bytes, len};
    const struct dialect *dialect = fuzz_dialect(&input);
    struct settings *settings = modem_settings_create(dialect);
    char *error = NULL;
    FUZZ_HOLDS(settings_set_pair(settings, NOWHERE, "fuzz", &error));
    char *link = temp_path(fuzz_folder(), "modem");
    char *nvram = temp_path(fuzz_folder(), "nvram");
    unlink(nvram);
    struct modem *modem =
        modem_create(&host->host, &(struct modem_config){.name = "fuzz",
                                                         .dialect = dialect,
                                                         .settings = settings,
                                                         .link = link,
                                                         .nvram = nvram,
                                                         .folder = fuzz_folder()});
    FUZZ_HOLDS(modem);
    type_lines(host, modem, input);
    modem_destroy(modem);
    settings_destroy(settings);
    free(link);
    free(nvram);
}

/* ---- the control socket ---- */

static void begin_fleet(struct bench *host)
{
    if (fleet_count(host->fleet)) {
        return;
    }
    for (size_t i = 0; dialects[i]; i++) {
        char *folder = temp_path(fuzz_folder(), "modems.d");
        char *name = mem_printf("%s/m%zu.ini", folder, i);
        char *text = mem_printf("[modem]\ndialect = %s\n[network]\nredirect = *=127.0.0.1:9\n",
                                dialects[i]->id);
        mkdir(folder, 0700);
        temp_write(name, text, strlen(text));
        free(text);
        free(name);
        free(folder);
    }
    char *path = temp_path(fuzz_folder(), "atmodemd.conf");
    temp_write(path, "", 0);
    const struct options options = {.config = path};
    struct config config;
    char *error = NULL;
    FUZZ_HOLDS(config_read(&options, &config, &error));
    FUZZ_HOLDS(fleet_apply(host->fleet, &config));
    config_free(&config);
    free(path);
}

/* Lines as take_lines() of daemon/control_client.c gives them. */
void fuzz_control(const uint8_t *bytes, size_t len)
{
    struct bench *host = begin_bench();
    begin_fleet(host);
    struct fuzz_input input = {bytes, len};
    int ends[2];
    FUZZ_HOLDS(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0);
    struct control_client *client = control_client_create(&host->control, host->host.loop, ends[0]);
    host->control.clients = client;
    host->control.count = 1;
    while (input.len && !client->dead) {
        size_t line_len;
        char answer[4096];
        char *line = fuzz_text(&input, '\n', &line_len);
        control_request(client, line);
        FUZZ_HOLDS(client->dead || recv(ends[1], answer, sizeof answer, 0) > 0); /* each has one */
        while (recv(ends[1], answer, sizeof answer, 0) > 0) {
        }
        free(line);
    }
    control_client_gone(client);
    ev_run(host->host.loop, EVRUN_NOWAIT);
    close(ends[1]);
}
