/* Stream mode: every byte value, runs cut anywhere, bursts, back pressure both ways. */
#include "owner.h"

#include <string.h>

/* ---- what passes ---- */

static void test_every_byte_value(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    char all[512];
    for (size_t i = 0; i < sizeof all; i++) {
        all[i] = (char)i;
    }
    lab_send_bytes(&owner.lab, all, sizeof all);
    assert_int_equal(buf_len(&owner.got), sizeof all);
    assert_memory_equal(buf_bytes(&owner.got), all, sizeof all);
    buf_clear(&owner.got);
    for (size_t i = 0; i < 256; i++) { /* each of them alone, too, behind silence */
        lab_wait(&owner.lab, GUARD);
        lab_send_bytes(&owner.lab, all + i, 1);
        lab_wait(&owner.lab, GUARD);
    }
    assert_int_equal(buf_len(&owner.got), 256);
    assert_memory_equal(buf_bytes(&owner.got), all, 256);
    assert_int_equal(at_stream_write(owner.lab.at, all, sizeof all), sizeof all);
    lab_expect_bytes(&owner.lab, all, sizeof all);
    owner_end(&owner);
}

/* One dialogue with its silences, cut at each byte. */
static void test_cut_anywhere(void **state)
{
    (void)state;
    static const struct {
        at_time after;
        const char *bytes;
    } parts[] = {
        {0, "AT+OPEN\r\n"}, {0, "AT\r+++"},  {30, "+++x"}, {30, "++"},  {19, "++"},
        {5, "a+++"},        {40, "+++\r\n"}, {20, "++++"}, {20, "+++"}, {20, "AT\rATO\rb"},
    };
    size_t total = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        total += strlen(parts[i].bytes);
    }
    for (size_t cut = 0; cut <= total + 1; cut++) {
        struct owner owner;
        owner_begin(&owner);
        size_t at = 0;
        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
            const char *bytes = parts[i].bytes;
            size_t len = strlen(bytes);
            lab_wait(&owner.lab, parts[i].after);
            for (size_t k = 0; cut > total && k < len; k++) { /* the last round: each byte alone */
                lab_send_bytes(&owner.lab, bytes + k, 1);
            }
            size_t first = cut > at && cut < at + len ? cut - at : len;
            if (cut <= total) {
                lab_send_bytes(&owner.lab, bytes, first);
                lab_send_bytes(&owner.lab, bytes + first, len - first);
            }
            at += len;
        }
        lab_expect(&owner.lab, LINE("CONNECT") OK LINE("CONNECT"));
        owner_expect_got(&owner, "AT\r++++++x++++a++++++\r\n++++b");
        assert_string_equal(owner.left, "E");
        owner_end(&owner);
    }
}

static void test_line_feed_of_the_command(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_expect(&owner.lab, "");
    lab_wait(&owner.lab, 9);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "\n\n");
    lab_expect(&owner.lab, LINE("CONNECT"));
    owner_expect_got(&owner, "\n");
    owner_end(&owner);

    owner_begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_wait(&owner.lab, 10);
    lab_expect(&owner.lab, LINE("CONNECT"));
    lab_send(&owner.lab, "\n"); /* too late */
    owner_expect_got(&owner, "\n");
    owner_end(&owner);

    owner_begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\rx");
    lab_expect(&owner.lab, LINE("CONNECT"));
    owner_expect_got(&owner, "x");
    owner_end(&owner);

    owner_begin(&owner);
    lab_send(&owner.lab, "AT+OPEN\n\n\nx"); /* no CR: none of them */
    owner_expect_got(&owner, "\n\nx");
    owner_end(&owner);

    owner_begin_with(&owner, &lab_loose); /* however late */
    lab_send(&owner.lab, "AT+OPEN\r");
    lab_expect(&owner.lab, "AT+OPEN\r" LINE("CONNECT"));
    lab_wait(&owner.lab, 5000);
    lab_send(&owner.lab, "\n\n"); /* and no echo */
    lab_expect(&owner.lab, "");
    owner_expect_got(&owner, "\n");
    owner_end(&owner);
}

