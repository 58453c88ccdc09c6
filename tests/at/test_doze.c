/* What is lost: what wakes a module that sleeps, and the rest of a stream. */
#include <string.h>

#include "at/stream.h"
#include "lab.h"

static int woken;

static void wake_up(void *ctx)
{
    assert_non_null(ctx);
    woken++;
}

static void open_dozing(struct lab *lab, const struct at_doze *doze)
{
    lab_open(lab, &lab_strict, NULL);
    at_set_doze(lab->at, doze);
}

static void test_the_first_byte_is_lost(void **state)
{
    (void)state;
    struct lab lab;
    open_dozing(&lab, &(struct at_doze){.after_ms = 1000});
    lab_wait(&lab, 1000);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, ERROR);
    lab_wait(&lab, 900);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_wait(&lab, 1001);
    lab_send(&lab, "xAT\r");
    lab_expect(&lab, OK);
    at_set_doze(lab.at, NULL);
    lab_wait(&lab, 5000);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

static void test_it_does_not_sleep_at_work(void **state)
{
    (void)state;
    struct lab lab;
    open_dozing(&lab, &(struct at_doze){.after_ms = 1000});
    lab_send(&lab, "AT+SLOW\r");
    lab_wait(&lab, 3000);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, "");
    at_finish(lab.at, lab.ticket, AT_OK);
    lab_expect(&lab, OK OK);
    lab_wait(&lab, 900);
    lab_send(&lab, "A");
    lab_wait(&lab, 3000); /* inside a line */
    lab_send(&lab, "T\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

static void test_a_line_is_lost(void **state)
{
    (void)state;
    struct lab lab;
    open_dozing(&lab, &(struct at_doze){.after_ms = 0, .loses_line = true, .woken = wake_up});
    lab_wait(&lab, 1);
    woken = 0;
    lab_send(&lab, "AT+N");
    assert_int_equal(woken, 1);
    at_set_doze(lab.at, NULL);
    lab_send(&lab, "UM=4\rAT\r");
    lab_expect(&lab, OK);
    assert_int_equal(woken, 1);
    lab_close(&lab);
}

/* The LF of the line that made it sleep does not wake it. */
static void test_a_late_line_feed(void **state)
{
    (void)state;
    struct lab lab;
    open_dozing(&lab, NULL);
    lab_send(&lab, "AT\r");
    at_set_doze(lab.at, &(struct at_doze){.loses_line = true, .woken = wake_up});
    woken = 0;
    lab_wait(&lab, 10);
    lab_send(&lab, "\n");
    assert_int_equal(woken, 0);
    lab_send(&lab, "\nAT\rAT\r");
    assert_int_equal(woken, 1);
    lab_expect(&lab, OK OK OK);
    lab_close(&lab);
}

/* The rest of a stream's last packet. */
static void test_up_to_a_byte(void **state)
{
    (void)state;
    struct lab lab;
    open_dozing(&lab, NULL);
    lab_send(&lab, "AT\r");
    at_drop_until(lab.at, '~');
    lab_send(&lab, "AT\rab");
    lab_wait(&lab, 900);
    lab_send(&lab, "c~AT+NUM=4\r~");
    lab_expect(&lab, OK LINE("+NUM:4") OK);
    lab_send(&lab, "\r");
    lab_expect(&lab, ERROR);
    at_drop_until(lab.at, '~');
    lab_wait(&lab, 1000);
    lab_send(&lab, "AT\r");
    lab_expect(&lab, OK);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_first_byte_is_lost),
        cmocka_unit_test(test_it_does_not_sleep_at_work),
        cmocka_unit_test(test_a_line_is_lost),
        cmocka_unit_test(test_a_late_line_feed),
        cmocka_unit_test(test_up_to_a_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
