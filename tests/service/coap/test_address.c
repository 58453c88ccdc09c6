/* Names, numbers, redirection, and servers with several addresses. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/peer.h"
#include "tests/service/coap/server.h"
#include "tests/support/ports.h"

/* What names look up to; only the loop's thread writes, before a look-up begins. */
static const char *const *addresses;
static unsigned look_ups;

static struct addrinfo *make_entry(const char *ip, const char *service, struct addrinfo *next)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *entry = NULL;
    if (getaddrinfo(ip, service, &hints, &entry) != 0) {
        abort();
    }
    entry->ai_next = next;
    return entry;
}

static int look_up(const char *host, const char *service, const struct addrinfo *hints,
                   struct addrinfo **result)
{
    (void)hints;
    *result = NULL;
    look_ups++;
    if (strcmp(host, "slow.example") == 0) {
        sleep(2);
    }
    size_t count = 0;
    while (addresses && addresses[count]) {
        count++;
    }
    if (count == 0) {
        return EAI_NONAME;
    }
    while (count-- > 0) {
        *result = make_entry(addresses[count], service, *result);
    }
    return 0;
}

static int setup(void **state)
{
    struct bench *bench = bench_create(look_up);
    bench->options.host = "name.example";
    addresses = NULL;
    look_ups = 0;
    *state = bench;
    return 0;
}

static struct peer *make_peer(struct bench *bench, const char *ip, int port)
{
    struct peer *peer = peer_create(bench->loop, ip, port);
    peer->answer = peer_answer_x;
    bench->options.port = peer->port;
    return peer;
}

static void test_numbers(void **state)
{
    struct bench *bench = *state;
    struct peer *v4 = make_peer(bench, "127.0.0.1", 0);
    bench->options.host = "127.0.0.1";
    bench_get(bench, "/", 3000);
    bench_expect(bench, "1 response 205 1 x");
    bench_forget(bench);
    struct peer *v6 = make_peer(bench, "::1", 0);
    static const char *const hosts[] = {"::1", "[::1]"};
    for (unsigned i = 0; i < 2; i++) {
        bench->options.host = hosts[i];
        bench_get(bench, "/", 3000);
        bench_expect(bench, "%u response 205 1 x", i + 2);
        bench_forget(bench);
    }
    assert_int_equal(look_ups, 0);
    assert_int_equal(v6->last.option_count, 0); /* no Uri-Host */
    peer_destroy(v4);
    peer_destroy(v6);
}

static void test_no_name(void **state)
{
    struct bench *bench = *state;
    bench->options.port = ports_free();
    bench_get(bench, "/", 3000);
    bench_expect(bench, "1 unreachable");
    assert_true(bench_logged(bench, "the name has no address: "));
}

static void test_slow_name(void **state)
{
    struct bench *bench = *state;
    bench->options.port = ports_free();
    bench->options.host = "slow.example";
    double start = bench_now();
    bench_get(bench, "/", 500);
    bench_expect(bench, "1 timeout");
    assert_true(bench_now() - start < 0.8);
    assert_true(bench_logged(bench, "no answer from the name server in time"));
    bench_quiet(bench, 2.2);
}

