/* Data phases: counted, and ended by `+++`; every byte value, the LF of the line before, guard
 * times, time-outs, failures in the middle. Rules with a time are tried just under and just over
 * it. */
#include "lab.h"

#include <string.h>

#define CME(n) LINE("+CME ERROR:" n)

static void test_counted(void **state)
{
    (void)state;
    static const char *const ends[] = {"\r", "\r\n", "\n"};
    for (size_t i = 0; i < 3; i++) {
        struct buf input = {0};
        buf_printf(&input, "AT+DATA=5%sab\r\nc", ends[i]);
        buf_add_text(&input, "AT+NUM=1\r");
        lab_dialogue(&lab_strict, NULL, buf_text(&input),
                     OK LINE("+DATA:5:ab\r\nc") OK LINE("+NUM:1") OK);
        buf_free(&input);
    }
    lab_dialogue(&lab_strict, NULL, "AT+DATA=3\r+++AT\r", OK LINE("+DATA:3:+++") OK OK);
    lab_dialogue(&lab_strict, NULL, "AT+DATA=3\rAT\rAT\r", OK LINE("+DATA:3:AT\r") OK OK);
}

static void test_every_byte_value(void **state)
{
    (void)state;
    for (int value = 0; value < 256; value++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        char data[2] = {(char)value, 'z'};
        lab_send(&lab, "AT+DATA=2\n");
        lab_send_bytes(&lab, data, 2);
        struct buf expected = {0};
        buf_add_text(&expected, OK "\r\n+DATA:2:");
        buf_add(&expected, data, 2);
        buf_add_text(&expected, "\r\n" OK);
        lab_expect_bytes(&lab, buf_bytes(&expected), buf_len(&expected));
        buf_free(&expected);
        lab_close(&lab);
    }
}

/* CR, then nothing: the prompt waits 10 ms for a LF that belongs to the line. */
static void test_line_feed_before_data(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=1\r");
    lab_expect(&lab, "");
    lab_wait(&lab, 9);
    lab_expect(&lab, "");
    lab_send(&lab, "\n");
    lab_expect(&lab, OK);
    lab_send(&lab, "\n"); /* the second one is data */
    lab_expect(&lab, LINE("+DATA:1:\n") OK);

    lab_send(&lab, "AT+DATA=1\r");
    lab_wait(&lab, 10);
    lab_expect(&lab, OK);
    lab_send(&lab, "\n"); /* too late to belong to the line */
    lab_expect(&lab, LINE("+DATA:1:\n") OK);

    lab_send(&lab, "AT+DATA=1\n");
    lab_expect(&lab, OK);
    lab_send(&lab, "\n");
    lab_expect(&lab, LINE("+DATA:1:\n") OK);
    lab_close(&lab);
}

static void test_line_feed_that_is_never_data(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_loose, NULL);
    lab_send(&lab, "ATE0\rAT+DATA=2\r");
    lab_expect(&lab, "ATE0\r" OK OK);
    lab_wait(&lab, 5000);
    lab_send(&lab, "\na\n");
    lab_expect(&lab, LINE("+DATA:2:a\n") OK);
    lab_close(&lab);
}

static void test_prompt_framing(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_loose, NULL);
    lab_send(&lab, "AT+DATA=0\n");
    lab_expect(&lab, "AT+DATA=0\n\r\n>");
    lab_send(&lab, "typed"); /* never echoed */
    lab_expect(&lab, "");
    lab_close(&lab);
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "ATV0\rAT+DATA=1\n");
    lab_expect(&lab, "0\r0\r");
    lab_send(&lab, "a");
    lab_expect(&lab, "+DATA:1:a\r\n0\r");
    lab_send(&lab, "ATQ1\rAT+DATA=1\n"); /* a prompt is no result code */
    lab_expect(&lab, "0\r");
    lab_close(&lab);
}

