/* Logs: what passes at which level, and that a line stays a line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/support/logged.h"
#include "tests/support/temp.h"

static void test_levels(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct log *log = logged_create(&lines);
    log_error(log, "e%d", 1);
    log_warning(log, "w");
    log_info(log, "i");
    log_write(log, LEVEL_STATE, "s");
    assert_string_equal(buf_text(&lines), "error: e1\nwarning: w\ninfo: i\n");
    assert_true(log_wants(log, LEVEL_INFO));
    assert_false(log_wants(log, LEVEL_STATE));

    buf_clear(&lines);
    log_set_level(log, LEVEL_ERROR);
    log_warning(log, "w");
    log_error(log, "e");
    log_set_level(log, LEVEL_BYTES);
    log_write(log, LEVEL_BYTES, "b");
    assert_string_equal(buf_text(&lines), "error: e\nbytes: b\n");
    buf_free(&lines);
    log_destroy(log);
    log_destroy(NULL);
    log_error(NULL, "to nobody");
    assert_false(log_wants(NULL, LEVEL_ERROR));
}

static void test_a_line_stays_a_line(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct log *log = logged_create(&lines);
    log_info(log, "%s", "a\nb\tc\x1b[0m \x7f\xc3\xa9 ~");
    assert_string_equal(buf_text(&lines), "info: a\\x0ab\\x09c\\x1b[0m \\x7f\\xc3\\xa9 ~\n");
    buf_free(&lines);
    log_destroy(log);
}

/* What log_stderr() writes while stderr is a file. stream NULL: without $JOURNAL_STREAM. */
static char *written(const char *path, const char *stream)
{
    int kept = dup(STDERR_FILENO);
    int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    struct stat status;
    assert_int_equal(fstat(file, &status), 0);
    if (stream) {
        char *value = strcmp(stream, "this") == 0 ? mem_printf("%ju:%ju", (uintmax_t)status.st_dev,
                                                               (uintmax_t)status.st_ino)
                                                  : mem_string(stream);
        setenv("JOURNAL_STREAM", value, 1);
        free(value);
    } else {
        unsetenv("JOURNAL_STREAM");
    }
    dup2(file, STDERR_FILENO);
    struct log *log = log_create("ttyAT0", LEVEL_STATE, log_stderr());
    log_error(log, "bad");
    log_warning(log, "odd");
    log_info(log, "so");
    log_write(log, LEVEL_STATE, "fine");
    log_destroy(log);
    log = log_create(NULL, LEVEL_INFO, log_stderr());
    log_info(log, "daemon");
    log_destroy(log);
    dup2(kept, STDERR_FILENO);
    close(kept);
    close(file);
    unsetenv("JOURNAL_STREAM");
    size_t len = 0;
    return temp_read(path, &len);
}

static void test_stderr(void **state)
{
    (void)state;
    static const char plain[] = "atmodemd: ttyAT0: bad\natmodemd: ttyAT0: odd\n"
                                "atmodemd: ttyAT0: so\natmodemd: ttyAT0: fine\n"
                                "atmodemd: daemon\n";
    static const char journal[] = "<3>atmodemd: ttyAT0: bad\n<4>atmodemd: ttyAT0: odd\n"
                                  "<6>atmodemd: ttyAT0: so\n<7>atmodemd: ttyAT0: fine\n"
                                  "<6>atmodemd: daemon\n";
    static const struct {
        const char *stream;
        const char *text;
    } cases[] = {{NULL, plain}, {"this", journal}, {"1:1", plain}, {"", plain}, {"x", plain}};
    char *folder = temp_folder();
    char *path = temp_path(folder, "stderr");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = written(path, cases[i].stream);
        assert_string_equal(text, cases[i].text);
        free(text);
    }
    free(path);
    temp_remove(folder);
}

static void test_level_names(void **state)
{
    (void)state;
    assert_string_equal(log_level_name(LEVEL_ERROR), "error");
    for (int i = 0; i < LEVEL_COUNT; i++) {
        assert_non_null(log_level_name((enum log_level)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_a_line_stays_a_line),
        cmocka_unit_test(test_stderr),
        cmocka_unit_test(test_level_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
