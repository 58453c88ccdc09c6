/* Kept values: what a file holds against what a dialect has declared, and changes that are saved
 * together. */
#include "dialect/kept.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <ev.h>

#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

enum { PORT, NAME, FLAG, COUNT };
static const struct kept_value values[COUNT] = {
    [PORT] = {.name = "x.port", .initial = "1883", .min = 1, .max = 65535},
    [NAME] = {.name = "x.name", .initial = "none", .min = 2, .max = 4},
    [FLAG] = {.name = "x.flag", .initial = "-1", .min = -1, .max = 1},
};

struct bench {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct nvram_writer *writer;
    struct dialect_env env;
    struct kept kept;
    char *folder;
    int saves;
};

static int create(void **state)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->log = logged_create(&bench->log_lines);
    bench->folder = temp_folder();
    bench->writer = nvram_writer_create(bench->loop);
    char *path = temp_path(bench->folder, "modem.ini");
    bench->env.nvram = nvram_open(path, bench->writer, bench->log);
    free(path);
    bench->kept = (struct kept){.env = &bench->env, .values = values};
    *state = bench;
    return bench->env.nvram ? 0 : -1;
}

static int destroy(void **state)
{
    struct bench *bench = *state;
    nvram_close(bench->env.nvram);
    nvram_writer_destroy(bench->writer);
    ev_loop_destroy(bench->loop);
    log_destroy(bench->log);
    buf_free(&bench->log_lines);
    temp_remove(bench->folder);
    free(bench);
    return 0;
}

static void saved(void *ctx, bool ok)
{
    struct bench *bench = ctx;
    assert_true(ok);
    bench->saves++;
}

static bool is_saved(void *ctx)
{
    const struct bench *bench = ctx;
    return bench->saves == 1;
}

static void wait_saved(struct bench *bench)
{
    assert_true(loop_until(bench->loop, is_saved, bench));
    bench->saves = 0;
}

/* As a person who edits the file could. */
static void put(struct bench *bench, const char *name, const void *bytes, size_t len)
{
    const struct nvram_change change = {name, bytes, len};
    assert_true(nvram_save(bench->env.nvram, &change, 1, saved, bench));
    wait_saved(bench);
}

static void test_factory_values(void **state)
{
    struct bench *bench = *state;
    assert_int_equal(kept_number(&bench->kept, PORT), 1883);
    assert_int_equal(kept_number(&bench->kept, FLAG), -1);
    assert_string_equal(kept_text(&bench->kept, NAME), "none");
}

static void test_values_in_the_file(void **state)
{
    struct bench *bench = *state;
    static const struct {
        const char *text;
        long number;
    } numbers[] = {{"1", 1},   {"65535", 65535}, {"0", 1883}, {"65536", 1883},
                   {"", 1883}, {"12x", 1883},    {"x", 1883}, {"99999999999999999999", 1883}};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        put(bench, "x.port", numbers[i].text, strlen(numbers[i].text));
        assert_int_equal(kept_number(&bench->kept, PORT), numbers[i].number);
    }
    static const struct {
        const char *bytes;
        size_t len;
        const char *text;
    } texts[] = {{"ab", 2, "ab"},      {"abcd", 4, "abcd"}, {"a", 1, "none"},
                 {"abcde", 5, "none"}, {"a\0b", 3, "none"}, {"", 0, "none"}};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        put(bench, "x.name", texts[i].bytes, texts[i].len);
        assert_string_equal(kept_text(&bench->kept, NAME), texts[i].text);
    }
}

static void test_changes(void **state)
{
    struct bench *bench = *state;
    struct kept_changes set = {.kept = &bench->kept};
    kept_change_number(&set, PORT, 7);
    kept_change_text(&set, NAME, "abc", 3);
    kept_change_given_number(&set, FLAG, &(struct at_value){.present = true, .number = 1});
    assert_true(kept_store(&set, saved, bench));
    assert_int_equal(kept_number(&bench->kept, PORT), 1883); /* not before it is safe */
    wait_saved(bench);
    assert_int_equal(kept_number(&bench->kept, PORT), 7);
    assert_int_equal(kept_number(&bench->kept, FLAG), 1);
    assert_string_equal(kept_text(&bench->kept, NAME), "abc");
    assert_false(kept_store(&set, saved, bench)); /* nothing new */

    struct kept_changes given = {.kept = &bench->kept};
    kept_change_given_number(&given, FLAG, &(struct at_value){.present = false, .number = 0});
    assert_false(kept_store(&given, saved, bench)); /* a missing number changes nothing */
    kept_change_given_text(&given, NAME, &(struct at_value){.present = true, .text = "", .len = 0});
    assert_true(kept_store(&given, saved, bench));
    wait_saved(bench);
    assert_int_equal(kept_number(&bench->kept, FLAG), 1);
    assert_string_equal(kept_text(&bench->kept, NAME), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_factory_values, create, destroy),
        cmocka_unit_test_setup_teardown(test_values_in_the_file, create, destroy),
        cmocka_unit_test_setup_teardown(test_changes, create, destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
