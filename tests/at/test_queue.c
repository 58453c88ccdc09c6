/* What leaves when: URCs never fall inside anything, pending commands and what waits behind them,
 * hosts that do not read, hosts that go and come. */
#include "lab.h"

#include <string.h>

#define CME(n) LINE("+CME ERROR:" n)

static void urc(struct lab *lab, const char *text)
{
    at_urc_line(lab->at, "%s", text);
}

static void test_urc_forms(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    urc(&lab, "+U:1");
    assert_int_equal(lab.wakes, 1);
    lab_expect(&lab, LINE("+U:1"));
    at_urc(lab.at,
           &(struct at_urc){.line = "+U:3", .len = 4, .ok = true, .raw = "\0\r\n", .raw_len = 3});
    lab_expect_bytes(&lab, LINE("+U:3") OK "\0\r\n", 17);
    lab_send(&lab, "ATV0\r");
    urc(&lab, "+U:4");
    lab_expect(&lab, "0\r+U:4\r\n");
    lab_close(&lab);
}

/* A URC that arises at any byte of a command leaves behind its final result. */
static void test_urc_never_inside_a_command(void **state)
{
    (void)state;
    static const char input[] = "ATE1\rAT+NUM=1\rAT+DATA=3\rabcAT+DATA=0\nxy+++";
    for (size_t at = 0; at < sizeof input; at++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        lab_send_bytes(&lab, input, at);
        urc(&lab, "+U");
        lab_read(&lab);
        lab_send_bytes(&lab, input + at, sizeof input - 1 - at);
        lab_wait(&lab, 50);
        char *found = strstr(buf_text(&lab.out), LINE("+U"));
        assert_non_null(found);
        memmove(found, found + 6, strlen(found + 6) + 1);
        buf_cut(&lab.out, buf_len(&lab.out) - 6);
        lab_expect(&lab, OK "AT+NUM=1\r" LINE("+NUM:1") OK "AT+DATA=3\r" OK LINE("+DATA:3:abc") OK
                   "AT+DATA=0\n" LINE(">") LINE("+DATA:2:xy") OK);
        lab_close(&lab);
    }
}

static void test_urc_waits_for_final_result(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\r");
    urc(&lab, "+U:1");
    urc(&lab, "+U:2");
    lab_expect(&lab, "");
    lab.wakes = 0;
    at_info(lab.at, lab.ticket, "+SLOW:%d", 5);
    assert_true(lab.wakes > 0); /* it does not wait for the end of its command */
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_expect(&lab, LINE("+SLOW:5") OK LINE("+U:1") LINE("+U:2"));
    lab_close(&lab);
}

static void test_flood_between_ok_and_prompt(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    for (int i = 0; i < 1000; i++) {
        urc(&lab, "+FLOOD");
    }
    lab_read(&lab);
    lab_send(&lab, "AT+DATA=2\r");
    buf_clear(&lab.out); /* what came before the line */
    for (int i = 0; i < 1000; i++) {
        urc(&lab, "+FLOOD");
    }
    lab_read(&lab);
    lab_expect(&lab, "");
    lab_send(&lab, "\nab");
    lab_read(&lab);
    assert_memory_equal(buf_bytes(&lab.out), OK LINE("+DATA:2:ab") OK LINE("+FLOOD"), 36);
    assert_int_equal(buf_len(&lab.out), 6 + 14 + 6 + 1000 * 10);
    lab_close(&lab);
}

static void test_unfinished_line_holds_urcs_five_seconds(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+NU");
    urc(&lab, "+U:1");
    lab_wait(&lab, 4999);
    lab_expect(&lab, "");
    lab_wait(&lab, 1);
    lab_expect(&lab, LINE("+U:1"));
    lab_send(&lab, "M=3\r");
    lab_expect(&lab, LINE("+NUM:3") OK);
    lab_close(&lab);
}

/* ---- pending commands ---- */

