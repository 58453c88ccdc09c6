/* A program as the peer: its terminal is the line. */
#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/ppp/ppp_backend.h"
#include "service/ppp/ppp_frame.h"
#include "service/process/process.h"

enum { READ_SIZE = 4096, GRACE_MS = 10000 };

struct ppp_program {
    struct ppp *ppp;
    const struct service_env *env;
    struct process *process;
    int fd; /* the other side of its terminal; -1: none */
    ev_io readable;
    ev_io writable;
    bool speaks; /* its first flag has come: what is before it is talk */
};

/* ---- what it says ---- */

static void queue(struct ppp_program *program, const char *bytes, size_t len)
{
    if (!program->speaks) {
        const char *flag = memchr(bytes, PPP_FRAME_FLAG, len);
        if (!flag) {
            return;
        }
        program->speaks = true;
        len -= (size_t)(flag - bytes);
        bytes = flag;
    }
    buf_add(ppp_queue(program->ppp), bytes, len);
    ppp_queued(program->ppp);
}

/* False if there is nothing more now. */
static bool read_some(struct ppp_program *program)
{
    char bytes[READ_SIZE];
    ssize_t got = read(program->fd, bytes, sizeof bytes);
    if (got > 0) {
        queue(program, bytes, (size_t)got);
        return true;
    }
    if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
        ev_io_stop(program->env->loop, &program->readable); /* its end will be told */
    }
    return false;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct ppp_program *program = io->data;
    read_some(program);
    if (ppp_crowded(program->ppp)) {
        ev_io_stop(loop, io); /* drained() starts it again */
    }
}

static void drained(void *self)
{
    struct ppp_program *program = self;
    if (program->fd >= 0) {
        ev_io_start(program->env->loop, &program->readable);
    }
}

/* ---- what it hears ---- */

static void on_writable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct ppp_program *program = io->data;
    ev_io_stop(loop, io);
    ppp_backend_ready(program->ppp);
}

static size_t input(void *self, const char *bytes, size_t len)
{
    struct ppp_program *program = self;
    if (program->fd < 0) {
        return len;
    }
    ssize_t put;
    do {
        put = write(program->fd, bytes, len);
    } while (put < 0 && errno == EINTR);
    if (put < 0 && errno != EAGAIN) {
        return len; /* its end will be told */
    }
    size_t done = put < 0 ? 0 : (size_t)put;
    if (done < len) {
        ev_io_start(program->env->loop, &program->writable);
    }
    return done;
}

/* ---- life ---- */

static void on_ended(void *ctx, const struct process_end *end)
{
    struct ppp_program *program = ctx;
    char why[100];
    while (!ppp_full(program->ppp) && read_some(program)) {
    }
    ev_io_stop(program->env->loop, &program->readable);
    ev_io_stop(program->env->loop, &program->writable);
    bool never = end->status == 126 || end->status == 127; /* so the shell says it */
    if (never) {
        log_error(program->env->log, "ppp.command could not be run: %s", end->why);
    }
    snprintf(why, sizeof why, "the program has ended: %s", end->why);
    ppp_end(program->ppp, never ? PPP_ENDED_START : PPP_ENDED_PROGRAM, why);
}

/* The first name server that the machine itself asks, as a number. */
static void find_dns(char *text, size_t size)
{
    char line[256];
    struct in_addr address;
    FILE *file = fopen("/etc/resolv.conf", "re");
    *text = '\0';
    while (file && !*text && fgets(line, sizeof line, file)) {
        char number[64];
        if (sscanf(line, "nameserver %63s", number) == 1 &&
            inet_pton(AF_INET, number, &address) == 1) {
            inet_ntop(AF_INET, &address, text, (socklen_t)size);
        }
    }
    if (file) {
        fclose(file);
    }
}

static char *fill_in(const char *command, const struct ppp_addresses *addresses)
{
    struct buf text = {0};
    char host[INET_ADDRSTRLEN];
    char own[INET_ADDRSTRLEN];
    char dns[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &addresses->host, host, sizeof host);
    inet_ntop(AF_INET, &addresses->own, own, sizeof own);
    find_dns(dns, sizeof dns);
    for (const char *at = command; *at; at++) {
        const char *value = at[0] != '%'   ? NULL
                            : at[1] == 'a' ? host
                            : at[1] == 'l' ? own
                            : at[1] == 'd' ? dns
                            : at[1] == '%' ? "%"
                                           : NULL;
        if (value) {
            buf_add_text(&text, value);
            at++;
        } else {
            buf_add_byte(&text, *at);
        }
    }
    char *filled = mem_string(buf_text(&text));
    buf_free(&text);
    return filled;
}

/* The path of its terminal in name; false with errno set. */
static bool open_terminal(struct ppp_program *program, char *name, size_t size)
{
    struct termios line;
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || ptsname_r(fd, name, size) != 0 ||
        tcgetattr(fd, &line) != 0) {
        int error = errno;
        if (fd >= 0) {
            close(fd);
        }
        errno = error;
        return false;
    }
    cfmakeraw(&line);
    tcsetattr(fd, TCSANOW, &line);
    program->fd = fd;
    return true;
}

static void start(struct ppp_program *program, const struct ppp_settings *settings,
                  const struct ppp_addresses *addresses)
{
    char name[64];
    char why[300];
    if (!open_terminal(program, name, sizeof name)) {
        snprintf(why, sizeof why, "no pseudo-terminal: %s", strerror(errno));
        log_error(program->env->log, "ppp: %s", why);
        ppp_end(program->ppp, PPP_ENDED_START, why);
        return;
    }
    char *command = fill_in(settings->command, addresses);
    const char *const argv[] = {"/bin/sh", "-c", command, NULL};
    const struct process_options options = {
        .argv = argv, .in = -1, .out = -1, .err = -1, .terminal = name, .grace_ms = GRACE_MS};
    program->process = process_start(program->env, &options, on_ended, program, why, sizeof why);
    free(command);
    if (!program->process) {
        ppp_end(program->ppp, PPP_ENDED_START, why);
        return;
    }
    ev_io_set(&program->readable, program->fd, EV_READ);
    ev_io_set(&program->writable, program->fd, EV_WRITE);
    ev_io_start(program->env->loop, &program->readable);
}

void *ppp_program_create(struct ppp *ppp, const struct service_env *env,
                         const struct ppp_settings *settings, const struct ppp_addresses *addresses)
{
    struct ppp_program *program = mem_zeroed(sizeof *program);
    program->ppp = ppp;
    program->env = env;
    program->fd = -1;
    ev_io_init(&program->readable, on_readable, -1, EV_READ);
    ev_io_init(&program->writable, on_writable, -1, EV_WRITE);
    program->readable.data = program->writable.data = program;
    start(program, settings, addresses);
    return program;
}

static void destroy(void *self)
{
    struct ppp_program *program = self;
    ev_io_stop(program->env->loop, &program->readable);
    ev_io_stop(program->env->loop, &program->writable);
    process_destroy(program->process);
    if (program->fd >= 0) {
        close(program->fd);
    }
    free(program);
}

const struct ppp_backend ppp_program_backend = {input, drained, destroy};
