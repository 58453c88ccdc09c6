/* Sessions with a real server: login, folders, lists, files in both modes and types. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/redirect.h"
#include "tests/service/ftp/bench.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

static int good_setup(void **state)
{
    bench_setup(state);
    bench_server(*state, "good", "127.0.0.1");
    return 0;
}

static void test_login(void **state)
{
    struct bench *bench = *state;
    assert_false(ftp_login(bench->ftp, "user", "secret"));
    assert_false(ftp_quit(bench->ftp));
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    assert_true(ftp_busy(bench->ftp));
    assert_false(ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done done 220 0");
    assert_false(ftp_list(bench->ftp));
    assert_false(ftp_login(bench->ftp, "user\r\nDELE x", "secret"));
    assert_false(ftp_login(bench->ftp, "user", "sec\nret"));
    BENCH_CALL(bench, ftp_login(bench->ftp, "user", "wrong"));
    bench_expect(bench, "done refused 530 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_GREETED);
    BENCH_CALL(bench, ftp_login(bench->ftp, "user", "secret"));
    bench_expect(bench, "done done 230 0");
    assert_false(bench_logged(bench, "secret"));
    BENCH_CALL(bench, ftp_quit(bench->ftp));
    bench_expect(bench, "done done 221 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
    bench_quiet(bench, 0.05);
    bench_login(bench, "user", "secret"); /* the same object again */
    ftp_close(bench->ftp);
    bench_quiet(bench, 0.05);
}

static void test_folders(void **state)
{
    struct bench *bench = *state;
    bench_login(bench, "user", "secret");
    BENCH_CALL(bench, ftp_make_folder(bench->ftp, "new one"));
    bench_expect(bench, "done done 257 0");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "new one"));
    bench_expect(bench, "done done 250 0");
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "f"));
    bench_expect(bench, "writable");
    BENCH_CALL(bench, ftp_put_end(bench->ftp));
    bench_expect(bench, "done done 226 0");
    bench_file_is(bench, "new one/f", "");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "/"));
    bench_expect(bench, "done done 250 0");
    BENCH_CALL(bench, ftp_change_folder(bench->ftp, "nowhere"));
    bench_expect(bench, "done refused 550 0");
    BENCH_CALL(bench, ftp_make_folder(bench->ftp, "other"));
    bench_expect(bench, "done done 257 0");
    BENCH_CALL(bench, ftp_remove_folder(bench->ftp, "other"));
    bench_expect(bench, "done done 250 0");
    BENCH_CALL(bench, ftp_remove_folder(bench->ftp, "other"));
    bench_expect(bench, "done refused 550 0");
    assert_false(ftp_change_folder(bench->ftp, ""));
    assert_false(ftp_change_folder(bench->ftp, "a\nb"));
}

/* All of it in the mode and type that are set. */
static void files(struct bench *bench)
{
    bench_write(bench, "123", "one\r\ntwo\r\n");
    BENCH_CALL(bench, ftp_get(bench->ftp, "123", 0));
    bench_expect(bench, "data one\r");
    bench_expect(bench, "two\r");
    bench_expect(bench, "%s", "");
    bench_expect(bench, "done done 226 10");
    BENCH_CALL(bench, ftp_get(bench->ftp, "missing", 0));
    bench_expect(bench, "done refused 550 0");
    BENCH_CALL(bench, ftp_size(bench->ftp, "123"));
    bench_expect(bench, "done done 213 10");
    BENCH_CALL(bench, ftp_size(bench->ftp, "missing"));
    bench_expect(bench, "done refused 550 0");
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "1234"));
    assert_int_equal(ftp_put(bench->ftp, "x", 1), 0);
    bench_expect(bench, "writable");
    for (int i = 0; i < 4; i++) {
        BENCH_CALL(bench, ftp_put(bench->ftp, "12345", 5) == 5);
        assert_false(ftp_list(bench->ftp));
        bench_quiet(bench, 0.01);
    }
    BENCH_CALL(bench, ftp_put_end(bench->ftp));
    assert_false(ftp_put_end(bench->ftp));
    bench_expect(bench, "done done 226 20");
    bench_file_is(bench, "1234", "12345123451234512345");
    bench_write(bench, "empty", "");
    BENCH_CALL(bench, ftp_get(bench->ftp, "empty", 0));
    bench_expect(bench, "done done 226 0");
    bench_file_is(bench, "empty", "");
}

static void all_of_it(struct bench *bench)
{
    for (int ascii = 0; ascii < 2; ascii++) {
        ftp_set_ascii(bench->ftp, ascii);
        files(bench);
    }
    BENCH_CALL(bench, ftp_list(bench->ftp));
    bench_expect(bench, "data -rw");
    while (!strstr(buf_text(&bench->lines), "done")) {
        loop_until_within(bench->loop, loop_never, NULL, 0.01);
    }
    const char *text = buf_text(&bench->lines);
    assert_non_null(strstr(text, " 1234\r\n"));
    assert_non_null(strstr(text, " empty\r\n"));
    assert_non_null(strstr(text, "\ndone done 226 "));
}

