/* TCP links: both directions, ends of each kind, local ports, losses, volume with slow readers. */
#include "tests/service/socket/bench.h"

#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static void test_to_and_fro(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    assert_true(socket_connected(bench->sock));
    assert_false(socket_open(bench->sock, &bench->options));
    assert_int_equal(bench_send(bench, "hello"), 5);
    peer_expect(bench, fd, "hello");
    assert_int_equal(send(fd, "world", 5, 0), 5);
    bench_expect(bench, "data world");
    close(fd);
    bench_expect(bench, "closed peer");
    assert_false(socket_connected(bench->sock));
    assert_int_equal(bench_send(bench, "x"), 0);
    bench_quiet(bench, 0.05);
    fd = peer_linked(bench); /* the same object again */
    double start = ev_time();
    socket_close(bench->sock);
    assert_true(peer_ended(bench, fd));
    assert_true(ev_time() - start < 1); /* it is told at once */
    bench_quiet(bench, 0.05);
    close(fd);
}

static void test_ipv6(void **state)
{
    struct bench *bench = *state;
    int port = 0;
    int listener = peer_listen(AF_INET6, SOCK_STREAM, &port);
    bench->options.host = "[::1]";
    bench->options.local_port = ports_free();
    bench_open(bench, port);
    bench_expect(bench, "connected ::1 %d", bench->options.local_port);
    close(listener);
    bench_expect(bench, "closed reset");
}

/* ---- opening ---- */

static int two_addresses(const char *host, const char *service, const struct addrinfo *hints,
                         struct addrinfo **result)
{
    (void)host;
    struct addrinfo *last = NULL;
    int rc = getaddrinfo("127.0.0.2", service, hints, result);
    rc = rc ? rc : getaddrinfo("127.0.0.1", service, hints, &last);
    if (rc == 0) {
        (*result)->ai_next = last;
    }
    return rc;
}

static int no_address(const char *host, const char *service, const struct addrinfo *hints,
                      struct addrinfo **result)
{
    (void)host;
    (void)service;
    (void)hints;
    (void)result;
    return EAI_NONAME;
}

static int no_answer(const char *host, const char *service, const struct addrinfo *hints,
                     struct addrinfo **result)
{
    usleep(1000000);
    return no_address(host, service, hints, result);
}

static void test_all_addresses(void **state)
{
    (void)state;
    struct bench *bench = bench_create(two_addresses);
    bench->options.host = "two.example";
    int before = ports_descriptors();
    int port = 0;
    int listener = peer_listen(AF_INET, SOCK_STREAM, &port);
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 ");
    assert_true(bench_logged(bench, "two.example (127.0.0.2): Connection refused"));
    close(listener);
    bench_expect(bench, "closed reset");
    bench_open(bench, port);
    bench_expect(bench, "failed connect");
    assert_true(bench_logged(bench, "warning: socket: no link to two.example:"));
    assert_int_equal(ports_descriptors(), before);
    bench_destroy(bench);
}

static void test_names(void **state)
{
    (void)state;
    struct bench *bench = bench_create(no_address);
    bench->options.host = "none.example";
    bench_open(bench, 7);
    assert_false(socket_open(bench->sock, &bench->options));
    bench_expect(bench, "failed resolve");
    bench_open(bench, 7);
    socket_close(bench->sock);
    bench_quiet(bench, 0.05);
    struct redirect *redirect = redirect_create("*.example=127.0.0.1");
    bench->services.env.redirect = redirect;
    int port = 0;
    int listener = peer_listen(AF_INET, SOCK_STREAM, &port);
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 ");
    bench_destroy(bench);
    redirect_destroy(redirect);
    close(listener);

    bench = bench_create(no_answer);
    bench->options.host = "slow.example";
    bench->options.connect_timeout_ms = 100;
    bench_open(bench, 7);
    bench_expect(bench, "failed timeout");
    bench_destroy(bench);
}

