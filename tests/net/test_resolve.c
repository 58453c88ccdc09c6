/* Look-ups with a name server of the test's own, which answers, fails, or hangs for ever. */
#include <arpa/inet.h>
#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"
#include "net/resolve.h"
#include "tests/support/loop.h"

struct desk {
    struct ev_loop *loop;
    struct resolver *resolver;
    struct buf lines;
    bool in_call;
    bool destroy; /* the resolver, in the next answer */
};

/* Adds what getaddrinfo() makes of a number. */
static void append(struct addrinfo **list, const char *number, const char *service,
                   const struct addrinfo *hints)
{
    struct addrinfo **end = list;
    while (*end) {
        end = &(*end)->ai_next;
    }
    assert_int_equal(getaddrinfo(number, service, hints, end), 0);
}

/* The name says what happens. */
static int name_server(const char *host, const char *service, const struct addrinfo *hints,
                       struct addrinfo **result)
{
    *result = NULL;
    if (strcmp(host, "hang") == 0) {
        for (;;) {
            pause();
        }
    } else if (strcmp(host, "slow") == 0) {
        usleep(100000);
        append(result, "10.0.0.9", service, hints);
    } else if (strcmp(host, "twice") == 0) {
        append(result, "2001:db8::2", service, hints);
        append(result, "10.0.0.2", service, hints);
        append(result, "2001:db8::2", service, hints);
        append(result, "10.0.0.1", service, hints);
        append(result, "10.0.0.2", service, hints);
    } else if (strcmp(host, "many") == 0) {
        for (int i = 0; i < 40; i++) {
            char number[20];
            snprintf(number, sizeof number, "10.0.1.%d", i);
            append(result, number, service, hints);
        }
    } else {
        return strcmp(host, "busy") == 0 ? EAI_AGAIN : EAI_NONAME;
    }
    return 0;
}

static int setup(void **state)
{
    struct desk *desk = mem_zeroed(sizeof *desk);
    desk->loop = ev_loop_new(EVFLAG_AUTO);
    desk->resolver = resolver_create(desk->loop, name_server);
    *state = desk;
    return 0;
}

static int teardown(void **state)
{
    struct desk *desk = *state;
    resolver_destroy(desk->resolver);
    ev_loop_destroy(desk->loop);
    buf_free(&desk->lines);
    free(desk);
    return 0;
}

static int port_of(const struct net_address *address)
{
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->socket;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->socket;
    return ntohs(address->socket.ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port);
}

static void on_done(void *ctx, const struct net_address *addresses, size_t count, const char *error)
{
    struct desk *desk = ctx;
    assert_false(desk->in_call);
    assert_int_equal(count == 0, error != NULL);
    for (size_t i = 0; i < count; i++) {
        buf_printf(&desk->lines, "%s/%d ", addresses[i].text, port_of(&addresses[i]));
    }
    buf_printf(&desk->lines, "%s\n", error ? error : "");
    if (desk->destroy) {
        resolver_destroy(desk->resolver);
        desk->resolver = NULL;
    }
}

static struct lookup *ask(struct desk *desk, const char *host)
{
    desk->in_call = true;
    struct lookup *lookup = resolve(desk->resolver, host, 1883, on_done, desk);
    desk->in_call = false;
    return lookup;
}

static bool has_line(void *ctx)
{
    const struct desk *desk = ctx;
    return buf_len(&desk->lines) > 0;
}

static void expect(struct desk *desk, const char *line)
{
    assert_true(loop_until(desk->loop, has_line, desk));
    size_t len = strcspn(buf_text(&desk->lines), "\n");
    char *got = mem_copy(buf_bytes(&desk->lines), len);
    assert_string_equal(got, line);
    free(got);
    buf_take(&desk->lines, len + 1);
}

