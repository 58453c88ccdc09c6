/* A console beside the host: its lines run between the host's commands, its eyes see what goes out.
 */
#include "lab.h"

#include <string.h>

static void type(struct lab *lab, const char *line)
{
    assert_true(at_console_line(lab->at, line, strlen(line)));
    lab_read(lab);
}

static void expect_seen(struct lab *lab, const char *expected)
{
    assert_string_equal(buf_text(&lab->tap), expected);
    buf_clear(&lab->tap);
}

static void open_tapped(struct lab *lab)
{
    lab_open(lab, &lab_strict, NULL);
    at_set_tapped(lab->at, true);
}

static void test_answer_goes_to_both(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    type(&lab, "AT+NUM=5");
    expect_seen(&lab, LINE("+NUM:5") OK);
    lab_expect(&lab, LINE("+NUM:5") OK);
    lab_send(&lab, "ATE1\rAT\r");
    expect_seen(&lab, OK "AT\r" OK);
    lab_expect(&lab, OK "AT\r" OK);
    type(&lab, "AT+FAIL"); /* a console's line is not echoed */
    expect_seen(&lab, LINE("+CME ERROR:7"));
    type(&lab, "");
    type(&lab, "  ");
    expect_seen(&lab, "");
    lab_close(&lab);
}

/* Each line has one end, a command's data lines are part of it. */
static void test_ends(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    type(&lab, "AT+NUM=5");
    type(&lab, "AT+NOPE");
    type(&lab, "");
    lab_send(&lab, "AT\r"); /* not a console's */
    assert_string_equal(buf_text(&lab.ends), "1-1 ok,2-2 bad,3-3 ok,");
    buf_clear(&lab.ends);
    type(&lab, "AT+DATA=4");
    type(&lab, "ab");
    assert_string_equal(buf_text(&lab.ends), "");
    type(&lab, "cd");
    assert_string_equal(buf_text(&lab.ends), "4-6 ok,");
    buf_clear(&lab.ends);
    type(&lab, "AT+SLOW");
    type(&lab, "AT");
    assert_string_equal(buf_text(&lab.ends), "");
    at_finish(lab.at, lab.ticket, 7);
    lab_read(&lab);
    assert_string_equal(buf_text(&lab.ends), "7-7 bad,8-8 ok,");
    lab_close(&lab);
}

static void test_latency(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT\rAT+SLOW\r");
    lab_wait(&lab, 150);
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_send(&lab, "AT+SLOW\r");
    lab_wait(&lab, 20000);
    at_finish(lab.at, lab.ticket, AT_OK);
    struct at_counters counters = at_counters(lab.at);
    assert_int_equal(counters.latency[0], 1);
    assert_int_equal(counters.latency[7], 1); /* at most 500 ms */
    assert_int_equal(counters.latency[AT_LATENCIES - 1], 1);
    assert_int_equal(counters.latency_sum_ms, 20150);
    lab_close(&lab);
}

static void test_without_host(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    at_host_gone(lab.at, lab.now);
    type(&lab, "AT+NUM=5");
    at_urc_line(lab.at, "+U");
    expect_seen(&lab, LINE("+NUM:5") OK LINE("+U"));
    at_host_came(lab.at, lab.now);
    lab_expect(&lab, "");
    expect_seen(&lab, "");
    lab_close(&lab);
}

static void small_backlog(struct at_config *config)
{
    config->backlog = 100;
}

static void test_kept_urcs_are_seen_once(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, small_backlog);
    at_set_tapped(lab.at, true);
    at_host_gone(lab.at, lab.now);
    at_urc_line(lab.at, "+U");
    at_host_came(lab.at, lab.now);
    lab_expect(&lab, LINE("+U"));
    expect_seen(&lab, LINE("+U"));
    lab_close(&lab);
}

static void test_between_the_host_s_commands(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    lab_send(&lab, "AT+SLOW\rAT+NUM=1\rAT+NU");
    type(&lab, "AT+NUM=2");
    lab_expect(&lab, "");
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_expect(&lab, OK LINE("+NUM:2") OK LINE("+NUM:1") OK);
    type(&lab, "AT+NUM=3"); /* half a line of the host's holds it back */
    lab_expect(&lab, "");
    lab_send(&lab, "M=4\r");
    lab_expect(&lab, LINE("+NUM:4") OK LINE("+NUM:3") OK);
    lab_close(&lab);
}