/* A listener whose queue is full answers nothing. */
static void test_connect_time_out(void **state)
{
    struct bench *bench = *state;
    int port = 0;
    int listener = peer_listen(AF_INET, SOCK_STREAM, &port);
    int fillers[4];
    assert_int_equal(listen(listener, 0), 0);
    struct sockaddr_in address;
    socklen_t len = sizeof address;
    getsockname(listener, (struct sockaddr *)&address, &len);
    for (int i = 0; i < 4; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        (void)!connect(fillers[i], (struct sockaddr *)&address, len);
    }
    bench->options.connect_timeout_ms = 300;
    double start = ev_time();
    bench_open(bench, port);
    bench_expect(bench, "failed timeout");
    assert_true(ev_time() - start > 0.25);
    bench_open(bench, port); /* and closed in the middle */
    bench_quiet(bench, 0.1);
    socket_close(bench->sock);
    bench_quiet(bench, 0.5);
    for (int i = 0; i < 4; i++) {
        close(fillers[i]);
    }
    close(listener);
}

static void test_local_port(void **state)
{
    struct bench *bench = *state;
    int local = 0;
    int taken = peer_listen(AF_INET, SOCK_STREAM, &local);
    bench->options.local_port = local;
    bench_open(bench, 7);
    bench_expect(bench, "failed local port");
    close(taken);

    int port = 0;
    int listener = peer_listen(AF_INET, SOCK_STREAM, &port);
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 %d", local);
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    socket_close(bench->sock); /* this side closes first: it gets TIME_WAIT */
    assert_true(peer_ended(bench, fd));
    close(fd);
    bench_open(bench, port);
    bench_expect(bench, "connected 127.0.0.1 %d", local);
    close(listener);
}

static void test_never_meets_itself(void **state)
{
    struct bench *bench = *state;
    bench->options.local_port = ports_free();
    bench_open(bench, bench->options.local_port);
    bench_expect(bench, "failed connect");
}

/* ---- ends ---- */

static void test_half_closed_by_the_peer(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    bench->room = 2;
    assert_int_equal(send(fd, "last words", 10, 0), 10);
    shutdown(fd, SHUT_WR);
    bench_expect(bench, "data la");
    bench_quiet(bench, 0.05); /* the end waits until all is taken */
    assert_true(loop_wakes(bench->services.loop, 0.05) < 10);
    bench->room = 100;
    bench->in_call = true;
    socket_resume(bench->sock);
    bench->in_call = false;
    bench_expect(bench, "data st words");
    bench_expect(bench, "closed peer");
    assert_true(peer_ended(bench, fd));
    close(fd);
}

static void test_reset(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    const struct linger abort = {.l_onoff = 1};
    assert_int_equal(send(fd, "x", 1, 0), 1);
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
    close(fd);
    for (int i = 0; i < 3; i++) {
        bench_send(bench, "into nothing");
    }
    bench_expect(bench, "data x"); /* what had come is not lost */
    bench_expect(bench, "closed reset");
    bench_quiet(bench, 0.05);
}

/* Sends until nothing more is taken; how much that was. */
static size_t fill_queue(struct bench *bench)
{
    size_t size = 1 << 20;
    char *many = mem_zeroed(size);
    size_t sent = 0;
    size_t taken;
    while ((taken = socket_send(bench->sock, many, size)) > 0) {
        sent += taken;
    }
    free(many);
    assert_int_equal(socket_unsent(bench->sock), SOCKET_QUEUE_MAX);
    return sent;
}

/* The peer reads so much, with the loop running. */
static void read_all(struct bench *bench, int fd, size_t size)
{
    char *many = mem_zeroed(1 << 20);
    size_t got = 0;
    while (got < size) {
        ssize_t more = recv(fd, many, 1 << 20, MSG_DONTWAIT);
        assert_true(more > 0 || (more < 0 && errno == EAGAIN));
        got += more > 0 ? (size_t)more : 0;
        ev_run(bench->services.loop, EVRUN_NOWAIT);
    }
    assert_int_equal(got, size);
    free(many);
}

static bool unsent_is_gone(void *ctx)
{
    const struct bench *bench = ctx;
    return socket_unsent(bench->sock) == 0;
}