static void test_numbers(void **state)
{
    struct desk *desk = *state;
    ask(desk, "127.0.0.1");
    expect(desk, "127.0.0.1/1883 ");
    ask(desk, "::1");
    expect(desk, "::1/1883 ");
    ask(desk, "[2001:DB8:0::1]");
    expect(desk, "2001:db8::1/1883 ");
    /* The order of the questions is that of the answers. */
    ask(desk, "10.0.0.1");
    ask(desk, "10.0.0.2");
    expect(desk, "10.0.0.1/1883 ");
    expect(desk, "10.0.0.2/1883 ");
}

static void test_order_and_duplicates(void **state)
{
    struct desk *desk = *state;
    ask(desk, "twice");
    expect(desk, "2001:db8::2/1883 10.0.0.2/1883 10.0.0.1/1883 ");
}

static void test_at_most_16(void **state)
{
    struct desk *desk = *state;
    ask(desk, "many");
    expect(desk, "10.0.1.0/1883 10.0.1.1/1883 10.0.1.2/1883 10.0.1.3/1883 10.0.1.4/1883 "
                 "10.0.1.5/1883 10.0.1.6/1883 10.0.1.7/1883 10.0.1.8/1883 10.0.1.9/1883 "
                 "10.0.1.10/1883 10.0.1.11/1883 10.0.1.12/1883 10.0.1.13/1883 10.0.1.14/1883 "
                 "10.0.1.15/1883 ");
}

static void test_failures(void **state)
{
    struct desk *desk = *state;
    ask(desk, "unknown");
    expect(desk, "Name or service not known");
    ask(desk, "busy");
    expect(desk, "Temporary failure in name resolution");
    ask(desk, "");
    expect(desk, "Name or service not known");
    ask(desk, "[]");
    expect(desk, "Name or service not known");
}

/* Names that hang for ever delay neither others nor the end. */
static void test_hanging_names(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 30; i++) {
        ask(desk, "hang");
    }
    ask(desk, "slow");
    expect(desk, "10.0.0.9/1883 ");
}

static void test_cancel(void **state)
{
    struct desk *desk = *state;
    resolve_cancel(ask(desk, "127.0.0.1"));
    resolve_cancel(ask(desk, "hang"));
    resolve_cancel(ask(desk, "slow"));
    resolve_cancel(ask(desk, "twice"));
    resolve_cancel(NULL);
    ask(desk, "slow");
    expect(desk, "10.0.0.9/1883 ");
    assert_int_equal(buf_len(&desk->lines), 0);
}

/* The memory of what nobody waits for is freed by its thread (a leak check would tell). */
static void test_abandon(void **state)
{
    struct desk *desk = *state;
    for (int i = 0; i < 300; i++) {
        struct resolver *resolver = resolver_create(desk->loop, name_server);
        struct lookup *lookup = resolve(resolver, i % 3 ? "slow" : "twice", 1, on_done, desk);
        if (i % 2) {
            resolve_cancel(lookup);
        }
        resolve(resolver, "127.0.0.1", 1, on_done, desk);
        resolver_destroy(resolver);
    }
    resolver_destroy(NULL);
    ask(desk, "slow");
    expect(desk, "10.0.0.9/1883 ");
}

static void test_destroy_in_an_answer(void **state)
{
    struct desk *desk = *state;
    desk->destroy = true;
    ask(desk, "127.0.0.1");
    ask(desk, "127.0.0.2");
    ask(desk, "slow");
    expect(desk, "127.0.0.1/1883 ");
    assert_false(loop_until_within(desk->loop, has_line, desk, 0.15));
}

static void test_the_system(void **state)
{
    struct desk *desk = *state;
    resolver_destroy(desk->resolver);
    desk->resolver = resolver_create(desk->loop, NULL);
    ask(desk, "localhost");
    assert_true(loop_until(desk->loop, has_line, desk));
    assert_non_null(strstr(buf_text(&desk->lines), "1/1883 "));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_numbers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_and_duplicates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_at_most_16, setup, teardown),
        cmocka_unit_test_setup_teardown(test_failures, setup, teardown),
        cmocka_unit_test_setup_teardown(test_hanging_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_cancel, setup, teardown),
        cmocka_unit_test_setup_teardown(test_abandon, setup, teardown),
        cmocka_unit_test_setup_teardown(test_destroy_in_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_system, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