static void test_pluses(void **state)
{
    (void)state;
    static const struct {
        const char *data, *message;
    } cases[] = {
        {"hello+++", "5:hello"},
        {"hello+++\r", "5:hello"},
        {"hello+++\r\n", "5:hello"},
        {"hello+++\n", "5:hello"},
        {"+++", "0:"},
        {"++++", "1:+"},
        {"a\r\n+++", "3:a\r\n"},
        {"a+++b+++", "5:a+++b"},
        {"+++\n\r+++", "5:+++\n\r"},
        {"a++ +++", "4:a++ "},
        {"AT\r+++", "3:AT\r"},
        {"+++\r\r+++", "5:+++\r\r"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t len = strlen(cases[i].data);
        for (size_t cut = 0; cut <= len; cut++) {
            struct lab lab;
            lab_open(&lab, &lab_strict, NULL);
            lab_send(&lab, "AT+DATA=0\n");
            lab_expect(&lab, LINE(">"));
            lab_send_bytes(&lab, cases[i].data, cut);
            lab_send_bytes(&lab, cases[i].data + cut, len - cut);
            lab_wait(&lab, 49);
            lab_expect(&lab, "");
            lab_wait(&lab, 1);
            struct buf expected = {0};
            buf_printf(&expected, "\r\n+DATA:%s\r\n" OK, cases[i].message);
            lab_expect(&lab, buf_text(&expected));
            buf_free(&expected);
            lab_send(&lab, "AT\r");
            lab_expect(&lab, OK);
            lab_close(&lab);
        }
    }
}

static void test_pluses_guard(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=0\na+++");
    lab_wait(&lab, 49);
    lab_send(&lab, "b"); /* just under: data */
    lab_wait(&lab, 1000);
    for (int i = 0; i < 3; i++) { /* one at a time, with any gap */
        lab_send(&lab, "+");
        lab_wait(&lab, i < 2 ? 3000 : 50);
    }
    lab_expect(&lab, LINE(">") LINE("+DATA:5:a+++b") OK);

    /* bytes that come when the guard time is over, without a tick between, are a line */
    lab_send(&lab, "AT+DATA=0\na+++");
    lab.now += 50;
    lab_send(&lab, "AT+NUM=3\r");
    lab_expect(&lab, LINE(">") LINE("+DATA:1:a") OK LINE("+NUM:3") OK);
    lab_close(&lab);
}

static void no_guard(struct at_config *config)
{
    config->guard_ms = 0;
}

static void test_pluses_without_guard(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, no_guard, "AT+DATA=0\nab+++\r\nAT+NUM=2\r",
                 LINE(">") LINE("+DATA:2:ab") OK LINE("+NUM:2") OK);
}