static void test_room_again(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    read_all(bench, fd, fill_queue(bench));
    bench_until(bench, unsent_is_gone, bench);
    const char *lines = buf_text(&bench->lines); /* each of them once, in either order */
    assert_true(strcmp(lines, "writable\nsent\n") == 0 || strcmp(lines, "sent\nwritable\n") == 0);
    buf_clear(&bench->lines);
    bench_quiet(bench, 0.05);
    close(fd);
    bench_expect(bench, "closed peer");
}

/* What waits is still sent to a peer that has nothing more to say. */
static void test_half_closed_while_much_waits(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    size_t sent = fill_queue(bench);
    shutdown(fd, SHUT_WR);
    bench_expect(bench, "closed peer");
    read_all(bench, fd, sent);
    peer_expect(bench, fd, "");
    close(fd);
}

/* What waits to be sent reaches a peer that reads late, though its link was closed. */
static void test_close_is_graceful(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    size_t sent = fill_queue(bench);
    assert_int_equal(send(fd, "unread", 6, 0), 6); /* would make a plain close() a reset */
    socket_close(bench->sock);
    assert_int_equal(socket_unsent(bench->sock), 0);
    read_all(bench, fd, sent);
    peer_expect(bench, fd, "");
    bench_quiet(bench, 0.05);
    close(fd);
}

static void test_network(void **state)
{
    struct bench *bench = *state;
    int fd = peer_linked(bench);
    bench->in_call = true;
    network_set_radio(bench->services.network, false);
    bench->in_call = false;
    bench_expect(bench, "closed network");
    assert_true(peer_ended(bench, fd));
    close(fd);
    bench_open(bench, 7);
    bench_expect(bench, "failed network");
    network_set_radio(bench->services.network, true);
    fd = peer_linked(bench);
    network_set_rssi(bench->services.network, -90); /* a change that changes nothing here */
    bench_quiet(bench, 0.05);
    close(fd);
    bench_expect(bench, "closed peer");

    bench->options.host = "192.0.2.1"; /* while it is being opened */
    bench_open(bench, 7);
    network_set_registration(bench->services.network, NETWORK_DENIED);
    bench_expect(bench, "failed network");
    bench_quiet(bench, 0.05);
    bench->services.env.network = NULL;
    struct bench *free_of_it = bench_create(NULL);
    bench_destroy(free_of_it);
    bench->services.env.network = bench->services.network;
}

static bool destroyed(void *ctx)
{
    const struct bench *bench = ctx;
    return !bench->sock;
}

/* Fills the queue, then reads until the link is gone. */
static void fill_and_read(struct bench *bench, int fd)
{
    size_t size = 1 << 22;
    char *bytes = mem_zeroed(size);
    while (socket_send(bench->sock, bytes, size) > 0) {
    }
    while (bench->sock) {
        recv(fd, bytes, size, MSG_DONTWAIT);
        ev_run(bench->services.loop, EVRUN_NOWAIT);
    }
    free(bytes);
}

static void test_destroyed_in_an_event(void **state)
{
    (void)state;
    static const char *const when[] = {"failed", "connected", "data", "closed", "sent", "writable"};
    for (size_t i = 0; i < sizeof when / sizeof *when; i++) {
        struct bench *bench = bench_create(NULL);
        int before = ports_descriptors();
        bench->die = when[i];
        if (i == 0) {
            bench_open(bench, ports_free());
            bench_until(bench, destroyed, bench);
        } else {
            int fd = peer_linked(bench);
            if (i >= 4) {
                fill_and_read(bench, fd);
            } else if (bench->sock) {
                assert_int_equal(send(fd, "xy", 2, 0), 2);
                shutdown(fd, SHUT_WR);
                bench_until(bench, destroyed, bench);
            }
            close(fd);
        }
        assert_null(bench->sock);
        assert_int_equal(ports_descriptors(), before);
        bench_destroy(bench);
    }
}

/* ---- volume ---- */

enum { VOLUME = 64 << 20 };

struct volume {
    struct bench *bench;
    int fd;
    bool slow;
    uint64_t sent, got, size;
    bool bad;
    uint64_t peer_got;
    bool peer_bad;
};

/* The byte at a place of the stream. */
static unsigned char at(uint64_t place)
{
    return (unsigned char)(place * 31 + (place >> 8) * 7 + (place >> 16));
}