static void test_passive(void **state)
{
    struct bench *bench = *state;
    ftp_set_passive(bench->ftp, true);
    bench_login(bench, "user", "secret");
    all_of_it(bench);
    assert_true(bench_logged(bench, "> PASV"));
}

static void test_active(void **state)
{
    struct bench *bench = *state;
    bench_login(bench, "user", "secret");
    all_of_it(bench);
    assert_true(bench_logged(bench, "> PORT 127,0,0,1,"));
    assert_false(bench_logged(bench, "> PASV"));
}

static void test_ipv6(void **state)
{
    struct bench *bench = *state;
    bench_server(bench, "good", "::1");
    bench_login(bench, "user", "secret");
    all_of_it(bench);
    assert_true(bench_logged(bench, "> EPRT |2|::1|"));
    buf_clear(&bench->lines);
    ftp_set_passive(bench->ftp, true);
    ftp_set_ascii(bench->ftp, false);
    files(bench);
    assert_true(bench_logged(bench, "> EPSV"));
}

static void test_resume(void **state)
{
    struct bench *bench = *state;
    bench_write(bench, "f", "12345");
    bench_login(bench, "user", "secret");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 2));
    bench_expect(bench, "data 345");
    bench_expect(bench, "done done 226 3");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data 12345");
    bench_expect(bench, "done done 226 5");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 5));
    bench_expect(bench, "done done 226 0");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 6));
    bench_expect(bench, "done refused 554 0");
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data 12345");
    bench_expect(bench, "done done 226 5");
}

static void test_permission(void **state)
{
    struct bench *bench = *state;
    bench_login(bench, "guest", "guest");
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "f"));
    bench_expect(bench, "done refused 550 0");
    BENCH_CALL(bench, ftp_make_folder(bench->ftp, "d"));
    bench_expect(bench, "done refused 550 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_READY);
}

/* ---- volume ---- */

static const uint64_t volume = 16 * 1024 * 1024;

static long resident_kb(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_int_equal(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

static void expect_small(long before)
{
#ifndef __SANITIZE_ADDRESS__
    assert_true(resident_kb() - before < 1024);
#else
    (void)before;
#endif
}

static void test_volume(void **state)
{
    struct bench *bench = *state;
    bench_write_pattern(bench, "big", volume);
    bench_login(bench, "user", "secret");
    bench->silent = true;
    long before = resident_kb();
    BENCH_CALL(bench, ftp_get(bench->ftp, "big", 0));
    bench_expect(bench, "done done 226 %llu", (unsigned long long)volume);
    assert_int_equal(bench->got, volume);
    expect_small(before);
    bench->left = volume;
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "copy"));
    bench_expect(bench, "done done 226 %llu", (unsigned long long)volume);
    expect_small(before);
    bench->got = 0;
    ftp_set_passive(bench->ftp, true);
    BENCH_CALL(bench, ftp_get(bench->ftp, "copy", 0)); /* each byte of it is looked at */
    bench_expect(bench, "done done 226 %llu", (unsigned long long)volume);
    assert_int_equal(bench->got, volume);
}

static void test_back_pressure(void **state)
{
    struct bench *bench = *state;
    bench->options.timeout_ms = 100; /* which the caller's own rest does not count for */
    bench_write_pattern(bench, "big", volume);
    bench_login(bench, "user", "secret");
    bench->silent = true;
    bench->room = 100000;
    long before = resident_kb();
    BENCH_CALL(bench, ftp_get(bench->ftp, "big", 0));
    bench_quiet(bench, 0.3);
    assert_int_equal(bench->got, 100000);
    bench_quiet(bench, 0.1);
    bench->room = 50;
    ftp_resume(bench->ftp);
    assert_int_equal(bench->got, 100000);
    bench_quiet(bench, 0.2);
    assert_int_equal(bench->got, 100050);
    expect_small(before);
    bench->room = SIZE_MAX;
    ftp_resume(bench->ftp);
    bench_expect(bench, "done done 226 %llu", (unsigned long long)volume);
    assert_int_equal(bench->got, volume);
}

static bool got_some(void *ctx)
{
    return ((struct bench *)ctx)->got > 100000;
}