static void test_unfinished_line_does_not_hold_it_for_ever(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    lab_send(&lab, "AT+NU");
    type(&lab, "AT+NUM=3");
    lab_wait(&lab, 4999);
    lab_expect(&lab, "");
    lab_wait(&lab, 1);
    lab_expect(&lab, LINE("+NUM:3") OK);
    lab_send(&lab, "M=4\rA/"); /* and A/ is the host's own */
    lab_expect(&lab, LINE("+NUM:4") OK LINE("+NUM:4") OK);
    lab_close(&lab);
}

static void test_data_of_a_console(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    type(&lab, "AT+DATA=4");
    expect_seen(&lab, OK);
    lab_send(&lab, "AT+NUM=1\r"); /* no data of the host's */
    type(&lab, "ab");
    type(&lab, "cd");
    expect_seen(&lab, LINE("+DATA:4:abcd") OK LINE("+NUM:1") OK);
    type(&lab, "AT+DATA=0");
    type(&lab, "xyz+++");
    lab_wait(&lab, 50);
    expect_seen(&lab, LINE(">") LINE("+DATA:3:xyz") OK);
    type(&lab, "AT+DATA=4");
    at_host_gone(lab.at, lab.now); /* not its data phase */
    type(&lab, "abcd");
    expect_seen(&lab, OK LINE("+DATA:4:abcd") OK);
    lab_close(&lab);
}

static at_result show_secret(void *ctx, struct at_call *call)
{
    (void)ctx;
    at_info_bytes(call->at, call->ticket, "+KEY:hidden", 11, true);
    return AT_OK;
}

static void with_secret_answer(struct at_config *config)
{
    static const struct at_command rows[] = {
        {.name = "+KEY", .forms = AT_READ, .read = show_secret}};
    static const struct at_table table = {rows, 1};
    static const struct at_table *const tables[] = {&table};
    config->tables = tables;
}

static void test_secret_answers_are_masked(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, with_secret_answer);
    at_set_tapped(lab.at, true);
    type(&lab, "AT+KEY?");
    expect_seen(&lab, LINE("+KEY:***") OK);
    lab_expect(&lab, LINE("+KEY:hidden") OK);
    lab_close(&lab);
}

static void test_bound(void **state)
{
    (void)state;
    struct lab lab;
    open_tapped(&lab);
    lab_send(&lab, "AT+SLOW\r");
    size_t taken = 0;
    while (at_console_line(lab.at, "AT", 2)) {
        taken++;
    }
    assert_int_equal(taken, AT_CONSOLE_MAX / 3);
    assert_false(at_console_line(lab.at, "A\nT", 3));
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_read(&lab);
    assert_int_equal(buf_len(&lab.tap), 6 * (taken + 1));
    lab_close(&lab);
}

static void test_secret_urcs_are_masked(void **state)
{
    (void)state;
    static const char line[] = "+KEY:sesame";
    const struct at_urc urc = {.line = line, .len = sizeof line - 1, .secret = true};
    struct lab lab;
    open_tapped(&lab);
    at_set_tracing(lab.at, true);
    at_urc(lab.at, &urc);
    lab_read(&lab);
    lab_expect(&lab, LINE("+KEY:sesame"));
    expect_seen(&lab, LINE("+KEY:***"));
    at_host_gone(lab.at, lab.now);
    at_urc(lab.at, &urc);
    expect_seen(&lab, LINE("+KEY:***"));
    assert_non_null(strstr(buf_text(&lab.trace), "+KEY:***"));
    assert_null(strstr(buf_text(&lab.trace), "sesame"));
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answer_goes_to_both),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_latency),
        cmocka_unit_test(test_without_host),
        cmocka_unit_test(test_kept_urcs_are_seen_once),
        cmocka_unit_test(test_between_the_host_s_commands),
        cmocka_unit_test(test_unfinished_line_does_not_hold_it_for_ever),
        cmocka_unit_test(test_data_of_a_console),
        cmocka_unit_test(test_secret_answers_are_masked),
        cmocka_unit_test(test_secret_urcs_are_masked),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
