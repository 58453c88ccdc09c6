/* Saves: what is kept, in which order they take effect, what a failing disk does, and what becomes
 * of saves whose modem is closed. */
#include "tests/nvram/store.h"

#include <sys/stat.h>

#include "tests/support/loop.h"
#include "tests/support/temp.h"

static void reopen(struct store *store)
{
    store_close(store);
    store_open(store);
    assert_non_null(store->nvram);
}

static void test_values(void **state)
{
    struct store *store = *state;
    size_t len = 99;
    assert_null(nvram_get(store->nvram, "mqtt.host", &len));
    store_save(store, "mqtt.host", "example.org");
    store_expect_text(store, "mqtt.host", "example.org");
    store_save(store, "mqtt.empty", "");
    assert_true(store_begin(store, "mqtt.nul", "a\0b\0", 4));
    store_expect(store, "+");
    reopen(store);
    store_expect_text(store, "mqtt.host", "example.org");
    store_expect_text(store, "mqtt.empty", "");
    const char *bytes = nvram_get(store->nvram, "mqtt.nul", &len);
    assert_int_equal(len, 4);
    assert_memory_equal(bytes, "a\0b\0\0", 5);
    assert_non_null(nvram_get(store->nvram, "mqtt.nul", NULL));

    assert_true(store_begin(store, "mqtt.host", NULL, 0));
    store_expect(store, "+");
    store_expect_text(store, "mqtt.host", NULL);
    reopen(store);
    store_expect_text(store, "mqtt.host", NULL);
    store_expect_text(store, "mqtt.empty", "");
}

