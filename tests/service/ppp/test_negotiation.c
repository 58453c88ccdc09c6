/* LCP and IPCP: how two sides agree, do not agree, and part. */
#include <stdio.h>
#include <string.h>

#include "tests/service/ppp/bench.h"
#include "tests/support/loop.h"

static void test_an_ordinary_host(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_up(bench);
    /* Echo: the answer has the peer's own magic number. */
    host_send(bench, 0xc021, "09 07 000c 00000000 01020304");
    host_expect(bench, "c021 0a07000c????????01020304");
    host_send(bench, 0xc021, "0b 08 0008 00000000"); /* discard */
    host_send(bench, 0xc021, "0a 08 0008 00000000"); /* a reply to nothing */
    host_send(bench, 0xc021, "63 09 0006 abcd");     /* a code that there is not */
    host_expect(bench, "c021 07??000a63090006abcd");
    host_send(bench, 0xc021, "05 0a 0004");
    host_expect(bench, "c021 060a0004");
    host_expect(bench, "ended host");
    bench->in_call = true;
    assert_int_equal(ppp_input(bench->ppp, "x", 1), 0);
    bench->in_call = false;
    bench_quiet(bench, 0.05);
}

/* What pppd (2.4.9) asks for when it begins, as recorded: ACCM, magic, PFC, ACFC, and compressions
 * that need a kernel. */
static void test_pppd(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    const char *request = host_expect(bench, "c021 01");
    char text[100];
    snprintf(text, sizeof text, "%s", request);
    host_send(bench, 0xc021, "01 01 0014 0206 00000000 0506 9f1c6a3e 0702 0802");
    host_expect(bench, "c021 0201001402060000000005069f1c6a3e07020802");
    host_send(bench, 0xc021, "02 %s", text);
    host_expect(bench, "8021 01");
    host_send(bench, 0x80fd, "01 01 000f 1a04 7800 1804 7800 1503 2f"); /* CCP */
    host_expect(bench, "c021 08??001580fd0101000f1a047800180478001503");
    host_send(bench, 0x8021, "01 01 0010 0306 00000000 0206 002d0f01"); /* with VJ */
    host_expect(bench, "8021 0401000a0206002d0f01");
    host_send(bench, 0x8057, "01 01 000e 010a 0123456789abcdef"); /* IPV6CP */
    host_expect(bench, "c021 08??00148057");
    host_send(bench, 0x8021, "01 02 000a 0306 00000000");
    host_expect(bench, "8021 0302000a0306c0a8280d");
    host_send(bench, 0x8021, "01 03 000a 0306 c0a8280d");
    host_expect(bench, "8021 0203000a0306c0a8280d");
}

static void test_lcp_options(void **state)
{
    struct bench *bench = *state;
    static const char *const rows[][2] = {
        {"01 01 0008 0104 05dc", "020100080104"},         /* MRU 1500 */
        {"01 02 0008 0104 0040", "03020008010400"},       /* 64: too small, 128 would do */
        {"01 03 0008 0304 c023", "040300080304c023"},     /* PAP of us */
        {"01 04 0009 0305 c22305", "040400090305c22305"}, /* CHAP */
        {"01 05 000c 0408 c0250000 03e8", "0405000c0408c025000003e8"},
        {"01 06 0006 0d02", "040600060d02"},          /* not known */
        {"01 07 000a 0506 00000000", "0307000a0506"}, /* a magic number that is none */
        {"01 08 0007 0103 05", "040800070103"},       /* lengths that cannot be */
        {"01 09 0009 0205 000000", "04090009"},
        {"01 0a 0008 0304 c023 0104 0040", "040a00080304c023"}, /* length cut: the first only */
        {"01 0b 000c 0304 c023 0104 0040", "040b00080304c023"}, /* reject goes before nak */
        {"01 0c 0004", "020c0004"},                             /* nothing wanted */
    };
    bench_start(bench);
    host_expect(bench, "c021 01");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char expected[64];
        snprintf(expected, sizeof expected, "c021 %s", rows[i][1]);
        host_send(bench, 0xc021, "%s", rows[i][0]);
        host_expect(bench, expected);
    }
    /* No packets at all: silence. */
    host_send(bench, 0xc021, "01 0d 0006 0100");      /* option shorter than its head */
    host_send(bench, 0xc021, "01 0e 0006 0104");      /* longer than the packet */
    host_send(bench, 0xc021, "01 0f 0005 01");        /* half a head */
    host_send(bench, 0xc021, "01 10 0040 0104 05dc"); /* longer than the frame */
    host_send(bench, 0xc021, "01 11 0003");
    host_send(bench, 0xc021, "01");
    host_send(bench, 0x8021, "01 01 0004"); /* before LCP is up */
    host_send(bench, 0x80fd, "01 01 0004");
    host_send(bench, 0xc021, "09 07 0008 00000000");
    bench_quiet(bench, 0.05);
}

