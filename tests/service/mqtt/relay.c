#include "tests/service/mqtt/relay.h"

#include <arpa/inet.h>
#include <ev.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"

enum { FILLERS = 4 };

struct relay {
    struct ev_loop *loop;
    int port;
    int fillers[FILLERS]; /* connections that take the room of the listener's queue */
    ev_io accept;
    ev_io client;
    ev_io broker;
};

static struct sockaddr_in address_of(const char *number, int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    inet_pton(AF_INET, number, &address.sin_addr);
    return address;
}

static void hang_up(struct relay *relay)
{
    if (ev_is_active(&relay->client)) {
        ev_io_stop(relay->loop, &relay->client);
        ev_io_stop(relay->loop, &relay->broker);
        close(relay->client.fd);
        close(relay->broker.fd);
    }
}

static void on_bytes(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct relay *relay = io->data;
    char bytes[4096];
    ssize_t got = read(io->fd, bytes, sizeof bytes);
    int other = io == &relay->client ? relay->broker.fd : relay->client.fd;
    if (got <= 0 || write(other, bytes, (size_t)got) != got) {
        hang_up(relay);
    }
}

static void on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct relay *relay = io->data;
    struct sockaddr_in broker = address_of("127.0.0.1", relay->port);
    struct sockaddr_in from = {0};
    socklen_t len = sizeof from;
    int fd = accept4(io->fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC);
    assert_true(fd >= 0);
    if (from.sin_addr.s_addr == htonl(INADDR_LOOPBACK + 2)) {
        close(fd); /* a filler */
        return;
    }
    int onward = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(onward, (struct sockaddr *)&broker, sizeof broker), 0);
    hang_up(relay);
    ev_io_set(&relay->client, fd, EV_READ);
    ev_io_set(&relay->broker, onward, EV_READ);
    ev_io_start(loop, &relay->client);
    ev_io_start(loop, &relay->broker);
}

struct relay *relay_create(struct ev_loop *loop, int port)
{
    struct relay *relay = mem_zeroed(sizeof *relay);
    struct sockaddr_in address = address_of("127.0.0.2", port);
    struct sockaddr_in own = address_of("127.0.0.3", 0);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){1}, sizeof(int)), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(fd, 0), 0);
    for (int i = 0; i < FILLERS; i++) {
        relay->fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        assert_int_equal(bind(relay->fillers[i], (struct sockaddr *)&own, sizeof own), 0);
        (void)connect(relay->fillers[i], (struct sockaddr *)&address, sizeof address);
    }
    relay->loop = loop;
    relay->port = port;
    ev_io_init(&relay->accept, on_accept, fd, EV_READ);
    relay->accept.data = relay;
    ev_init(&relay->client, on_bytes);
    relay->client.data = relay;
    ev_init(&relay->broker, on_bytes);
    relay->broker.data = relay;
    return relay;
}

void relay_open(struct relay *relay)
{
    ev_io_start(relay->loop, &relay->accept);
}

void relay_destroy(struct relay *relay)
{
    hang_up(relay);
    for (int i = 0; i < FILLERS; i++) {
        close(relay->fillers[i]);
    }
    ev_io_stop(relay->loop, &relay->accept);
    close(relay->accept.fd);
    free(relay);
}