static void test_file(void **state)
{
    struct store *store = *state;
    store_save(store, "mqtt.host", "a b");
    struct stat status;
    assert_int_equal(stat(store->path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0600);
    assert_int_equal(store_count_files(store, ""), 1);
    size_t len = 0;
    char *text = temp_read(store->path, &len);
    assert_memory_equal(text + strspn(text, "\n"), "[nvram]\nformat ", 15);
    assert_non_null(strstr(text, "\n[mqtt]\nhost "));
    free(text);
}

static void test_nothing_to_wait_for(void **state)
{
    struct store *store = *state;
    assert_false(store_begin(store, "a.x", NULL, 0));
    assert_false(nvram_save(store->nvram, NULL, 0, NULL, NULL));
    store_save(store, "a.x", "1");
    assert_false(store_begin_text(store, "a.x", "1"));
    assert_true(store_begin_text(store, "a.x", ""));
    store_expect(store, "+");
    loop_wakes(store->loop, 0.01);
    assert_int_equal(buf_len(&store->outcomes), 0);
}

/* The second changes nothing when the first is done; but until then the value is not safe. */
static void test_same_value_waits_for_the_save_under_way(void **state)
{
    struct store *store = *state;
    assert_true(store_begin_text(store, "a.x", "1"));
    assert_true(store_begin_text(store, "a.x", "1"));
    store_expect_text(store, "a.x", NULL);
    store_expect(store, "++");
    store_expect_text(store, "a.x", "1");
    /* Back to what is durable, while another value is on its way there. */
    assert_true(store_begin_text(store, "a.x", "2"));
    assert_true(store_begin_text(store, "a.x", "1"));
    store_expect(store, "++");
    store_expect_text(store, "a.x", "1");
}

struct ordered {
    struct store *store;
    int number;
    int *next;
};

static void expect_turn(void *ctx, bool ok)
{
    struct ordered *ordered = ctx;
    assert_true(ok);
    assert_int_equal(ordered->number, *ordered->next);
    char text[16];
    snprintf(text, sizeof text, "%d", ordered->number);
    store_expect_text(ordered->store, "a.x", text);
    ++*ordered->next;
}

static bool all_done(void *ctx)
{
    return *(int *)ctx == 50;
}

static void test_saves_take_effect_in_order(void **state)
{
    struct store *store = *state;
    struct ordered ordered[50];
    int next = 0;
    for (int i = 0; i < 50; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%d", i);
        char name[32];
        snprintf(name, sizeof name, "a.n%d", i);
        struct nvram_change changes[] = {{"a.x", text, (size_t)len}, {name, "y", 1}};
        ordered[i] = (struct ordered){store, i, &next};
        assert_true(nvram_save(store->nvram, changes, 2, expect_turn, &ordered[i]));
    }
    assert_int_equal(next, 0);
    assert_true(loop_until(store->loop, all_done, &next));
    reopen(store);
    store_expect_text(store, "a.x", "49");
    store_expect_text(store, "a.n0", "y");
    store_expect_text(store, "a.n49", "y");
}

static void note(void *ctx, bool ok)
{
    buf_add_byte(ctx, ok ? '+' : '-');
}

static void test_erase(void **state)
{
    struct store *store = *state;
    assert_false(nvram_erase(store->nvram, NULL, note, &store->outcomes));
    store_save(store, "a.x", "1");
    store_save(store, "b.y", "2");
    store_save(store, "b.z", "3");
    const char *const spared[] = {"b.y", "b.none", NULL};
    assert_true(nvram_erase(store->nvram, spared, note, &store->outcomes));
    assert_true(store_begin_text(store, "a.later", "4"));
    store_expect(store, "++");
    reopen(store);
    store_expect_text(store, "a.x", NULL);
    store_expect_text(store, "b.y", "2");
    store_expect_text(store, "b.z", NULL);
    store_expect_text(store, "a.later", "4");
    assert_true(nvram_erase(store->nvram, NULL, note, &store->outcomes));
    store_expect(store, "+");
    reopen(store);
    store_expect_text(store, "b.y", NULL);
}

static void test_failing_disk(void **state)
{
    struct store *store = *state;
    store_save(store, "a.x", "old");
    store_remove_folder(store);
    buf_clear(&store->log_lines);
    assert_true(store_begin_text(store, "a.x", "lost"));
    assert_true(store_begin_text(store, "a.y", "lost"));
    store_expect(store, "--");
    assert_non_null(strstr(buf_text(&store->log_lines), "error: "));
    assert_non_null(strstr(buf_text(&store->log_lines), "No such file or directory"));
    store_expect_text(store, "a.x", "old");
    store_expect_text(store, "a.y", NULL);

    store_make_folder(store);
    store_save(store, "a.z", "new");
    reopen(store);
    store_expect_text(store, "a.x", "old");
    store_expect_text(store, "a.y", NULL);
    store_expect_text(store, "a.z", "new");
    assert_int_equal(store_count_files(store, ""), 1);
}

/* The temporary file can be written, but not take the file's place. */
static void test_failing_rename(void **state)
{
    struct store *store = *state;
    assert_int_equal(mkdir(store->path, 0700), 0);
    char *inside = temp_path(store->path, "x");
    temp_write(inside, "", 0);
    assert_true(store_begin_text(store, "a.x", "1"));
    store_expect(store, "-");
    store_expect_text(store, "a.x", NULL);
    assert_int_equal(store_count_files(store, ".tmp-"), 0);
    assert_int_equal(remove(inside), 0);
    assert_int_equal(remove(store->path), 0);
    free(inside);
    store_save(store, "a.x", "1");
}

static void never(void *ctx, bool ok)
{
    (void)ctx;
    (void)ok;
    fail();
}

static void begin_numbers(struct store *store, int from, int to)
{
    for (int i = from; i < to; i++) {
        char text[16];
        int len = snprintf(text, sizeof text, "%d", i);
        char name[32];
        snprintf(name, sizeof name, "a.n%d", i % 7);
        struct nvram_change changes[] = {{"a.x", text, (size_t)len}, {name, text, (size_t)len}};
        assert_true(nvram_save(store->nvram, changes, 2, never, NULL));
    }
}

static void test_close_with_saves_under_way(void **state)
{
    struct store *store = *state;
    begin_numbers(store, 0, 10);
    reopen(store);
    store_expect_text(store, "a.x", "9");
    store_expect_text(store, "a.n6", "6");
    store_expect_text(store, "a.n2", "9");
    begin_numbers(store, 10, 11); /* only the one that is being written */
    reopen(store);
    store_expect_text(store, "a.x", "10");
    loop_wakes(store->loop, 0.01);
}

/* A modem is rebuilt: the new one must find what the old one has asked for, and must not spoil its
 * writing. */
static void test_reopen_with_saves_under_way(void **state)
{
    struct store *store = *state;
    for (int i = 0; i < 100; i++) {
        begin_numbers(store, i * 10, i * 10 + 1 + i % 3);
        nvram_close(store->nvram);
        store->nvram = nvram_open(store->path, store->writer, store->log);
        assert_non_null(store->nvram);
        char text[16];
        snprintf(text, sizeof text, "%d", i * 10 + i % 3);
        store_expect_text(store, "a.x", text);
    }
    reopen(store);
    store_expect_text(store, "a.x", "990");
    assert_int_equal(buf_len(&store->log_lines), 0);
    assert_int_equal(store_count_files(store, ""), 1);
}

static void close_in_done(void *ctx, bool ok)
{
    struct store *store = ctx;
    nvram_close(store->nvram);
    store->nvram = NULL;
    buf_add_byte(&store->outcomes, ok ? '+' : '-');
}

static void test_close_in_done(void **state)
{
    struct store *store = *state;
    struct nvram_change change = {"a.x", "1", 1};
    assert_true(nvram_save(store->nvram, &change, 1, close_in_done, store));
    change.bytes = "2";
    assert_true(nvram_save(store->nvram, &change, 1, never, NULL));
    change.bytes = "3";
    assert_true(nvram_save(store->nvram, &change, 1, never, NULL));
    store_expect(store, "+");
    reopen(store);
    store_expect_text(store, "a.x", "3");
}

static void save_in_done(void *ctx, bool ok)
{
    struct store *store = ctx;
    buf_add_byte(&store->outcomes, ok ? '+' : '-');
    store_expect_text(store, "a.x", "1");
    assert_false(store_begin_text(store, "a.x", "1"));
    assert_true(store_begin_text(store, "a.x", "2"));
}

static void test_save_in_done(void **state)
{
    struct store *store = *state;
    struct nvram_change change = {"a.x", "1", 1};
    assert_true(nvram_save(store->nvram, &change, 1, save_in_done, store));
    store_expect(store, "++");
    store_expect_text(store, "a.x", "2");
}

static void test_one_writer_for_many(void **state)
{
    struct store *store = *state;
    struct nvram *others[20];
    char *paths[20];
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "other%d.ini", i);
        paths[i] = temp_path(store->folder, name);
        others[i] = nvram_open(paths[i], store->writer, store->log);
        struct nvram_change change = {"a.file", name, strlen(name)};
        assert_true(nvram_save(others[i], &change, 1, note, &store->outcomes));
    }
    store_expect(store, "++++++++++++++++++++");
    for (int i = 0; i < 20; i++) {
        char name[32];
        snprintf(name, sizeof name, "other%d.ini", i);
        assert_string_equal(nvram_get(others[i], "a.file", NULL), name);
        nvram_close(others[i]);
        free(paths[i]);
    }
    store_expect_text(store, "a.file", NULL);
}

static void test_leftovers_are_removed(void **state)
{
    struct store *store = *state;
    store_close(store);
    static const char *const names[] = {".modem.ini.tmp-Ab12Cd", "modem.ini.bak",
                                        ".other.ini.tmp-Ab12Cd"};
    for (size_t i = 0; i < 3; i++) {
        char *path = temp_path(store->folder, names[i]);
        temp_write(path, "x", 1);
        free(path);
    }
    store_open(store);
    assert_int_equal(store_count_files(store, ""), 2);
    assert_int_equal(store_count_files(store, ".modem.ini.tmp-"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_create, store_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_values),
        TEST(test_file),
        TEST(test_nothing_to_wait_for),
        TEST(test_same_value_waits_for_the_save_under_way),
        TEST(test_saves_take_effect_in_order),
        TEST(test_erase),
        TEST(test_failing_disk),
        TEST(test_failing_rename),
        TEST(test_close_with_saves_under_way),
        TEST(test_reopen_with_saves_under_way),
        TEST(test_close_in_done),
        TEST(test_save_in_done),
        TEST(test_one_writer_for_many),
        TEST(test_leftovers_are_removed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