static void test_words(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    lab_send(&owner.lab, "ATV0\nAT+OPEN\n");
    lab_expect(&owner.lab, "0\r1\r");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "3\r");
    owner.number = -1;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_expect(&owner.lab, "CONNECT\r\n");
    at_close_stream(owner.lab.at, NULL, 0);
    lab_send(&owner.lab, "ATQ1V1\nAT+OPEN\nx");
    lab_expect(&owner.lab, "");
    owner_expect_got(&owner, "x");
    at_close_stream(owner.lab.at, "NO CARRIER", 3);
    lab_expect(&owner.lab, "");
    lab_send(&owner.lab, "ATQ0\n");
    owner.line = NULL;
    lab_send(&owner.lab, "AT+OPEN\nx");
    lab_expect(&owner.lab, OK);
    owner_expect_got(&owner, "x");
    lab_send(&owner.lab, "AT\r"); /* data */
    lab_expect(&owner.lab, "");
    owner_end(&owner);
}

/* ---- bursts ---- */

static void test_bursts(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    owner.stream.burst_ms = 20;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    owner_expect_got(&owner, "");
    lab_send(&owner.lab, "ab");
    lab_wait(&owner.lab, 19);
    lab_send(&owner.lab, "c");
    lab_wait(&owner.lab, 19);
    owner_expect_got(&owner, "abc");
    lab_wait(&owner.lab, 1);
    owner_expect_got(&owner, "|");
    lab_wait(&owner.lab, 1000);
    owner_expect_got(&owner, "");
    lab_send(&owner.lab, "d");
    owner.lab.now += 20; /* without a tick */
    lab_send(&owner.lab, "e");
    owner_expect_got(&owner, "d|e");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+"); /* held, then a burst of its own */
    lab_wait(&owner.lab, 20);
    owner_expect_got(&owner, "|+|");
    owner.room = 0;
    lab_send(&owner.lab, "f");
    assert_true(at_deadline(owner.lab.at) == AT_NEVER); /* it ends when it is taken */
    lab_wait(&owner.lab, 20);
    owner.room = SIZE_MAX;
    at_stream_ready(owner.lab.at);
    lab_wait(&owner.lab, 20);
    owner_expect_got(&owner, "f|");
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    owner_expect_got(&owner, "");
    assert_string_equal(owner.left, "E");
    owner_end(&owner);
}

static void test_burst_longer_than_the_guard(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin(&owner);
    owner.stream.burst_ms = 50;
    lab_send(&owner.lab, "AT+OPEN\n");
    lab_wait(&owner.lab, 1000);
    lab_send(&owner.lab, "a");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+"); /* held for 20, and of the same burst */
    lab_wait(&owner.lab, 49);
    owner_expect_got(&owner, "a+");
    lab_wait(&owner.lab, 1);
    owner_expect_got(&owner, "|");
    lab_send(&owner.lab, "b");
    lab_wait(&owner.lab, 20);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, 20);
    owner_expect_got(&owner, "b|"); /* nothing is left unfinished behind the way out */
    assert_string_equal(owner.left, "E");
    owner_end(&owner);
}

/* ---- back pressure ---- */

static void test_input_that_is_not_taken(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    owner.room = 3;
    lab_send(&owner.lab, "abcdef");
    owner_expect_got(&owner, "abc");
    lab_wait(&owner.lab, 100);
    lab_send(&owner.lab, "gh");
    owner_expect_got(&owner, "");
    owner.room = 100;
    at_stream_ready(owner.lab.at);
    assert_true(owner.lab.wakes > 0);
    owner_expect_got(&owner, "defgh");

    owner.room = 0; /* the bound, then the port is no longer read */
    static char many[AT_INPUT_MAX + 1000];
    memset(many, 'm', sizeof many);
    lab_send_bytes(&owner.lab, many, sizeof many);
    assert_int_equal(at_input_room(owner.lab.at), 0);
    lab_wait(&owner.lab, 100000);
    owner.room = SIZE_MAX;
    at_stream_ready(owner.lab.at);
    lab_read(&owner.lab);
    assert_int_equal(buf_len(&owner.got), AT_INPUT_MAX);
    assert_int_equal(at_input_room(owner.lab.at), AT_INPUT_MAX);
    buf_clear(&owner.got);
    lab_send(&owner.lab, "+++"); /* the line was not read: no silence before it */
    lab_wait(&owner.lab, GUARD);
    owner_expect_got(&owner, "+++");
    owner_expect_state(&owner, AT_STREAM_OPEN);
    owner_end(&owner);
}

