/* A transparent link's throughput, line to TCP and back: a DX-CT11 in mode 1, against socat, which
 * does nothing else. */
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

#include "base/mem.h"
#include "dialect/dialect.h"
#include "dialect/dx_ct11/dx_ct11.h"
#include "modem/modem.h"
#include "net/resolve.h"
#include "nvram/nvram.h"
#include "port/port.h"
#include "settings/settings.h"
#include "tests/bench/bench.h"

enum { KIB = 1024, PIECE = 16 * KIB };

/* ---- the modem: a child ---- */

static _Noreturn void be_modem(const char *folder, const char *path)
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
        .name = "modem",
        .dialect = &dx_ct11_dialect,
        .settings = modem_settings_create(&dx_ct11_dialect),
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

static void wait_for(const char *path)
{
    while (access(path, F_OK) != 0) {
        usleep(1000);
    }
}

/* Data mode, once the modem is up. */
static void open_link(int line, const char *port)
{
    char *command = mem_printf("AT+QIOPEN=\"TCP\",\"127.0.0.1\",%s,0,1\r", port);
    size_t len = strlen(command);
    line_read_until(line, "NETWORK_ACTIVATE_SUCCESS\r\n");
    if (write(line, command, len) != (ssize_t)len) {
        die("write");
    }
    line_read_until(line, "CONNECT,ID:3\r\n");
    free(command);
}

static void begin(struct way *way, const char *folder, const char *name, bool modem)
{
    char port[16];
    char path[100];
    int fd = listener(port);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    way->pid = fork_child();
    if (way->pid == 0 && modem) {
        be_modem(folder, path);
    } else if (way->pid == 0) {
        be_socat(path, port);
    }
    wait_for(path);
    way->line = line_open(path);
    if (modem) {
        open_link(way->line, port);
    }
    way->peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    close(fd);
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
