/* What a client holds while nobody asks it for anything. Minutes pass here: the clock of this
 * program, its libraries included, is put forward. */
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/service/coap/server.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static time_t ahead;
static time_t wall_ahead; /* of the clock that people set, besides */

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long rc = syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_MONOTONIC || clock == CLOCK_REALTIME) {
        now->tv_sec += ahead + (clock == CLOCK_REALTIME ? wall_ahead : 0);
    }
    return (int)rc;
}

/* OpenSSL's. */
int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec precise;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}

static void pass(struct bench *bench, time_t seconds)
{
    ahead += seconds;
    bench_quiet(bench, 0.05);
}

static void check_idle(struct bench *bench, time_t seconds)
{
    int before = ports_descriptors();
    bench_get(bench, "/", 5000);
    free(bench_take(bench));
    pass(bench, seconds - 5);
    assert_int_equal(ports_descriptors(), before + 3);
    bench_get(bench, "/", 5000);
    free(bench_take(bench));
    pass(bench, seconds - 5); /* from the last request on */
    assert_int_equal(ports_descriptors(), before + 3);
    pass(bench, 10);
    assert_int_equal(ports_descriptors(), before);
    bench_get(bench, "/", 5000);
    char *line = bench_take(bench);
    assert_non_null(strstr(line, " response 205 "));
    free(line);
}

static void test_plain(void **state)
{
    struct bench *bench = *state;
    bench->peer->answer = peer_answer_x;
    check_idle(bench, 60);
}

static void test_secure(void **state)
{
    static const char *const arguments[] = {"-k", "topsecret", NULL};
    struct bench *bench = *state;
    struct server *server = server_create(arguments);
    bench->options.port = server->port + 1;
    bench->options.security = COAP_CLIENT_PSK;
    bench->options.psk_key = "topsecret";
    bench->options.psk_key_len = 9;
    check_idle(bench, 300);
    server_destroy(server);
}

/* Not counted while a request is under way. */
static void test_long_request(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    bench->peer->answer = peer_answer_x;
    bench_get(bench, "/", 5000);
    bench_expect(bench, "1 response 205 1 x");
    bench->peer->answer = NULL;
    bench_get(bench, "/", 600000);
    bench_received(bench, 2);
    pass(bench, 500);
    assert_int_equal(ports_descriptors(), before + 3);
    struct message response = peer_response(&bench->peer->last, 0x45, "late");
    peer_send(bench->peer, &response);
    bench_expect(bench, "2 response 205 4 late");
}

/* A gateway learns the time while a request is under way: libcoap counts by that clock. */
static void test_clock_jumps(void **state)
{
    enum { YEAR = 365 * 24 * 60 * 60 };
    static const time_t jumps[] = {YEAR, -YEAR, 0};
    struct bench *bench = *state;
    for (unsigned i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        double start = bench_now();
        unsigned before = bench->peer->received;
        bench_get(bench, "/", 2500);
        bench_received(bench, before + 1);
        wall_ahead += jumps[i];
        assert_true(loop_wakes(bench->loop, 2) < 20);
        bench_expect(bench, "%u timeout", i + 1);
        assert_true(bench_now() - start < 2.8);
        unsigned more = bench->peer->received - before;
        assert_in_range(more, jumps[i] ? 1 : 2, jumps[i] > 0 ? 6 : 2);
    }
    bench->peer->answer = peer_answer_x;
    bench_get(bench, "/", 2500);
    bench_expect(bench, "4 response 205 1 x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_plain, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_secure, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_long_request, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_clock_jumps, bench_setup_peer, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