static void test_abort(void **state)
{
    struct bench *bench = *state;
    bench_write_pattern(bench, "big", volume);
    bench_write(bench, "f", "12345");
    bench_login(bench, "user", "secret");
    for (int passive = 0; passive < 2; passive++) {
        ftp_set_passive(bench->ftp, passive);
        bench->silent = true;
        bench->got = 0;
        BENCH_CALL(bench, ftp_get(bench->ftp, "big", 0));
        assert_true(loop_until(bench->loop, got_some, bench));
        bench->in_call = true;
        ftp_abort(bench->ftp);
        bench->in_call = false;
        bench_expect(bench, "done aborted ");
        assert_int_equal(ftp_state(bench->ftp), FTP_READY);
        bench->silent = false;
        BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0)); /* the session is in step */
        bench_expect(bench, "data 12345");
        bench_expect(bench, "done done 226 5");
    }
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "half"));
    bench_expect(bench, "writable");
    BENCH_CALL(bench, ftp_put(bench->ftp, "12345", 5) == 5);
    ftp_abort(bench->ftp);
    bench_expect(bench, "done aborted ");
    BENCH_CALL(bench, ftp_size(bench->ftp, "f"));
    ftp_abort(bench->ftp); /* before it went out */
    bench_expect(bench, "done aborted ");
    BENCH_CALL(bench, ftp_size(bench->ftp, "f"));
    bench_expect(bench, "done done 213 5");
    bench->cut = "data";
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data 12345");
    bench_expect(bench, "done aborted ");
    ftp_close(bench->ftp);
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench->in_call = true;
    ftp_abort(bench->ftp);
    bench->in_call = false;
    bench_expect(bench, "done aborted 0 0");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

static void test_destroyed_in_events(void **state)
{
    struct bench *bench = *state;
    bench_write(bench, "f", "12345");
    bench_login(bench, "user", "secret");
    bench->die = "data";
    BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
    bench_expect(bench, "data 12345");
    bench_quiet(bench, 0.05);
    assert_null(bench->ftp);
}

static void test_destroyed_when_writable(void **state)
{
    struct bench *bench = *state;
    bench_login(bench, "user", "secret");
    bench->die = "writable";
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "f"));
    bench_expect(bench, "writable");
    bench_quiet(bench, 0.05);
}

static void test_destroyed_when_done(void **state)
{
    struct bench *bench = *state;
    bench->die = "done";
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done done 220");
    bench_quiet(bench, 0.05);
}

static void test_redirect(void **state)
{
    struct bench *bench = *state;
    char rule[80];
    snprintf(rule, sizeof rule, "ftp.example.com=127.0.0.1:%d", bench->options.port);
    struct redirect *redirect = redirect_create(rule);
    bench->env.redirect = redirect;
    bench->options.host = "ftp.example.com";
    bench->options.port = 21;
    bench_write(bench, "f", "12345");
    bench_login(bench, "user", "secret");
    for (int passive = 0; passive < 2; passive++) {
        ftp_set_passive(bench->ftp, passive);
        BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
        bench_expect(bench, "data 12345");
        bench_expect(bench, "done done 226 5");
    }
    ftp_close(bench->ftp);
    redirect_destroy(redirect);
}

static void test_network(void **state)
{
    struct bench *bench = *state;
    bench_write(bench, "f", "12345");
    network_set_data(bench->network, false);
    BENCH_CALL(bench, ftp_open(bench->ftp, &bench->options));
    bench_expect(bench, "done network 0 0");
    network_set_data(bench->network, true);
    bench_login(bench, "user", "secret");
    bench->in_call = true;
    network_set_data(bench->network, false);
    bench->in_call = false;
    bench_expect(bench, "closed network");
    network_set_data(bench->network, true);
    bench_login(bench, "user", "secret");
    BENCH_CALL(bench, ftp_put_open(bench->ftp, "g"));
    bench_expect(bench, "writable");
    network_set_data(bench->network, false);
    bench_expect(bench, "done network ");
    assert_int_equal(ftp_state(bench->ftp), FTP_CLOSED);
}

static void test_no_descriptor_is_left(void **state)
{
    struct bench *bench = *state;
    bench_write(bench, "f", "12345");
    bench_login(bench, "user", "secret");
    int before = ports_descriptors();
    for (int i = 0; i < 6; i++) {
        ftp_set_passive(bench->ftp, i % 2);
        BENCH_CALL(bench, ftp_get(bench->ftp, "f", 0));
        bench_expect(bench, "data");
        bench_expect(bench, "done done");
        BENCH_CALL(bench, ftp_get(bench->ftp, "missing", 0));
        bench_expect(bench, "done refused");
    }
    assert_int_equal(ports_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, good_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_login),
        TEST(test_folders),
        TEST(test_passive),
        TEST(test_active),
        TEST(test_ipv6),
        TEST(test_resume),
        TEST(test_permission),
        TEST(test_volume),
        TEST(test_back_pressure),
        TEST(test_abort),
        TEST(test_destroyed_in_events),
        TEST(test_destroyed_when_writable),
        TEST(test_destroyed_when_done),
        TEST(test_redirect),
        TEST(test_network),
        TEST(test_no_descriptor_is_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