/* The first address is dead, with an ICMP message: the request goes to the second, each of them. */
static void test_second_address(void **state)
{
    static const char *const two[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct bench *bench = *state;
    struct peer *peer = make_peer(bench, "127.0.0.1", 0);
    addresses = two;
    bench_get(bench, "/a", 3000);
    bench_get(bench, "/b", 3000);
    bench_expect(bench, "1 response 205 1 x");
    bench_expect(bench, "2 response 205 1 x");
    assert_int_equal(peer->received, 2);
    assert_int_equal(look_ups, 1);
    assert_true(bench_logged(bench, "state: coap: name.example (127.0.0.2): "));
    assert_null(strstr(buf_text(&bench->log_lines), "warning"));
    peer_destroy(peer);
    bench_get(bench, "/c", 3000);
    bench_expect(bench, "3 unreachable");
    assert_int_equal(look_ups, 1);
    /* The session broke: the name is looked up again. */
    bench_get(bench, "/d", 3000);
    bench_expect(bench, "4 unreachable");
    assert_int_equal(look_ups, 2);
}

/* An address that has answered breaks: what it may have carried out is not sent elsewhere. */
static void test_no_second_try(void **state)
{
    static const char *const two[] = {"127.0.0.1", "127.0.0.2", NULL};
    struct bench *bench = *state;
    struct peer *first = make_peer(bench, "127.0.0.1", 0);
    struct peer *second = make_peer(bench, "127.0.0.2", first->port);
    addresses = two;
    bench_get(bench, "/a", 3000);
    bench_expect(bench, "1 response 205 1 x");
    peer_destroy(first);
    bench_get(bench, "/b", 3000);
    bench_expect(bench, "2 unreachable");
    assert_int_equal(second->received, 0);
    bench_get(bench, "/c", 3000);
    bench_expect(bench, "3 response 205 1 x");
    assert_int_equal(second->received, 1);
    peer_destroy(second);
}

/* The first address says nothing: the next session begins with the second, and stays there. */
static void test_silent_address(void **state)
{
    static const char *const two[] = {"127.0.0.2", "127.0.0.1", NULL};
    struct bench *bench = *state;
    struct peer *peer = make_peer(bench, "127.0.0.1", 0);
    struct peer *silent = peer_create(bench->loop, "127.0.0.2", peer->port);
    addresses = two;
    bench_get(bench, "/a", 600);
    bench_expect(bench, "1 timeout");
    bench_get(bench, "/b", 3000);
    bench_expect(bench, "2 response 205 1 x");
    assert_int_equal(look_ups, 2);
    peer->answer = NULL;
    bench_get(bench, "/c", 600);
    bench_expect(bench, "3 timeout");
    assert_int_equal(silent->received, 1);
    assert_int_equal(peer->received, 2);
    peer_destroy(silent);
    peer_destroy(peer);
}

/* Of two addresses the first does not speak DTLS: it gets half of the time. */
static void test_silent_dtls_address(void **state)
{
    static const char *const two[] = {"127.0.0.2", "127.0.0.1", NULL};
    static const char *const arguments[] = {"-k", "topsecret", NULL};
    struct bench *bench = *state;
    struct server *server = server_create(arguments);
    struct peer *silent = peer_create(bench->loop, "127.0.0.2", server->port + 1);
    addresses = two;
    bench->options.port = server->port + 1;
    bench->options.security = COAP_CLIENT_PSK;
    bench->options.psk_key = "topsecret";
    bench->options.psk_key_len = 9;
    double start = bench_now();
    bench_get(bench, "/none", 2000);
    bench_expect(bench, "1 response 404 9 Not Found");
    assert_true(bench_now() - start < 1.3);
    assert_true(bench_logged(bench, "coap: name.example (127.0.0.2): no DTLS handshake in time"));
    server_destroy(server);
    peer_destroy(silent);
}

static void test_redirect(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = make_peer(bench, "127.0.0.1", 0);
    char *rule = mem_printf("*.example=127.0.0.1:%d", peer->port);
    struct redirect *redirect = redirect_create(rule);
    bench->env.redirect = redirect;
    bench->options.host = "cloud.example";
    bench->options.port = 5683;
    bench_get(bench, "", 3000);
    bench_expect(bench, "1 response 205 1 x");
    assert_int_equal(look_ups, 0);
    /* The server still sees whom the host meant. */
    assert_int_equal(peer->last.option_count, 1);
    assert_int_equal(peer->last.options[0].number, 3);
    assert_memory_equal(peer->last.options[0].bytes, "cloud.example", 13);
    bench_forget(bench);
    redirect_destroy(redirect);
    free(rule);
    peer_destroy(peer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_name, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_slow_name, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_second_address, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_no_second_try, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_silent_address, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_silent_dtls_address, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_redirect, setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
