/* Stream mode: ways in, and what goes with it in command mode. */
#include "owner.h"

#include <string.h>

/* ---- other ways in ---- */

static void test_pending_command(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    lab_send(&owner.lab, "AT+LATER\r\nahead");
    lab_wait(&owner.lab, 1000);
    assert_false(at_open_stream(owner.lab.at, owner.lab.ticket + 1, &owner.stream, "C", 1));
    assert_true(at_open_stream(owner.lab.at, owner.lab.ticket, &owner.stream, "CONNECT", 1));
    at_urc_line(owner.lab.at, "+U");
    assert_true(at_finish(owner.lab.at, owner.lab.ticket, AT_STREAM));
    lab_expect(&owner.lab, LINE("CONNECT"));
    owner_expect_got(&owner, "ahead");
    owner_end(&owner);
}

static void test_handler_s_faults(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    lab_send(&owner.lab, "AT+FORGET\r");
    lab_expect(&owner.lab, ERROR);
    owner_expect_state(&owner, AT_STREAM_NONE);
    lab_send(&owner.lab, "AT+LIE\rAT\r");
    lab_expect(&owner.lab, ERROR OK);
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "AT+FORGET\r");
    lab_expect(&owner.lab, LINE("CONNECT") ERROR);
    owner_expect_state(&owner, AT_STREAM_SUSPENDED);
    owner_end(&owner);
}

static void test_without_a_command(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    at_host_gone(owner.lab.at, owner.lab.now);
    at_urc(owner.lab.at, &(struct at_urc){.line = "RDY", .len = 3, .boot = true});
    owner.stream.stays = true;
    assert_true(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT,ID:3", -1));
    assert_false(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT,ID:3", -1));
    lab_wait(&owner.lab, 1000);
    owner_expect_state(&owner, AT_STREAM_WAITING); /* it is told to somebody */
    assert_int_equal(at_stream_write(owner.lab.at, "x", 1), 0);
    at_host_came(owner.lab.at, owner.lab.now);
    lab_expect(&owner.lab, LINE("RDY") LINE("CONNECT,ID:3"));
    assert_int_equal(owner.writable, 1);
    lab_send(&owner.lab, "x");
    owner_expect_got(&owner, "x");
    owner_end(&owner);

    owner_begin(&owner);
    at_host_gone(owner.lab.at, owner.lab.now);
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_wait(&owner.lab, 1000);
    owner_expect_state(&owner, AT_STREAM_WAITING);
    owner_end(&owner);

    /* neither into a command nor into a line that is typed */
    owner_begin(&owner);
    lab_send(&owner.lab, "AT+LATER\r");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_expect(&owner.lab, "");
    at_finish(owner.lab.at, owner.lab.ticket, AT_OK);
    lab_expect(&owner.lab, OK LINE("CONNECT"));
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "AT");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "\r\n");
    lab_expect(&owner.lab, OK LINE("CONNECT"));
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "AT");
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* it only waited: no words */
    lab_send(&owner.lab, "\r");
    lab_expect(&owner.lab, OK);
    at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", -1);
    lab_send(&owner.lab, "AT");
    lab_wait(&owner.lab, 10000);
    lab_expect(&owner.lab, LINE("CONNECT"));
    owner_end(&owner);
}

static void test_console(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    assert_true(at_console_line(owner.lab.at, "AT", 2));
    lab_wait(&owner.lab, 100000);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_expect(&owner.lab, OK);
    assert_true(at_console_line(owner.lab.at, "ATO", 3));
    lab_expect(&owner.lab, LINE("CONNECT"));
    lab_send(&owner.lab, "x");
    owner_expect_got(&owner, "x");
    owner_end(&owner);
}

/* ---- what goes with it in command mode ---- */

static void test_bare_commands(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_with(&owner, owner_bare_grammar());
    owner.line = NULL;
    lab_send(&owner.lab, "AT+OPEN\n");
    for (int i = 0; i < 3; i++) {
        static const char *const lines[] = {"ATO", "ato\r", "atO\n"};
        lab_wait(&owner.lab, GUARD);
        lab_send(&owner.lab, "+++");
        lab_wait(&owner.lab, GUARD);
        owner_expect_state(&owner, AT_STREAM_SUSPENDED);
        lab_send(&owner.lab, lines[i]);
        lab_wait(&owner.lab, 19);
        owner_expect_state(&owner, i ? AT_STREAM_OPEN : AT_STREAM_SUSPENDED);
        lab_wait(&owner.lab, 1);
        owner_expect_state(&owner, AT_STREAM_OPEN);
    }
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "ATO");
    owner.lab.now += 20; /* without a tick */
    lab_send(&owner.lab, "data");
    owner_expect_got(&owner, "data");
    lab_expect(&owner.lab, "");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "ATO");
    lab_wait(&owner.lab, 20);
    lab_expect(&owner.lab, LINE("+CME ERROR:6"));
    lab_send(&owner.lab, "AT"); /* only those that are named */
    lab_wait(&owner.lab, 1000);
    lab_expect(&owner.lab, "");
    owner_end(&owner);
}

static void test_pluses_in_command_mode(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_with(&owner, owner_bare_grammar());
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    lab_send(&owner.lab, "+++\r\nAT\r");
    lab_expect(&owner.lab, OK);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 19);
    lab_send(&owner.lab, "AT\r"); /* not alone */
    lab_expect(&owner.lab, ERROR);
    owner_end(&owner);
    owner_begin(&owner); /* a grammar without it */
    lab_send(&owner.lab, "+++\r");
    lab_expect(&owner.lab, ERROR);
    owner_end(&owner);
}

static void test_dial_string(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_with(&owner, &lab_loose);
    lab_send(&owner.lab, "ATE0\rATD*99***1#\rATDT*99#;H\rATD\r");
    lab_expect(&owner.lab, "ATE0\r" OK LINE("[*99***1#]") OK LINE("[T*99#]") OK ERROR);
    owner_end(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pending_command),   cmocka_unit_test(test_handler_s_faults),
        cmocka_unit_test(test_without_a_command), cmocka_unit_test(test_console),
        cmocka_unit_test(test_bare_commands),     cmocka_unit_test(test_pluses_in_command_mode),
        cmocka_unit_test(test_dial_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
