/* From a name to a connection: look-ups that fail or hang, several addresses, network.redirect, and
 * TCP connections that take their time. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/service/mqtt/peer.h"
#include "tests/service/mqtt/relay.h"
#include "tests/support/certs.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

static struct broker *broker;

static int group_setup(void **state)
{
    broker = broker_create("allow_anonymous true\n");
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    broker_destroy(broker);
    return bench_group_teardown(state);
}

/* "none.test" is not known, "hang.test" never answers, "two.test" has 127.0.0.2 and 127.0.0.1,
 * "back.test" the same the other way round, and "one.test" 127.0.0.1 only. */
static int look_up(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **result)
{
    if (strcmp(host, "none.test") == 0) {
        return EAI_NONAME;
    }
    if (strcmp(host, "hang.test") == 0) {
        for (;;) {
            pause();
        }
    }
    bool two = strcmp(host, "two.test") == 0;
    int rc = getaddrinfo(two ? "127.0.0.2" : "127.0.0.1", service, hints, result);
    if (rc == 0 && (two || strcmp(host, "back.test") == 0)) {
        rc = getaddrinfo(two ? "127.0.0.1" : "127.0.0.2", service, hints, &(*result)->ai_next);
    }
    return rc;
}

static int setup(void **state)
{
    *state = bench_create(look_up);
    return 0;
}

static void test_unknown_name(void **state)
{
    struct bench *bench = *state;
    bench->options.host = "none.test";
    bench_connect(bench, broker->port);
    bench_expect(bench, "failed resolve 0");
    assert_true(bench_logged(bench, "the name has no address: Name or service not known"));
    bench_probe(bench);
    bench_expect(bench, "probe resolve 0");
}

static void test_name_server_hangs(void **state)
{
    struct bench *bench = *state;
    bench->options.host = "hang.test";
    bench->options.connect_timeout_ms = 200;
    bench_connect(bench, broker->port);
    bench_expect(bench, "failed timeout 0");
    assert_true(bench_logged(bench, "no answer from the name server"));
    bench_connect(bench, 0);
    bench_disconnect(bench);
    bench_connect(bench, 0);
    bench->options.host = "one.test";
    bench_disconnect(bench);
    bench_online(bench, 0);
}

static void test_first_address_refuses(void **state)
{
    struct bench *bench = *state;
    bench->options.host = "two.test";
    bench_online(bench, broker->port);
    assert_true(bench_logged(bench, "two.test (127.0.0.2): Connection refused"));
}

static void test_first_address_dead(void **state)
{
    struct bench *bench = *state;
    struct relay *dead = relay_create(bench->loop, broker->port);
    bench->options.host = "two.test";
    bench->options.connect_timeout_ms = 1000;
    double start = bench_now();
    bench_online(bench, broker->port);
    double took = bench_now() - start;
    assert_true(took > 0.49 && took < 0.95);
    assert_true(bench_logged(bench, "two.test (127.0.0.2): no answer in time: waited for the TCP"));
    bench_publish(bench, "t", "x", 1, 1000);
    bench_expect(bench, "published 1 done");
    relay_destroy(dead);
}

static void test_all_addresses_fail(void **state)
{
    struct bench *bench = *state;
    int port = ports_free();
    struct relay *dead = relay_create(bench->loop, port);
    bench->options.host = "two.test";
    bench->options.connect_timeout_ms = 400;
    bench_connect(bench, port);
    /* The one got further than the other, which refused. */
    bench_expect(bench, "failed timeout 0");
    bench_quiet(bench, 0.3);
    relay_destroy(dead);
}

/* Connects through a listener that swallows the first SYN. */
static void check_slow_connection(struct bench *bench, int port)
{
    struct relay *relay = relay_create(bench->loop, port);
    bench->options.host = "127.0.0.2";
    bench_connect(bench, port);
    assert_true(loop_wakes(bench->loop, 0.3) < 4);
    relay_open(relay);
    unsigned before = ev_iteration(bench->loop);
    bench_expect(bench, "connected 0 0");
    /* Some are the relay's. A watcher on the wrong condition would spin for a second. */
    assert_true(ev_iteration(bench->loop) - before < 40);
    bench_subscribed(bench, "slow", 1);
    bench_publish(bench, "slow", "x", 0, 1000);
    bench_expect(bench, "message slow 0 0 1 x");
    bench_disconnect(bench);
    relay_destroy(relay);
}

static void test_slow_connection(void **state)
{
    check_slow_connection(*state, broker->port);
}

static void test_slow_connection_with_tls(void **state)
{
    struct bench *bench = *state;
    struct broker *secure = broker_prepare("cafile @/ca.pem\ncertfile @/server.pem\n"
                                           "keyfile @/server.key\nallow_anonymous true\n");
    certs_create(secure->folder);
    broker_start(secure);
    bench->options.secure = true;
    bench->options.tls = (struct service_tls){.insecure = true};
    check_slow_connection(bench, secure->port);
    broker_destroy(secure);
}

/* A broker that says no has answered: its other address is not asked. */
static void test_refusal_is_final(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    peer_answer_connect(peer, 5, false);
    bench->options.host = "back.test";
    bench_connect(bench, peer_port(peer));
    bench_expect(bench, "failed refused 5");
    assert_null(strstr(buf_text(&bench->log_lines), "127.0.0.2"));
    peer_destroy(peer);
}

static void test_redirect(void **state)
{
    struct bench *bench = *state;
    char *rules = mem_printf("*.aliyuncs.com = one.test:%d", broker->port);
    struct redirect *redirect = redirect_create(rules);
    bench->env.redirect = redirect;
    bench->options.host = "a1.iot-as-mqtt.cn-shanghai.aliyuncs.com";
    bench_online(bench, 1883);
    bench_disconnect(bench);
    bench->env.redirect = NULL;
    redirect_destroy(redirect);
    free(rules);
}

/* A thousand attempts that end in different ways leave nothing behind. */
static void test_many_attempts(void **state)
{
    static const char *const hosts[] = {"one.test", "two.test", "none.test", "127.0.0.1",
                                        "127.0.0.2"};
    struct bench *bench = *state;
    bench->options.tls.insecure = true;
    int before = ports_descriptors();
    for (int i = 0; i < 500; i++) {
        bench->options.host = hosts[i % 5];
        bench->options.secure = i % 2;
        bench->options.clean_session = i % 3;
        bench_connect(bench, broker->port);
        for (int turn = 0; turn < i % 7; turn++) {
            ev_run(bench->loop, EVRUN_NOWAIT);
        }
        while (mqtt_disconnect(bench->mqtt) || mqtt_state(bench->mqtt) != MQTT_OFFLINE) {
            ev_run(bench->loop, EVRUN_ONCE);
        }
        buf_clear(&bench->lines);
        buf_clear(&bench->log_lines);
    }
    while (ports_descriptors() > before) {
        ev_run(bench->loop, EVRUN_NOWAIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_unknown_name, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_name_server_hangs, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_first_address_refuses, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_first_address_dead, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_all_addresses_fail, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_connection, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_connection_with_tls, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_refusal_is_final, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_redirect, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_many_attempts, setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
