/* Servers that are silent, leave, lie, or speak something else; and the parsers by themselves. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/ftp/ftp_address.h"
#include "service/ftp/ftp_reply.h"
#include "tests/service/ftp/bench.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static void open_at(struct bench *bench, const char *mode)
{
    bench_server(bench, mode, "127.0.0.1");
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
}

static void login_at(struct bench *bench, const char *mode)
{
    bench_server(bench, mode, "127.0.0.1");
    ftp_set_passive(bench->ftp, true);
    bench_login(bench, "user", "secret");
}

static void test_nobody(void **state)
{
    struct bench *bench = *state;
    bench->options.port = ports_free();
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done connect 0 0");
    bench->options.host = "no.such.host.invalid";
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done resolve 0 0");
    bench_quiet(bench, 0.05);
}

static void test_silence(void **state)
{
    struct bench *bench = *state;
    bench->options.connect_timeout_ms = 150;
    open_at(bench, "mute");
    bench_expect(bench, "done timeout 0 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
    bench_quiet(bench, 0.05);
}

static void test_silence_later(void **state)
{
    struct bench *bench = *state;
    bench->options.timeout_ms = 150;
    login_at(bench, "forgets");
    BENCH_CALL(bench, ftp_size(bench->ftp, "f"));
    bench_expect(bench, "done timeout 0 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
    login_at(bench, "forgets");
    BENCH_CALL(bench, ftp_quit(bench->ftp));
    bench_expect(bench, "done done 0 0");
    login_at(bench, "stalls");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data xxx");
    bench_expect(bench, "done timeout 150 100");
    bench_quiet(bench, 0.05);
}

static void test_no_ftp(void **state)
{
    struct bench *bench = *state;
    open_at(bench, "garbage");
    bench_expect(bench, "done garbage 0 0");
    open_at(bench, "endless");
    bench_expect(bench, "done garbage 0 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

static void test_refused(void **state)
{
    struct bench *bench = *state;
    open_at(bench, "busy");
    bench_expect(bench, "done refused 421 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

static void test_greeting_in_pieces(void **state)
{
    struct bench *bench = *state;
    open_at(bench, "slow");
    bench_expect(bench, "done done 220 0");
}

static void test_leaves(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "leaves");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "d"));
    bench_expect(bench, "done done 250 0");
    bench_expect(bench, "closed lost");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
    bench->die = "closed";
    login_at(bench, "leaves");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "d"));
    bench_expect(bench, "done done 250 0");
    bench_expect(bench, "closed lost");
    bench_quiet(bench, 0.05);
}

static void test_cut(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "cuts");
    bench->silent = true;
    bench->room = 0;
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "done lost 150");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

static bool is_done(void *ctx)
{
    struct bench *bench = ctx;
    return strstr(buf_text(&bench->lines), "done") != NULL;
}

static void test_cut_data(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "cuts_data");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    assert_true(loop_until(bench->loop, is_done, bench));
    while (strncmp(buf_text(&bench->lines), "data", 4) == 0) {
        bench_expect(bench, "data x");
    }
    bench_expect(bench, "done refused 426");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "d"));
    bench_expect(bench, "done done 250 0");
}

static void test_early_word(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "early");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data 12345");
    bench_expect(bench, "done done 226 5");
}

static void test_no_data_connection(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "refuses_data");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "done data 227 0");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "d"));
    bench_expect(bench, "done done 250 0");
}

static void test_takes_a_part(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "takes_part");
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "f"));
    bench_expect(bench, "writable");
    BENCH_CALL(bench, ftp_put(bench->ftp, "12345", 5) == 5);
    bench_expect(bench, "done data 226 5");
    assert_int_equal(ftp_state(bench->ftp), FTP_READY);
}

static bool moves(void *ctx)
{
    return bench_logged(ctx, "< 150");
}

static void test_one_word_for_an_abort(void **state)
{
    struct bench *bench = *state;
    login_at(bench, "one_word");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    assert_true(loop_until(bench->loop, moves, bench));
    ftp_abort(bench->ftp);
    bench_expect(bench, "done aborted 200 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_READY);
}

static void test_no_word_for_an_abort(void **state)
{
    struct bench *bench = *state;
    bench->options.timeout_ms = 200;
    login_at(bench, "no_abort");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    assert_true(loop_until(bench->loop, moves, bench));
    ftp_abort(bench->ftp);
    bench_expect(bench, "done aborted 150 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

/* ---- parsers ---- */

static void test_replies(void **state)
{
    (void)state;
    static const char text[] = "220-hello\r\n221 not yet\r\n 220 nor this\r\n220-\r\n220 now\r\n"
                               "226\r\n200\n331 \r\n";
    struct ftp_replies replies = {0};
    struct ftp_reply reply;
    static const int codes[] = {220, 226, 200, 331};
    size_t count = 0;
    for (size_t i = 0; i < sizeof text - 1; i++) { /* byte by byte */
        ftp_replies_add(&replies, text + i, 1);
        while (ftp_replies_next(&replies, &reply) == FTP_REPLIES_ONE) {
            assert_int_equal(reply.code, codes[count]);
            assert_string_equal(reply.text, count == 0 ? "now" : "");
            count++;
        }
    }
    assert_int_equal(count, 4);
    static const char *const bad[] = {"hello\r\n", "22\r\n", "2200 x\r\n", "099 x\r\n",
                                      "600 x\r\n", "\r\n",   " 220 x\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ftp_replies_free(&replies);
        ftp_replies_add(&replies, bad[i], strlen(bad[i]));
        assert_int_equal(ftp_replies_next(&replies, &reply), FTP_REPLIES_GARBAGE);
    }
    ftp_replies_free(&replies);
}

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *text;
        int port;
    } rows[] = {
        {227, "Entering Passive Mode (10,0,0,1,4,1)", 1025},
        {227, "Entering Passive Mode 10,0,0,1,255,255.", 65535},
        {227, "1 way: (10,0,0,1,0,21)", 21},
        {227, "Entering Passive Mode (10,0,0,1,256,1)", 0},
        {227, "Entering Passive Mode (10,0,0,1,4)", 0},
        {227, "", 0},
        {229, "Entering Extended Passive Mode (|||6446|)", 6446},
        {229, "(!!!1!)", 1},
        {229, "(|||65536|)", 0},
        {229, "(|||99999999999999999999|)", 0},
        {229, "(|||6446", 0},
        {229, "(", 0},
        {229, "6446", 0},
        {200, "(|||6446|)", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(ftp_address_passive_port(rows[i].code, rows[i].text), rows[i].port);
    }
    union ftp_address address;
    char command[100];
    assert_true(ftp_address_set(&address, "192.168.2.1", 1025));
    ftp_address_command(&address, command, sizeof command);
    assert_string_equal(command, "PORT 192,168,2,1,4,1");
    assert_true(ftp_address_set(&address, "fe80::1", 1025));
    ftp_address_command(&address, command, sizeof command);
    assert_string_equal(command, "EPRT |2|fe80::1|1025|");
    assert_false(ftp_address_set(&address, "host", 1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_nobody),
        TEST(test_silence),
        TEST(test_silence_later),
        TEST(test_no_ftp),
        TEST(test_refused),
        TEST(test_greeting_in_pieces),
        TEST(test_leaves),
        TEST(test_cut),
        TEST(test_cut_data),
        TEST(test_early_word),
        TEST(test_no_data_connection),
        TEST(test_takes_a_part),
        TEST(test_one_word_for_an_abort),
        TEST(test_no_word_for_an_abort),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