static void test_lines_behind_a_pending_command(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "ATE1\rAT+SLOW\rAT+NUM=1\rAT+NU");
    lab_expect(&lab, OK "AT+SLOW\r");
    at_finish(lab.at, lab.ticket, 31);
    assert_true(lab.wakes > 0);
    lab_expect(&lab, CME("31") "AT+NUM=1\r" LINE("+NUM:1") OK "AT+NU");
    lab_send(&lab, "M=2\r");
    lab_expect(&lab, "M=2\r" LINE("+NUM:2") OK);
    lab_close(&lab);
}

static void test_tickets(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\r");
    at_ticket first = lab.ticket;
    assert_false(at_finish(lab.at, first + 1, AT_OK));
    assert_true(at_finish(lab.at, first, AT_OK));
    assert_false(at_finish(lab.at, first, AT_OK));
    lab_send(&lab, "AT+SLOW\r");
    assert_false(at_finish(lab.at, first, AT_OK));
    at_info(lab.at, first, "+STALE");
    at_after_ok(lab.at, first, "stale", 5);
    assert_true(at_finish(lab.at, lab.ticket, AT_OK));
    lab_expect(&lab, OK OK);
    lab_close(&lab);
}

static void test_pending_inside_a_line(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_loose, NULL);
    lab_send(&lab, "ATE0+SLOW;+NUM=1;+SLOW;I\rAT\r");
    buf_clear(&lab.out);
    at_ticket first = lab.ticket;
    at_finish(lab.at, first, AT_OK);
    assert_false(at_finish(lab.at, first, AT_OK)); /* the rest of the line is not its own */
    lab_expect(&lab, LINE("+NUM:1"));
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_expect(&lab, LINE("I:") OK OK);
    lab_close(&lab);
}

static void test_input_behind_a_pending_command_is_bounded(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\r");
    assert_true(at_input_room(lab.at) >= 16 * 1024);
    int sent = 0;
    while (at_input_room(lab.at) >= 3) {
        lab_send(&lab, "AT\r");
        sent++;
    }
    assert_int_equal(sent, AT_INPUT_MAX / 3);
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_read(&lab);
    assert_int_equal(buf_len(&lab.out), 6 * (size_t)(sent + 1));
    lab_close(&lab);
}

/* ---- hosts that do not read ---- */

static void test_output_bound_stops_input(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab.not_reading = true;
    size_t lines = 0;
    while (at_input_room(lab.at) && lines < 100000) {
        lab_send(&lab, "AT\r");
        lines++;
    }
    size_t waiting;
    at_output(lab.at, &waiting);
    assert_true(waiting >= AT_OUTPUT_MAX && waiting < AT_OUTPUT_MAX + 64);
    lab.not_reading = false;
    lab_read(&lab);
    assert_int_equal(buf_len(&lab.out), 6 * lines); /* no final result is ever dropped */
    assert_true(at_input_room(lab.at) > 0);
    lab_close(&lab);
}

/* Lines that are in already do not run either: their answers could be long. */
static void test_output_bound_holds_taken_lines(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\r");
    while (at_input_room(lab.at) >= 7) {
        lab_send(&lab, "AT+RAW?\r");
    }
    lab.not_reading = true;
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_read(&lab);
    size_t waiting;
    at_output(lab.at, &waiting);
    assert_true(waiting < AT_OUTPUT_MAX + 64);
    lab.not_reading = false;
    lab_read(&lab);
    assert_true(buf_len(&lab.out) > (size_t)AT_OUTPUT_MAX);
    lab_close(&lab);
}

/* While input waits unread in the port, silence means nothing to a data phase. */
static void test_blocked_output_stops_silence_timers(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab.not_reading = true;
    while (at_input_room(lab.at)) {
        size_t waiting;
        at_output(lab.at, &waiting);
        if (waiting > AT_OUTPUT_MAX - 9) {
            lab_send(&lab, "AT+DATA=0\nab+++");
        } else {
            lab_send(&lab, "AT\r");
        }
    }
    lab_wait(&lab, 60000);
    assert_int_equal(lab.ran, 0);
    lab.not_reading = false;
    lab_read(&lab);
    lab_wait(&lab, 49);
    assert_int_equal(lab.ran, 0);
    lab_wait(&lab, 1);
    assert_int_equal(lab.ran, 1);
    lab_close(&lab);
}