static void test_too_long(void **state)
{
    (void)state;
    struct lab lab;
    char data[100];
    memset(data, 'd', sizeof data);
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=0\n");
    lab_send_bytes(&lab, data, 32); /* the limit */
    lab_send(&lab, "+++");
    lab_wait(&lab, 50);
    lab_expect(&lab, LINE(">") LINE("+DATA:32:dddddddddddddddddddddddddddddddd") OK);
    for (size_t len = 33; len < 60; len++) {
        lab_send(&lab, "AT+DATA=0\n");
        lab_send_bytes(&lab, data, len);
        lab_send(&lab, "+++");
        lab_wait(&lab, 50);
        lab_expect(&lab, LINE(">") CME("59"));
    }
    lab_send(&lab, "AT+DATA=0\n");
    for (int i = 0; i < 10000; i++) {
        lab_send_bytes(&lab, data, sizeof data);
    }
    lab_send(&lab, "+++\r\n");
    lab_wait(&lab, 50);
    lab_expect(&lab, LINE(">") CME("59"));
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

static void test_time_out(void **state)
{
    (void)state;
    static const char *const starts[] = {"AT+DATA=5\nab", "AT+DATA=0\nab", "AT+DATA=0\nab++"};
    for (size_t i = 0; i < 3; i++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        lab_send(&lab, starts[i]);
        const char *prompt = i ? LINE(">") : OK;
        lab_expect(&lab, prompt);
        lab_wait(&lab, 9999);
        lab_expect(&lab, "");
        lab_wait(&lab, 1);
        lab_expect(&lab, CME("58"));
        /* late data never run as commands: one second of silence is wanted first */
        lab_wait(&lab, 999);
        lab_send(&lab, "AT+NUM=1\r");
        lab_wait(&lab, 999);
        lab_send(&lab, "\rAT\r");
        lab_expect(&lab, "");
        lab_wait(&lab, 1000);
        lab_send(&lab, "AT\r");
        lab_expect(&lab, OK);
        assert_int_equal(lab.ran, 0);
        lab_close(&lab);
    }
}

/* Ctrl-Z ends, ESC cancels; what is too long is taken to its end, too. */
static void test_control_ends(void **state)
{
    (void)state;
#define PROMPT OK LINE(">")
    lab_dialogue(&lab_strict, NULL,
                 "AT+SUB\rab\r+++\x1a"
                 "AT\r",
                 PROMPT LINE("+DATA:6:ab\r+++") OK OK);
    lab_dialogue(&lab_strict, NULL,
                 "AT+SUB\r\x1a"
                 "AT+SUB\r12345678\x1a",
                 PROMPT LINE("+DATA:0:") OK PROMPT LINE("+DATA:8:12345678") OK);
    lab_dialogue(&lab_strict, NULL,
                 "AT+SUB\rabc\x1b"
                 "AT\r",
                 PROMPT CME("60") OK);
    lab_dialogue(&lab_strict, NULL,
                 "AT+SUB\r1234567890123456789012345678901234567890\x1a"
                 "AT\r",
                 PROMPT CME("59") OK);
    lab_dialogue(&lab_strict, NULL,
                 "AT+DATA=2\r\x1a\x1b"
                 "AT\r",
                 OK LINE("+DATA:2:\x1a\x1b") OK OK);
#undef PROMPT
}

static void test_failure_of_another(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=3\nab");
    at_fail_data(lab.at, lab.ticket - 1, 30);
    lab_send(&lab, "c");
    lab_expect(&lab, OK LINE("+DATA:3:abc") OK);
    lab_close(&lab);
}

static void test_failure_takes_the_data_to_their_end(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=5\nab");
    at_fail_data(lab.at, lab.ticket, 30);
    at_fail_data(lab.at, lab.ticket, 31); /* the first reason stays */
    lab_send(&lab, "cd");
    lab_expect(&lab, OK);
    lab_send(&lab, "eAT\r");
    lab_expect(&lab, CME("30") OK);
    assert_int_equal(lab.ran, 0);

    lab_send(&lab, "AT+DATA=5\nab");
    at_fail_data(lab.at, lab.ticket, 30);
    lab_wait(&lab, 10000);
    lab_expect(&lab, OK CME("58"));
    lab_wait(&lab, 1000);

    at_fail_data(lab.at, lab.ticket, 30); /* nothing open: no effect */
    lab_send(&lab, "AT+DATA=1\na");
    lab_expect(&lab, OK LINE("+DATA:1:a") OK);
    lab_close(&lab);
}

static void test_refused_before_its_prompt(void **state)
{
    (void)state;
    lab_dialogue(&lab_strict, NULL, "AT+DATA=17\rAT\r", CME("55") OK); /* what follows are lines */
}

/* Data sent right behind the line, while an earlier command still runs. */
static void test_sent_ahead(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+SLOW\rAT+DATA=3\rAT\rAT+NUM=1\r");
    lab_expect(&lab, "");
    assert_true(at_finish(lab.at, lab.ticket, AT_OK));
    lab_expect(&lab, OK OK LINE("+DATA:3:AT\r") OK LINE("+NUM:1") OK);
    lab_close(&lab);
}

static void test_host_gone_in_the_middle(void **state)
{
    (void)state;
    static const char *const starts[] = {"AT+DATA=5\r", "AT+DATA=5\r\nab", "AT+DATA=0\nab+++"};
    for (size_t i = 0; i < 3; i++) {
        struct lab lab;
        lab_open(&lab, &lab_strict, NULL);
        lab_send(&lab, starts[i]);
        buf_clear(&lab.out);
        at_host_gone(lab.at, lab.now);
        lab_wait(&lab, 20000);
        at_host_came(lab.at, lab.now);
        lab_send(&lab, "AT\r");
        lab_expect(&lab, OK);
        assert_int_equal(lab.ran, 0);
        lab_close(&lab);
    }
    /* after a time-out the next host need not wait for silence */
    struct lab lab;
    lab_open(&lab, &lab_strict, NULL);
    lab_send(&lab, "AT+DATA=5\n");
    lab_wait(&lab, 10000);
    at_host_gone(lab.at, lab.now);
    at_host_came(lab.at, lab.now);
    buf_clear(&lab.out);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counted),
        cmocka_unit_test(test_every_byte_value),
        cmocka_unit_test(test_line_feed_before_data),
        cmocka_unit_test(test_line_feed_that_is_never_data),
        cmocka_unit_test(test_prompt_framing),
        cmocka_unit_test(test_pluses),
        cmocka_unit_test(test_pluses_guard),
        cmocka_unit_test(test_pluses_without_guard),
        cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_time_out),
        cmocka_unit_test(test_control_ends),
        cmocka_unit_test(test_failure_of_another),
        cmocka_unit_test(test_failure_takes_the_data_to_their_end),
        cmocka_unit_test(test_refused_before_its_prompt),
        cmocka_unit_test(test_sent_ahead),
        cmocka_unit_test(test_host_gone_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