static void test_what_the_host_refuses(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    const char *rest = host_expect(bench, "c021 01");
    char id[3] = {rest[0], rest[1], '\0'};
    host_send(bench, 0xc021, "04 %s 000e 0206 00000000 0702 0802", id); /* all but the number */
    char again[100];
    snprintf(again, sizeof again, "%s", host_expect(bench, "c021 01"));
    assert_true(strncmp(again + 2, "000a0506", 8) == 0);
    host_send(bench, 0xc021, "03 %.2s 000a 0506 12345678", again); /* another number */
    char third[100];
    snprintf(third, sizeof third, "%s", host_expect(bench, "c021 01"));
    assert_true(strncmp(third + 2, "000a0506", 8) == 0);
    assert_string_not_equal(third + 10, again + 10);
    host_send(bench, 0xc021, "02 %.2s 000a 0506 00000000", again); /* to an old request: nothing */
    bench_quiet(bench, 0.02);
    host_send(bench, 0xc021, "02 %s", third);
    host_send(bench, 0xc021, "01 01 0004");
    host_expect(bench, "c021 02010004");
    host_expect(bench, "8021 01");
}

static void test_addresses(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_lcp_up(bench);
    const char *rest = host_expect(bench, "8021 01");
    char id[3] = {rest[0], rest[1], '\0'};
    host_send(bench, 0x8021, "04 %s 000a 0306 c0a8280e", id); /* our address is not wanted */
    rest = host_expect(bench, "8021 01");
    assert_string_equal(rest + 2, "0004");
    host_send(bench, 0x8021, "02 %.2s 0004", rest);
    host_send(bench, 0x8021, "01 01 000e 010a c0a80001 c0a80002"); /* the old IP-Addresses */
    host_expect(bench, "8021 0401000e010a");
    host_send(bench, 0x8021, "01 02 000a 8206 00000000"); /* WINS */
    host_expect(bench, "8021 0402000a8206");
    /* A host that wants another address, and does not let go. */
    for (int i = 0; i < 5; i++) {
        host_send(bench, 0x8021, "01 %02x 000a 0306 0a000001", 3 + i);
        host_expect(bench, "8021 03??000a0306c0a8280d");
    }
    host_send(bench, 0x8021, "01 10 000a 0306 0a000001");
    host_expect(bench, "8021 0410000a03060a000001");
    host_send(bench, 0x8021, "01 11 0004"); /* with none it is taken */
    host_expect(bench, "8021 02110004");
    assert_true(bench_logged(bench, "the host has its address"));
}

static void test_terminated_early(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_expect(bench, "c021 01");
    host_send(bench, 0xc021, "05 05 0004");
    host_expect(bench, "c021 06050004");
    host_expect(bench, "ended host");
}

static void test_begins_anew(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_up(bench);
    host_send(bench, 0xc021, "01 20 0004"); /* the host has restarted */
    char again[100];
    snprintf(again, sizeof again, "%s", host_expect(bench, "c021 01"));
    host_expect(bench, "c021 02200004");
    host_send(bench, 0x8021, "01 01 0004"); /* not now */
    host_send(bench, 0xc021, "02 %s", again);
    const char *rest = host_expect(bench, "8021 01");
    char id[3] = {rest[0], rest[1], '\0'};
    host_send(bench, 0x8021, "02 %s 000a 0306 c0a8280e", id);
    host_send(bench, 0x8021, "01 05 000a 0306 c0a8280d");
    host_expect(bench, "8021 0205000a0306c0a8280d");
    host_send(bench, 0x8021, "05 06 0004"); /* IPCP alone ends, and is taken up again */
    host_expect(bench, "8021 06060004");
    bench_quiet(bench, 0.02);
    host_send(bench, 0x8021, "01 07 000a 0306 c0a8280d");
    host_expect(bench, "8021 01");
    host_expect(bench, "8021 0207000a");
}

