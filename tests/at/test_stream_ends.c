/* Stream mode: the way out just under and just over its guard time, hosts and owners that go. */
#include "owner.h"

#include <string.h>

/* ---- the way out ---- */

static void test_guard(void **state)
{
    (void)state;
    static const struct {
        at_time before, after;
        const char *bytes, *data;
        bool out;
    } cases[] = {
        {20, 20, "+++", "a", true},         {19, 20, "+++", "a+++", false},
        {20, 19, "+++", "a", false},        {20, 20, "++++", "a++++", false},
        {20, 20, "++", "a++", false},       {20, 20, "+++b", "a+++b", false},
        {20, 20, "b+++", "ab+++", false},   {5000, 20, "+++", "a", true},
        {20, 20, "+++\r", "a+++\r", false}, {20, 20, "+", "a+", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct owner owner;
        owner_begin_open(&owner);
        lab_send(&owner.lab, "a");
        lab_wait(&owner.lab, cases[i].before);
        lab_send(&owner.lab, cases[i].bytes);
        lab_wait(&owner.lab, cases[i].after);
        owner_expect_got(&owner, cases[i].data);
        owner_expect_state(&owner, cases[i].out ? AT_STREAM_SUSPENDED : AT_STREAM_OPEN);
        assert_string_equal(owner.left, cases[i].out ? "E" : "");
        if (strcmp(cases[i].bytes, "+++") == 0 && !cases[i].out && cases[i].before == 20) {
            lab_send(&owner.lab, "b"); /* just under: all of it is data */
            owner_expect_got(&owner, "+++b");
        }
        owner_end(&owner);
    }
}

static void test_pluses_one_by_one(void **state)
{
    (void)state;
    for (int gap = GUARD - 1; gap <= GUARD; gap++) {
        struct owner owner;
        owner_begin_open(&owner);
        for (int i = 0; i < 3; i++) {
            lab_wait(&owner.lab, i ? gap : 0);
            lab_send(&owner.lab, "+");
        }
        lab_wait(&owner.lab, GUARD);
        owner_expect_got(&owner, gap < GUARD ? "" : "+++");
        owner_expect_state(&owner, gap < GUARD ? AT_STREAM_SUSPENDED : AT_STREAM_OPEN);
        owner_end(&owner);
    }
}

/* Bytes that come at the very moment when the guard time is over, before a tick. */
static void test_line_right_behind_the_guard(void **state)
{
    (void)state;
    for (int late = 0; late <= 1; late++) {
        struct owner owner;
        owner_begin_open(&owner);
        lab_send(&owner.lab, "+++");
        owner.lab.now += GUARD - 1 + late;
        lab_send(&owner.lab, "AT\r");
        lab_expect(&owner.lab, late ? OK : "");
        owner_expect_got(&owner, late ? "" : "+++AT\r");
        owner_end(&owner);
    }
}

static void test_nothing_is_held_longer_than_needed(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    lab_send(&owner.lab, "a+++"); /* no silence before: nothing to wait for */
    owner_expect_got(&owner, "a+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+");
    owner_expect_got(&owner, "");
    lab_send(&owner.lab, "1");
    owner_expect_got(&owner, "+1");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "++");
    lab_wait(&owner.lab, GUARD - 1);
    owner_expect_got(&owner, "");
    lab_wait(&owner.lab, 1);
    owner_expect_got(&owner, "++");
    owner_end(&owner);
}

static void test_command_line_is_no_silence(void **state)
{
    (void)state;
    for (int gap = GUARD - 1; gap <= GUARD; gap++) {
        struct owner owner;
        owner_begin(&owner);
        lab_send(&owner.lab, "AT+OPEN\n");
        lab_wait(&owner.lab, gap);
        lab_send(&owner.lab, "+++");
        lab_wait(&owner.lab, GUARD);
        owner_expect_got(&owner, gap < GUARD ? "+++" : "");
        owner_end(&owner);
    }
}

static void test_no_way_out(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    owner.stream.guard_ms = 0;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    lab_send(&owner.lab, "+++");
    owner_expect_got(&owner, "+++");
    lab_wait(&owner.lab, 100000);
    owner_expect_state(&owner, AT_STREAM_OPEN);
    owner_end(&owner);
}

static void test_out_and_back(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    owner.stream.escape_ok = true;
    lab_send(&owner.lab, "ATO\rAT+OPEN\n");
    lab_expect(&owner.lab, LINE("+CME ERROR:6") LINE("CONNECT"));
    lab_wait(&owner.lab, GUARD);
    at_urc_line(owner.lab.at, "+U");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, OK LINE("+U"));
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_expect(&owner.lab, LINE("+CME ERROR:5"));
    lab_send(&owner.lab, "ATO\ny");
    lab_expect(&owner.lab, LINE("CONNECT"));
    assert_int_equal(owner.writable, 1);
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 1);
    lab_expect(&owner.lab, "x");
    owner_expect_got(&owner, "y");
    owner_end(&owner);
}

/* ---- the end ---- */

static void test_closed_by_its_owner(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    at_urc_line(owner.lab.at, "+U");
    at_stream_write(owner.lab.at, "last", 4);
    lab_wait(&owner.lab, GUARD);
    owner.room = 0;
    lab_send(&owner.lab, "for nobody");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "last" LINE("NO CARRIER") LINE("+U"));
    owner_expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    owner.room = 1; /* a new one begins afresh */
    lab_send(&owner.lab, "AT+OPEN\nx");
    owner_expect_got(&owner, "x");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_expect(&owner.lab, LINE("CONNECT"));
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* nothing there: no words */
    lab_expect(&owner.lab, "");
    assert_string_equal(owner.left, "");
    owner_end(&owner);
}