static void test_urc_bound(void **state)
{
    (void)state;
    static char text[1024];
    memset(text, 'u', sizeof text - 1);
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab.not_reading = true;
    for (int i = 0; i < 2000; i++) {
        urc(&lab, text);
        at_tick(lab.at, lab.now);
    }
    struct at_counters counters = at_counters(lab.at);
    assert_int_equal(counters.urcs, 2000);
    assert_in_range(counters.urcs_dropped, 900, 1000);
    assert_int_equal(lab.warnings, 1);
    lab_send(&lab, "AT\r"); /* answers go in front of waiting URCs, none inside another */
    lab.not_reading = false;
    lab_read(&lab);
    assert_int_equal(buf_len(&lab.out), 6 + (2000 - counters.urcs_dropped) * 1027);
    assert_non_null(strstr(buf_text(&lab.out), OK));
    /* the next episode warns again */
    lab.not_reading = true;
    for (int i = 0; i < 2000; i++) {
        urc(&lab, text);
        at_tick(lab.at, lab.now);
    }
    assert_int_equal(lab.warnings, 2);
    lab_close(&lab);
}

/* ---- hosts that go and come ---- */

static void test_host_gone_takes_its_half_line(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "ATE1V0\rAT+CMEE=0\rAT+NU");
    buf_clear(&lab.out);
    at_host_gone(lab.at, lab.now);
    at_host_came(lab.at, lab.now);
    lab_send(&lab, "AT+FAIL\r"); /* E, V and CMEE stay */
    lab_expect(&lab, "AT+FAIL\r4\r");
    lab_close(&lab);
}

static void test_host_gone_takes_queued_answers(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab.not_reading = true;
    lab_send(&lab, "AT+NUM=1\r");
    urc(&lab, "+U");
    at_host_gone(lab.at, lab.now);
    lab.not_reading = false;
    at_host_came(lab.at, lab.now);
    lab_expect(&lab, "");
    lab_close(&lab);
}

static void test_pending_command_runs_on_without_host(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\rAT+NUM=1\rAT+NU");
    at_host_gone(lab.at, lab.now);
    at_host_came(lab.at, lab.now);
    lab_send(&lab, "AT+NUM=2\r");
    lab_expect(&lab, "");
    assert_true(at_finish(lab.at, lab.ticket, AT_OK));
    lab_expect(&lab, LINE("+NUM:2") OK); /* the first host's complete line ran, unanswered */
    assert_int_equal(lab.ran, 3);
    lab_close(&lab);
}

/* printf 'AT+NUM=1\r' > port */
static void test_line_of_a_host_that_closed_at_once(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    at_feed(lab.at, "AT+SLOW\rAT+DATA=2\rabAT+DATA=2\ra", 31, lab.now);
    at_host_gone(lab.at, lab.now);
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_read(&lab);
    assert_int_equal(lab.ran, 2); /* SLOW, and the data that were complete */
    at_host_came(lab.at, lab.now);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

static void small_backlog(struct at_config *config)
{
    config->backlog = 25;
}

static void test_backlog(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, small_backlog);
    at_host_gone(lab.at, lab.now);
    at_urc(lab.at, &(struct at_urc){.line = "RDY", .len = 3, .boot = true});
    for (int i = 1; i <= 5; i++) {
        at_urc_line(lab.at, "+U:%d", i); /* 8 bytes each: three fit */
    }
    assert_int_equal(at_counters(lab.at).urcs_dropped, 2);
    at_host_came(lab.at, lab.now);
    lab_expect(&lab, LINE("RDY") LINE("+U:3") LINE("+U:4") LINE("+U:5"));
    lab_close(&lab);

    lab_open(&lab, &lab_strict, NULL); /* no backlog: boot lines only */
    at_host_gone(lab.at, lab.now);
    at_urc(lab.at, &(struct at_urc){.line = "RDY", .len = 3, .boot = true});
    urc(&lab, "+U");
    at_host_came(lab.at, lab.now);
    lab_expect(&lab, LINE("RDY"));
    lab_close(&lab);
}

