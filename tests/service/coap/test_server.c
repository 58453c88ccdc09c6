/* CoAP against a real server. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/server.h"

static struct server *server;

static int group_setup(void **state)
{
    server = server_create(NULL);
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    server_destroy(server);
    return bench_group_teardown(state);
}

static int setup(void **state)
{
    struct bench *bench = bench_create(NULL);
    bench->options.port = server->port;
    *state = bench;
    return 0;
}

static struct coap_client_request put(const char *path, const char *bytes, size_t len)
{
    return (struct coap_client_request){.method = COAP_CLIENT_PUT,
                                        .confirmable = true,
                                        .path = path,
                                        .bytes = bytes,
                                        .len = len,
                                        .content_format = 0,
                                        .accept = -1,
                                        .timeout_ms = 10000};
}

static void test_methods(void **state)
{
    struct bench *bench = *state;
    struct coap_client_request request = put("/thing", "one", 3);
    bench_get(bench, "/thing", 5000);
    bench_expect(bench, "1 response 404 9 Not Found");
    bench_send(bench, &request);
    bench_expect(bench, "2 response 201 0 ");
    bench_get(bench, "thing", 5000);
    bench_expect(bench, "3 response 205 3 one");
    request.bytes = "two";
    request.confirmable = false;
    bench_send(bench, &request);
    bench_expect(bench, "4 response 204 0 ");
    bench_get(bench, "/thing", 5000);
    bench_expect(bench, "5 response 205 3 two");
    request.method = COAP_CLIENT_DELETE;
    request.len = 0;
    request.content_format = -1;
    bench_send(bench, &request);
    bench_expect(bench, "6 response 202 0 ");
    bench_get(bench, "/thing", 5000);
    bench_expect(bench, "7 response 404 9 Not Found");
}

/* The answer comes as a message of its own, CON, some seconds later. */
static void test_separate(void **state)
{
    struct bench *bench = *state;
    bench_get(bench, "/async?1", 8000);
    bench_expect(bench, "1 response 205 4 done");
}

static void put_and_get(struct bench *bench, size_t len)
{
    char *body = mem_zeroed(len + 1);
    for (size_t i = 0; i < len; i++) {
        body[i] = (char)('a' + (i * 7 + i / 1000) % 26);
    }
    struct coap_client_request request = put("/large", body, len);
    bench_send(bench, &request);
    char *line = bench_take(bench);
    assert_non_null(strstr(line, " response 20"));
    free(line);
    bench_get(bench, "/large", 10000);
    line = bench_take(bench);
    assert_non_null(strstr(line, " response 205"));
    free(line);
    assert_int_equal(buf_len(&bench->body), len);
    assert_memory_equal(buf_bytes(&bench->body), body, len);
    free(body);
}

static void test_blocks(void **state)
{
    static const size_t lengths[] = {1, 1023, 1024, 1025, 2048, 10000, 65535, 65536};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        put_and_get(*state, lengths[i]);
    }
}

static void test_ping(void **state)
{
    struct bench *bench = *state;
    bench_ping(bench, 3000);
    bench_expect(bench, "1 reset");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_methods, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_separate, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_blocks, setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_ping, setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