static void test_closed_from_inside_input(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    owner.close_at = 4;
    lab_send(&owner.lab, "dataAT\r"); /* what is behind is a line */
    lab_expect(&owner.lab, LINE("NO CARRIER") OK);
    owner_expect_got(&owner, "data");
    lab_send(&owner.lab, "AT+OPEN\nmoreAT\r");
    lab_expect(&owner.lab, LINE("CONNECT") LINE("NO CARRIER") OK);
    buf_clear(&owner.got);
    owner.room = 0;
    lab_send(&owner.lab, "AT+OPEN\ndata");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "++");
    owner.room = 100;
    at_stream_ready(owner.lab.at);
    lab_read(&owner.lab);
    owner_expect_got(&owner, "data");
    lab_send(&owner.lab, "\r"); /* so is what was held back */
    lab_expect(&owner.lab, LINE("CONNECT") LINE("NO CARRIER") ERROR);
    owner_end(&owner);
}

static void test_closed_while_suspended(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "ATH\r"); /* its words are an unsolicited result then */
    lab_expect(&owner.lab, OK LINE("NO CARRIER"));
    lab_send(&owner.lab, "ATO\r");
    lab_expect(&owner.lab, LINE("+CME ERROR:6"));
    owner_end(&owner);
    owner_begin_open(&owner);
    owner.close_when_left = true;
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, LINE("NO CARRIER"));
    owner_expect_state(&owner, AT_STREAM_NONE);
    owner_end(&owner);
}

static void test_reset(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "AT&F\r");
    owner_expect_state(&owner, AT_STREAM_SUSPENDED);
    lab_send(&owner.lab, "ATZ\r");
    lab_expect(&owner.lab, OK OK);
    assert_string_equal(owner.left, "ER");
    owner_expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT+OPEN\n");
    at_deafen(owner.lab.at);
    lab_send(&owner.lab, "lost");
    at_restart(owner.lab.at);
    assert_string_equal(owner.left, "ERR");
    at_undeafen(owner.lab.at);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, LINE("CONNECT") OK);
    lab_send(&owner.lab, "AT+OPEN\n");
    at_deafen(owner.lab.at);
    lab_send(&owner.lab, "lost");
    at_undeafen(owner.lab.at);
    owner_expect_got(&owner, "");
    owner_end(&owner);
}

/* ---- a host that goes ---- */

static void test_host_gone(void **state)
{
    (void)state;
    for (int stays = 0; stays <= 1; stays++) {
        struct owner owner;
        owner_begin(&owner);
        owner.stream.stays = stays;
        owner.stream.burst_ms = 20;
        lab_send(&owner.lab, "AT+OPEN\n");
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "ab");
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "++");
        buf_clear(&owner.lab.out);
        at_host_gone(owner.lab.at, owner.lab.now);
        assert_string_equal(owner.left, stays ? "" : "G");
        owner_expect_state(&owner, stays ? AT_STREAM_OPEN : AT_STREAM_SUSPENDED);
        assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
        lab_wait(&owner.lab, 1000);
        owner_expect_got(&owner, "ab|++|");
        assert_int_equal(owner.writable, 0);
        at_host_came(owner.lab.at, owner.lab.now);
        lab_send(&owner.lab, "AT\r");
        lab_expect(&owner.lab, stays ? "" : OK);
        owner_expect_got(&owner, stays ? "AT\r" : "");
        assert_int_equal(owner.writable, stays);
        owner_end(&owner);
    }
}

static void test_host_gone_behind_its_escape(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    lab_send(&owner.lab, "+++");
    at_host_gone(owner.lab.at, owner.lab.now);
    owner_expect_got(&owner, "");
    assert_string_equal(owner.left, "G");
    owner_end(&owner);
}

/* A host that wrote all it had to say and went: the rest of its bytes are the stream's. */
static void test_host_gone_before_it_opens(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    lab_send(&owner.lab, "AT+LATER\rhello");
    at_host_gone(owner.lab.at, owner.lab.now);
    at_host_came(owner.lab.at, owner.lab.now);
    lab_send(&owner.lab, "AT\r");
    assert_true(at_open_stream(owner.lab.at, owner.lab.ticket, &owner.stream, "CONNECT", 1));
    assert_true(at_finish(owner.lab.at, owner.lab.ticket, AT_STREAM));
    lab_expect(&owner.lab, OK);
    owner_expect_got(&owner, "hello");
    assert_string_equal(owner.left, "G");
    owner_end(&owner);

    owner_begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r"); /* while it waits for a LF */
    at_host_gone(owner.lab.at, owner.lab.now);
    assert_string_equal(owner.left, "G");
    at_host_came(owner.lab.at, owner.lab.now);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    owner_end(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guard),
        cmocka_unit_test(test_pluses_one_by_one),
        cmocka_unit_test(test_line_right_behind_the_guard),
        cmocka_unit_test(test_nothing_is_held_longer_than_needed),
        cmocka_unit_test(test_command_line_is_no_silence),
        cmocka_unit_test(test_no_way_out),
        cmocka_unit_test(test_out_and_back),
        cmocka_unit_test(test_closed_by_its_owner),
        cmocka_unit_test(test_closed_from_inside_input),
        cmocka_unit_test(test_closed_while_suspended),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_host_gone),
        cmocka_unit_test(test_host_gone_behind_its_escape),
        cmocka_unit_test(test_host_gone_before_it_opens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