static void test_what_waits_goes_on_while_suspended(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    owner.room = 1;
    lab_send(&owner.lab, "abc");
    lab_wait(&owner.lab, GUARD);
    lab_send(&owner.lab, "+++");
    lab_wait(&owner.lab, GUARD);
    owner_expect_state(&owner, AT_STREAM_SUSPENDED);
    lab_send(&owner.lab, "AT\r");
    lab_expect(&owner.lab, OK);
    owner.room = 1;
    at_stream_ready(owner.lab.at);
    owner_expect_got(&owner, "ab");
    lab_send(&owner.lab, "ATO\nde");
    owner_expect_got(&owner, "");
    owner.room = 10;
    at_stream_ready(owner.lab.at);
    owner_expect_got(&owner, "cde");
    owner_end(&owner);
}

static void test_output_that_is_not_read(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    static char many[AT_OUTPUT_MAX + 1000];
    memset(many, 'm', sizeof many);
    owner.lab.not_reading = true;
    assert_int_equal(at_stream_write(owner.lab.at, many, sizeof many), AT_OUTPUT_MAX);
    assert_int_equal(at_stream_write(owner.lab.at, many, 1), 0);
    lab_send(&owner.lab, "the other way is free");
    owner_expect_got(&owner, "the other way is free");
    at_output_written(owner.lab.at, AT_OUTPUT_MAX / 2 - 1, owner.lab.now);
    assert_int_equal(owner.writable, 0);
    at_output_written(owner.lab.at, 1, owner.lab.now);
    assert_int_equal(owner.writable, 1);
    at_output_written(owner.lab.at, AT_OUTPUT_MAX / 2, owner.lab.now);
    assert_int_equal(owner.writable, 1); /* once */

    at_stream_write(owner.lab.at, many, sizeof many);
    at_close_stream(owner.lab.at, "NO CARRIER", 3); /* above the bound */
    assert_true(at_open_stream(owner.lab.at, 0, &owner.stream, "CONNECT", 1));
    lab_read(&owner.lab);
    owner_expect_state(&owner, AT_STREAM_OPEN);
    assert_int_equal(at_stream_write(owner.lab.at, many, 1), 0);
    at_close_stream(owner.lab.at, NULL, 0);
    at_open_stream(owner.lab.at, 0, &owner.stream, NULL, 0);
    at_output_written(owner.lab.at, AT_OUTPUT_MAX, owner.lab.now);
    assert_int_equal(owner.writable, 1); /* the new one has not written */
    owner_end(&owner);
}

static void test_echoing_owner(void **state)
{
    (void)state;
    struct owner owner;
    owner_begin_open(&owner);
    owner.echo = true;
    at_set_tapped(owner.lab.at, true);
    at_set_tracing(owner.lab.at, true);
    lab_send(&owner.lab, "to and fro");
    lab_expect(&owner.lab, "to and fro");
    assert_string_equal(buf_text(&owner.lab.tap), "to and fro");
    assert_int_equal(buf_len(&owner.lab.trace), 0);
    owner_end(&owner);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_value),
        cmocka_unit_test(test_cut_anywhere),
        cmocka_unit_test(test_line_feed_of_the_command),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bursts),
        cmocka_unit_test(test_burst_longer_than_the_guard),
        cmocka_unit_test(test_input_that_is_not_taken),
        cmocka_unit_test(test_what_waits_goes_on_while_suspended),
        cmocka_unit_test(test_output_that_is_not_read),
        cmocka_unit_test(test_echoing_owner),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
