/* The machine's clock is set while a request is under way, as on a gateway without one of its own
 * that has just found a time server. libcoap asks CLOCK_REALTIME. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"

static time_t jump; /* added to CLOCK_REALTIME */

/* The libraries' clock, too: a program's own symbols come before those of libc. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
    int status = (int)syscall(SYS_clock_gettime, clock, now);
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) {
        now->tv_sec += jump;
    }
    return status;
}

static void answer_copies(struct peer *to, const struct message *message)
{
    if (to->received > 1) {
        peer_answer_x(to, message);
    }
}

static void lose_and_jump(struct bench *bench, time_t by)
{
    bench->peer->answer = answer_copies;
    bench_get(bench, "/x", 4000);
    bench_received(bench, 1);
    jump += by;
}

/* The first datagram is lost, then the clock jumps: the next one goes out early at worst. */
static void test_forward(void **state)
{
    lose_and_jump(*state, 56 * 365 * 86400L); /* from 1970 to now */
    bench_expect(*state, "1 response 205 1 x");
    bench_get(*state, "/x", 4000);
    bench_expect(*state, "2 response 205 1 x");
}

/* libcoap waits with its copies for the time that it was, and the request ends when it would have
 * without an answer; what follows, an hour early, is as always. */
static void test_back(void **state)
{
    double start = bench_now();
    lose_and_jump(*state, -3600);
    bench_expect(*state, "1 timeout");
    double took = bench_now() - start;
    assert_true(took > 3.9 && took < 5);
    struct bench *bench = *state;
    bench->peer->received = 0;
    bench_get(bench, "/x", 4000);
    bench_expect(bench, "2 response 205 1 x"); /* to a copy */
    assert_true(bench->peer->received > 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_forward, bench_setup_peer, bench_teardown),
        cmocka_unit_test_setup_teardown(test_back, bench_setup_peer, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