static void fill(char *bytes, size_t len, uint64_t from)
{
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)at(from + i);
    }
}

static bool matches(const char *bytes, size_t len, uint64_t from)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)bytes[i] != at(from + i)) {
            return false;
        }
    }
    return true;
}

static void *peer_writes(void *ctx)
{
    struct volume *volume = ctx;
    char bytes[50000];
    for (uint64_t sent = 0; sent < volume->size;) {
        uint64_t left = volume->size - sent;
        size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;
        fill(bytes, len, sent);
        ssize_t put = send(volume->fd, bytes, len, MSG_NOSIGNAL);
        if (put <= 0) {
            break;
        }
        sent += (uint64_t)put;
    }
    return NULL;
}

static void *peer_reads(void *ctx)
{
    struct volume *volume = ctx;
    char bytes[30000];
    ssize_t got;
    while (volume->peer_got < volume->size &&
           (got = recv(volume->fd, bytes, sizeof bytes, 0)) > 0) {
        volume->peer_bad = volume->peer_bad || !matches(bytes, (size_t)got, volume->peer_got);
        volume->peer_got += (uint64_t)got;
        if (volume->slow && volume->peer_got % 16 == 0) {
            usleep(2000);
        }
    }
    return NULL;
}

static void send_more(struct bench *bench)
{
    struct volume *volume = bench->hook;
    char bytes[20000];
    while (volume->sent < volume->size) {
        uint64_t left = volume->size - volume->sent;
        size_t len = left < sizeof bytes ? (size_t)left : sizeof bytes;
        fill(bytes, len, volume->sent);
        size_t taken = socket_send(bench->sock, bytes, len);
        volume->sent += taken;
        if (taken < len) {
            break;
        }
    }
}

/* A slow one takes odd pieces and rests in between. */
static size_t take(struct bench *bench, const char *bytes, size_t len)
{
    struct volume *volume = bench->hook;
    size_t taken = volume->slow && len > 17777 ? 17777 : len;
    volume->bad = volume->bad || !matches(bytes, taken, volume->got);
    volume->got += taken;
    return taken;
}

static bool all_through(void *ctx)
{
    const struct volume *volume = ctx;
    return volume->got == volume->size && volume->sent == volume->size &&
           !socket_unsent(volume->bench->sock);
}

static void on_beat(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    const struct volume *volume = timer->data;
    socket_resume(volume->bench->sock);
}

static void run_volume(struct bench *bench, uint64_t size, bool slow)
{
    struct volume volume = {.bench = bench, .size = size, .slow = slow};
    volume.fd = peer_linked(bench);
    bench->hook = &volume;
    bench->data = take;
    bench->writable = send_more;
    pthread_t writer;
    pthread_t reader;
    pthread_create(&writer, NULL, peer_writes, &volume);
    pthread_create(&reader, NULL, peer_reads, &volume);
    ev_timer beat;
    ev_timer_init(&beat, on_beat, 0., 0.001);
    beat.data = &volume;
    if (slow) {
        ev_timer_start(bench->services.loop, &beat);
    }
    send_more(bench);
    bench_until(bench, all_through, &volume);
    ev_timer_stop(bench->services.loop, &beat);
    pthread_join(writer, NULL);
    pthread_join(reader, NULL);
    assert_int_equal(volume.peer_got, size);
    assert_false(volume.bad);
    assert_false(volume.peer_bad);
    close(volume.fd);
    bench_expect(bench, "closed peer");
}

static void test_volume(void **state)
{
    run_volume(*state, VOLUME, false);
}

static void test_slow_readers(void **state)
{
    run_volume(*state, 6 << 20, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_to_and_fro, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_ipv6, bench_setup, bench_teardown),
        cmocka_unit_test(test_all_addresses),
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup_teardown(test_connect_time_out, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_local_port, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_never_meets_itself, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_half_closed_by_the_peer, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_reset, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_room_again, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_half_closed_while_much_waits, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_close_is_graceful, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_network, bench_setup, bench_teardown),
        cmocka_unit_test(test_destroyed_in_an_event),
        cmocka_unit_test_setup_teardown(test_volume, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_readers, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
