/* The least that a modem on a PTY can be: libev, read, write. */
#include <ev.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <termios.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { REPLY_MAX = 4096 };

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    static char reply[REPLY_MAX];
    char bytes[4096];
    const struct echo *echo = io->data;
    ssize_t got = read(io->fd, bytes, sizeof bytes);
    if (got <= 0) {
        ev_break(loop, EVBREAK_ALL);
    } else if (bytes[got - 1] == '\r') {
        line_send(io->fd, reply, *echo->reply);
    }
}

static _Noreturn void serve(struct echo *echo, int fd)
{
    struct ev_loop *loop = ev_default_loop(0);
    ev_io io;
    ev_io_init(&io, on_io, fd, EV_READ);
    io.data = echo;
    ev_io_start(loop, &io);
    ev_run(loop, 0);
    _exit(0);
}

void echo_start(struct echo *echo)
{
    struct termios raw;
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || grantpt(fd) != 0 || unlockpt(fd) != 0 || tcgetattr(fd, &raw) != 0) {
        die("a pseudo-terminal");
    }
    cfmakeraw(&raw);
    tcsetattr(fd, TCSANOW, &raw);
    echo->fd = line_open(ptsname(fd));
    echo->reply =
        mmap(NULL, sizeof *echo->reply, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (echo->reply == MAP_FAILED) {
        die("shared memory");
    }
    echo->pid = fork_child();
    if (echo->pid == 0) {
        serve(echo, fd);
    }
    close(fd);
}

void echo_ask(const struct echo *echo, const char *bytes, size_t len, size_t reply)
{
    *echo->reply = reply;
    line_send(echo->fd, bytes, len);
    line_read_count(echo->fd, reply);
}

void echo_stop(const struct echo *echo)
{
    end_child(echo->pid);
}