static void test_no_ip(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_lcp_up(bench);
    host_expect(bench, "8021 01");
    host_send(bench, 0xc021, "08 01 000a 8021 01010004");
    host_expect(bench, "c021 05??0004"); /* the peer says that it is over */
    host_expect(bench, "ended failed");
}

static void test_codes_rejected(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_expect(bench, "c021 01");
    host_send(bench, 0xc021, "07 01 0008 01010004");
    host_expect(bench, "c021 05??0004");
    host_expect(bench, "ended failed");
}

static void test_never_content(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    const char *rest;
    int requests = 0;
    for (rest = host_expect(bench, "c021 0"); rest[0] == '1'; rest = host_expect(bench, "c021 0")) {
        requests++;
        host_send(bench, 0xc021, "03 %.2s 000a 0506 12345678", rest + 1);
    }
    assert_int_equal(rest[0], '5');
    assert_in_range(requests, 20, 40);
    host_expect(bench, "ended failed");
}

/* A terminal that echoes: everything comes back. */
static void test_a_line_that_echoes(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    char line[100];
    do {
        snprintf(line, sizeof line, "%s", host_expect(bench, "c021 "));
        if (!strstr(buf_text(&bench->lines), "ended")) {
            host_send(bench, 0xc021, "%s", line);
            loop_until_within(bench->loop, loop_never, NULL, 0.002);
        }
    } while (strncmp(line, "05", 2) != 0);
    host_expect(bench, "ended failed");
    assert_true(bench_logged(bench, "sends back"));
}

static bool second_request(void *ctx)
{
    struct bench *bench = ctx;
    const char *first = strstr(buf_text(&bench->lines), "c021 01");
    return first && strstr(first + 1, "c021 01");
}

static void test_repeats_itself(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    bench_until(bench, second_request, bench); /* after 3 s */
    char first[100];
    snprintf(first, sizeof first, "%s", host_expect(bench, "c021 01"));
    const char *second = host_expect(bench, "c021 01");
    assert_string_not_equal(first, second);
    assert_string_equal(first + 2, second + 2);
    assert_true(loop_wakes(bench->loop, 0.3) <= 3);
}

static void test_destroyed_in_events(void **state)
{
    struct bench *bench = *state;
    bench->die = "c021 01";
    bench_start(bench);
    host_expect(bench, "c021 01");
    bench_quiet(bench, 0.02);
    assert_null(bench->ppp);
    bench->die = "ended";
    bench_start(bench);
    host_expect(bench, "c021 01");
    host_send(bench, 0xc021, "05 05 0004");
    host_expect(bench, "c021 06050004");
    host_expect(bench, "ended host");
    bench_quiet(bench, 0.02);
    assert_null(bench->ppp);
}

static void test_network(void **state)
{
    struct bench *bench = *state;
    bench_start(bench);
    host_up(bench);
    bench->in_call = true;
    network_set_data(bench->network, false);
    bench->in_call = false;
    host_expect(bench, "ended network");
    ppp_destroy(bench->ppp);
    bench_start(bench);
    host_expect(bench, "c021 01"); /* it was said before */
    host_expect(bench, "ended network");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_an_ordinary_host),    TEST(test_pppd),
        TEST(test_lcp_options),         TEST(test_what_the_host_refuses),
        TEST(test_addresses),           TEST(test_terminated_early),
        TEST(test_begins_anew),         TEST(test_no_ip),
        TEST(test_codes_rejected),      TEST(test_never_content),
        TEST(test_a_line_that_echoes),  TEST(test_repeats_itself),
        TEST(test_destroyed_in_events), TEST(test_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