/* ---- restart ---- */

static void test_deaf(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "ATE1\rAT+SLOW\rAT+NUM=1\r");
    buf_clear(&lab.out);
    urc(&lab, "+LOST");
    at_deafen(lab.at);
    at_restart(lab.at);
    at_finish(lab.at, lab.ticket, AT_OK); /* its OK still leaves */
    lab_expect(&lab, OK);
    lab_send(&lab, "AT+NUM=2\rAT+NU");
    lab_wait(&lab, 1000);
    lab_expect(&lab, "");
    at_undeafen(lab.at);
    lab_send(&lab, "AT+NUM=3\r");
    lab_expect(&lab, LINE("+NUM:3") OK);
    lab_close(&lab);
}

/* Whatever is under way: nothing of it is left, and its owner's answer comes too late. */
static void test_cut_in_every_state(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "", "AT+N", "AT+SLOW\r", "AT+DATA=3\r", "AT+DATA=3\r\nab", "AT+DATA=0\r\nab"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        lab_send(&lab, starts[i]);
        at_deafen(lab.at);
        at_cut(lab.at);
        at_restart(lab.at);
        assert_false(at_finish(lab.at, lab.ticket, AT_OK));
        lab_read(&lab);
        buf_clear(&lab.out);
        at_undeafen(lab.at);
        lab_send(&lab, "AT+NUM=3\r");
        lab_expect(&lab, LINE("+NUM:3") OK);
        lab_close(&lab);
    }
}

/* Its data stalled before. */
static void test_cut_while_input_is_dropped(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=3\r\na");
    lab_wait(&lab, 10000);
    buf_clear(&lab.out);
    at_cut(lab.at);
    lab_send(&lab, "AT+NUM=3\r");
    lab_expect(&lab, LINE("+NUM:3") OK);
    lab_close(&lab);
}

static void test_destroyed_in_every_state(void **state)
{
    (void)state;
    static const char *const starts[] = {
        "", "AT+N", "AT+SLOW\rAT", "AT+DATA=3\r", "AT+DATA=3\nab", "AT+DATA=0\nab"};
    for (int round = 0; round < 300; round++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        lab.not_reading = true;
        lab_send(&lab, starts[round % 6]);
        urc(&lab, "+U");
        lab_close(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_urc_forms),
        cmocka_unit_test(test_urc_never_inside_a_command),
        cmocka_unit_test(test_urc_waits_for_final_result),
        cmocka_unit_test(test_flood_between_ok_and_prompt),
        cmocka_unit_test(test_unfinished_line_holds_urcs_five_seconds),
        cmocka_unit_test(test_lines_behind_a_pending_command),
        cmocka_unit_test(test_tickets),
        cmocka_unit_test(test_pending_inside_a_line),
        cmocka_unit_test(test_input_behind_a_pending_command_is_bounded),
        cmocka_unit_test(test_output_bound_stops_input),
        cmocka_unit_test(test_output_bound_holds_taken_lines),
        cmocka_unit_test(test_blocked_output_stops_silence_timers),
        cmocka_unit_test(test_urc_bound),
        cmocka_unit_test(test_host_gone_takes_its_half_line),
        cmocka_unit_test(test_host_gone_takes_queued_answers),
        cmocka_unit_test(test_pending_command_runs_on_without_host),
        cmocka_unit_test(test_line_of_a_host_that_closed_at_once),
        cmocka_unit_test(test_backlog),
        cmocka_unit_test(test_deaf),
        cmocka_unit_test(test_cut_in_every_state),
        cmocka_unit_test(test_cut_while_input_is_dropped),
        cmocka_unit_test(test_destroyed_in_every_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
