/* A transparent link's throughput, line to TCP and back: a modem with a dialect of the least kind,
 * against socat, which does nothing else. */
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "at/stream.h"
#include "base/mem.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/resolve.h"
#include "nvram/nvram.h"
#include "port/port.h"
#include "service/socket/socket.h"
#include "settings/settings.h"
#include "tests/bench/bench.h"

enum { KIB = 1024, PIECE = 16 * KIB };

/* ---- the modem: a child, with a dialect that is a transparent link and nothing else ---- */

struct link {
    struct at *at;
    struct socket *sock;
};

static size_t from_line(void *ctx, const char *bytes, size_t len)
{
    struct link *link = ctx;
    return socket_send(link->sock, bytes, len);
}

static void line_writable(void *ctx)
{
    struct link *link = ctx;
    socket_resume(link->sock);
}

static void left(void *ctx, enum at_stream_left how)
{
    (void)ctx;
    (void)how;
}

static const struct at_stream_events stream_events = {
    .input = from_line, .writable = line_writable, .left = left};

static void on_connected(void *ctx, const char *address, int local_port)
{
    (void)address;
    (void)local_port;
    struct link *link = ctx;
    const struct at_stream stream = {
        .events = &stream_events, .ctx = link, .guard_ms = 1000, .stays = true};
    at_open_stream(link->at, 0, &stream, "CONNECT", 1);
}

static void on_failed(void *ctx, enum socket_failure failure, const char *why)
{
    (void)ctx;
    (void)failure;
    (void)why;
    die("connect");
}

static size_t from_peer(void *ctx, const char *bytes, size_t len)
{
    struct link *link = ctx;
    return at_stream_write(link->at, bytes, len);
}

static void peer_writable(void *ctx)
{
    struct link *link = ctx;
    at_stream_ready(link->at);
}

static const struct socket_events socket_events = {
    .connected = on_connected, .failed = on_failed, .data = from_peer, .writable = peer_writable};

static void configure(const struct settings *settings, struct at_config *config)
{
    (void)settings;
    (void)config;
}

static bool enabled(const struct settings *settings, const char *gate)
{
    (void)settings;
    (void)gate;
    return false;
}

/* The modem's name is the port to connect to. */
static void *create(const struct dialect_env *env)
{
    struct link *link = mem_zeroed(sizeof *link);
    link->at = env->at;
    link->sock = socket_create(env->services, &socket_events, link);
    socket_open(link->sock, &(struct socket_options){.kind = SOCKET_TCP,
                                                     .host = "127.0.0.1",
                                                     .port = atoi(env->name),
                                                     .connect_timeout_ms = 10000});
    return link;
}

static const char *connection(const void *instance)
{
    (void)instance;
    return "";
}

static void destroy(void *instance)
{
    struct link *link = instance;
    socket_destroy(link->sock);
    free(link);
}

static const struct at_grammar grammar = {.name = "transparent", .line_max = 64};
static const char *const defaults[] = {NULL};
static const struct dialect dialect = {
    .id = "transparent",
    .title = "a transparent link",
    .grammar = &grammar,
    .defaults = defaults,
    .configure = configure,
    .enabled = enabled,
    .create = create,
    .connection = connection,
    .destroy = destroy,
};

static _Noreturn void be_modem(const char *folder, const char *path, const char *name)
{
    struct ev_loop *loop = ev_default_loop(0);
    struct log_sink sink = log_stderr();
    struct log *log = log_create(NULL, LEVEL_WARNING, sink);
    struct modem_host host = {
        .loop = loop,
        .resolver = resolver_create(loop, NULL),
        .writer = nvram_writer_create(loop),
        .watch = port_watch_create(loop, log),
        .sink = sink,
        .level = LEVEL_WARNING,
    };
    char *nvram = mem_printf("%s/nvram", folder);
    struct modem_config config = {
        .name = name,
        .dialect = &dialect,
        .settings = modem_settings_create(&dialect),
        .link = path,
        .nvram = nvram,
        .folder = folder,
    };
    if (!modem_create(&host, &config)) {
        exit(1);
    }
    ev_run(loop, 0);
    exit(0);
}

/* ---- both ---- */

struct way {
    int line, peer;
    pid_t pid;
};

struct transparent {
    struct way modem, socat;
    bool up; /* from the line to TCP */
};

static int listener(char port[16])
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, (struct sockaddr *)&address, len) != 0 || listen(fd, 1) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        die("listen");
    }
    snprintf(port, 16, "%d", ntohs(address.sin_port));
    return fd;
}

static void be_socat(const char *path, const char *port)
{
    char *line = mem_printf("PTY,link=%s,raw,echo=0", path);
    char *peer = mem_printf("TCP:127.0.0.1:%s,nodelay", port);
    execlp("socat", "socat", line, peer, (char *)NULL);
    die("socat");
}

static void begin(struct way *way, const char *folder, const char *name, bool modem)
{
    char port[16];
    char path[100];
    int fd = listener(port);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    way->pid = fork_child();
    if (way->pid == 0 && modem) {
        be_modem(folder, path, port);
    } else if (way->pid == 0) {
        be_socat(path, port);
    }
    way->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    close(fd);
    while (access(path, F_OK) != 0) {
        usleep(1000);
    }
    way->line = line_open(path);
    if (modem) {
        line_read_until(way->line, "CONNECT\r\n");
    }
    fcntl(way->line, F_SETFL, O_NONBLOCK);
    fcntl(way->peer, F_SETFL, O_NONBLOCK);
    unlink(path); /* the folder is to be empty */
}

/* A block of KiB from one end to the other. */
static void carry(const struct way *way, bool up)
{
    static char bytes[PIECE];
    int from = up ? way->line : way->peer;
    int to = up ? way->peer : way->line;
    size_t sent = 0;
    size_t got = 0;
    while (got < (size_t)BLOCK * KIB) {
        size_t left = (size_t)BLOCK * KIB - sent;
        struct pollfd fds[2] = {{.fd = to, .events = POLLIN},
                                {.fd = from, .events = left ? POLLOUT : 0}};
        poll(fds, 2, -1);
        if (fds[0].revents) {
            ssize_t more = read(to, bytes, sizeof bytes);
            if (more == 0 || (more < 0 && errno != EAGAIN)) {
                die("read");
            }
            got += more > 0 ? (size_t)more : 0;
        }
        if (left && fds[1].revents) {
            ssize_t put = write(from, bytes, left < sizeof bytes ? left : sizeof bytes);
            if (put < 0 && errno != EAGAIN) {
                die("write");
            }
            sent += put > 0 ? (size_t)put : 0;
        }
    }
}

static void by_modem(void *ctx)
{
    const struct transparent *both = ctx;
    carry(&both->modem, both->up);
}

static void by_socat(void *ctx)
{
    const struct transparent *both = ctx;
    carry(&both->socat, both->up);
}

void measure_transparent(char **args)
{
    struct transparent both = {.up = strcmp(args[0], "up") == 0};
    char folder[] = "/tmp/atmodemd-bench-XXXXXX";
    if (!mkdtemp(folder)) {
        die("a temporary folder");
    }
    begin(&both.modem, folder, "modem", true);
    begin(&both.socat, folder, "socat", false);
    run_pairs(by_modem, by_socat, &both);
    end_child(both.modem.pid);
    end_child(both.socat.pid);
    char *nvram = mem_printf("%s/nvram", folder);
    unlink(nvram);
    free(nvram);
    rmdir(folder);
}
