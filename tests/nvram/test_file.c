/* The file: any bytes survive, what a person edits is understood, what makes no sense is set aside
 * and never lost, and what cannot be read is not taken for empty. */
#include "tests/nvram/store.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp.h"

/* ---- any bytes ---- */

static void note(void *ctx, bool ok)
{
    buf_add_byte(ctx, ok ? '+' : '-');
}

struct sample {
    char name[40];
    char *bytes;
    size_t len;
};

static size_t random_below(unsigned *seed, size_t limit)
{
    return (size_t)rand_r(seed) % limit;
}

/* Mostly any bytes, some runs of those that INI files are touchy about. */
static char *random_bytes(unsigned *seed, size_t len)
{
    static const char touchy[] = "\"';#\\%=[]: \t\r\n\0\x0b\xff";
    bool nasty = random_below(seed, 3) == 0;
    char *bytes = mem_zeroed(len + 1);
    for (size_t i = 0; i < len; i++) {
        bytes[i] =
            nasty ? touchy[random_below(seed, sizeof touchy - 1)] : (char)random_below(seed, 256);
    }
    return bytes;
}

static void random_name(unsigned *seed, struct sample *sample, size_t number)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789_-";
    static const char *const sections[] = {"a", "mqtt", "wifi-sta", "x_1", "nvram2"};
    int at = snprintf(sample->name, sizeof sample->name, "%s.", sections[random_below(seed, 5)]);
    for (size_t i = random_below(seed, 20); i > 0; i--) {
        sample->name[at++] = letters[random_below(seed, sizeof letters - 1)];
    }
    /* The number keeps names apart. */
    snprintf(sample->name + at, sizeof sample->name - (size_t)at, "k%zu", number);
}

static void expect_samples(const struct store *store, const struct sample *samples, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = 0;
        const char *bytes = nvram_get(store->nvram, samples[i].name, &len);
        assert_non_null(bytes);
        assert_int_equal(len, samples[i].len);
        assert_memory_equal(bytes, samples[i].bytes, len + 1);
    }
}

static void expect_short_lines(const struct store *store)
{
    size_t len = 0;
    char *text = temp_read(store->path, &len);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        assert_in_range(strlen(line), 0, 1022);
    }
    free(text);
}

static void try_samples(struct store *store, unsigned seed)
{
    enum { COUNT = 24 };
    struct sample samples[COUNT];
    struct nvram_change changes[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        static const size_t limits[] = {2, 40, 1000, 8193};
        random_name(&seed, &samples[i], i);
        samples[i].len = random_below(&seed, limits[random_below(&seed, 4)]);
        samples[i].bytes = random_bytes(&seed, samples[i].len);
        changes[i] = (struct nvram_change){samples[i].name, samples[i].bytes, samples[i].len};
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_true(store_begin(store, changes[i].name, changes[i].bytes, changes[i].len));
    }
    store_expect(store, "++++++++++++++++++++++++");
    expect_samples(store, samples, COUNT);
    store_close(store);
    expect_short_lines(store);
    store_open(store);
    assert_non_null(store->nvram);
    expect_samples(store, samples, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        free(samples[i].bytes);
    }
    assert_true(nvram_erase(store->nvram, NULL, note, &store->outcomes));
    store_expect(store, "+");
}

static void test_any_bytes_survive(void **state)
{
    struct store *store = *state;
    for (unsigned seed = 1; seed <= 25; seed++) {
        print_message("seed %u\n", seed); /* the last one shown is the one that failed */
        try_samples(store, seed);
    }
}

static void expect_survival(struct store *store, const char *name, const char *bytes, size_t len)
{
    if (store_begin(store, name, bytes, len)) {
        store_expect(store, "+");
    }
    store_close(store);
    store_open(store);
    size_t found = 0;
    const char *value = nvram_get(store->nvram, name, &found);
    assert_int_equal(found, len);
    assert_memory_equal(value, bytes, len);
}

/* Each byte alone, and at both ends of a value. */
static void expect_bytes_around(struct store *store)
{
    struct sample samples[512];
    struct nvram_change changes[512];
    for (int i = 0; i < 512; i++) {
        char bytes[3] = {(char)(i / 2), 'x', (char)(i / 2)};
        struct sample *sample = &samples[i];
        snprintf(sample->name, sizeof sample->name, "b.%d", i);
        sample->len = i % 2 ? 1 : 3;
        sample->bytes = mem_copy(bytes, sample->len);
        changes[i] = (struct nvram_change){sample->name, sample->bytes, sample->len};
    }
    assert_true(nvram_save(store->nvram, changes, 512, note, &store->outcomes));
    store_expect(store, "+");
    store_close(store);
    store_open(store);
    expect_samples(store, samples, 512);
    for (int i = 0; i < 512; i++) {
        free(samples[i].bytes);
    }
}

static void test_every_byte_and_every_length(void **state)
{
    struct store *store = *state;
    char bytes[256];
    for (int i = 0; i < 256; i++) {
        bytes[i] = (char)i;
    }
    expect_survival(store, "a.all", bytes, sizeof bytes);
    expect_bytes_around(store);
    /* Where values are cut in pieces: plain bytes and those that are encoded as three. */
    char *long_value = mem_zeroed(NVRAM_VALUE_MAX);
    for (size_t len = 295; len < 305; len++) {
        memset(long_value, ';', len);
        expect_survival(store, "a.long", long_value, len);
    }
    for (size_t len = 890; len < 905; len++) {
        memset(long_value, 'x', len);
        expect_survival(store, "a.long", long_value, len);
    }
    memset(long_value, '\n', NVRAM_VALUE_MAX);
    expect_survival(store, "a.long", long_value, NVRAM_VALUE_MAX);
    free(long_value);
    assert_int_equal(buf_len(&store->log_lines), 0);
}

static void test_long_names(void **state)
{
    struct store *store = *state;
    static char value[3000];
    memset(value, '%', sizeof value);
    expect_survival(store,
                    "a-section-whose-name-is-sixty-four-bytes-long-which-is-the-limit."
                    "a_key_whose_name_is_sixty_four_bytes_long_which_is_its_limit_too",
                    value, sizeof value);
    expect_short_lines(store);
}

/* ---- edited by a person ---- */

static void write_file(struct store *store, const char *text, size_t len)
{
    store_close(store);
    temp_write(store->path, text, len);
    store_open(store);
}

static void expect_edited(struct store *store, const char *text, const char *name,
                          const char *value)
{
    write_file(store, text, strlen(text));
    assert_non_null(store->nvram);
    assert_string_equal(buf_text(&store->log_lines), "");
    store_expect_text(store, name, value);
}

static void test_edited_files(void **state)
{
    struct store *store = *state;
    expect_edited(store, "[nvram]\nformat = 1\n[a]\nx=1", "a.x", "1");
    expect_edited(store, "# mine\n\n[nvram]\nformat=1 ; one\n\n[a]\n  x = 1  # two\n", "a.x", "1");
    expect_edited(store, "[nvram]\r\nformat = 1\r\n[a]\r\nx = 1\r\n", "a.x", "1");
    expect_edited(store, "[NVRAM]\nFormat = 1\n[A]\nX = One\n", "a.x", "One");
    expect_edited(store, "[nvram]\nformat = 1\n[a]\nx = my net %41%0a%0A\n", "a.x", "my net A\n\n");
    expect_edited(store, "[nvram]\nformat = 1\n[a]\nx = \" a;b \"\n", "a.x", " a;b ");
    expect_edited(store, "[nvram]\nformat = 1\n[a]\nx = 1\n; more\nx.1 = 2\n\nx.2 = 3\n", "a.x",
                  "123");
    expect_edited(store, "[a]\nx = 1\n[nvram]\nformat = 1\n", "a.x", "1");
    expect_edited(store, "[nvram]\nformat = 1\n", "a.x", NULL);
    assert_int_equal(store_count_files(store, ""), 1);
}

static void test_unknown_keys_are_kept(void **state)
{
    struct store *store = *state;
    expect_edited(store, "[nvram]\nformat = 1\n[later]\nthing = 1\n", "later.thing", "1");
    store_save(store, "a.x", "2");
    store_close(store);
    store_open(store);
    store_expect_text(store, "later.thing", "1");
    store_expect_text(store, "a.x", "2");
}

/* ---- damaged ---- */

/* The bytes of the only file whose name begins so; NULL if there is none. */
static char *read_aside(const struct store *store, size_t *len)
{
    char *found = NULL;
    DIR *entries = opendir(store->folder);
    for (struct dirent *entry; (entry = readdir(entries));) {
        if (strncmp(entry->d_name, "modem.ini.damaged-", 18) == 0) {
            assert_null(found);
            int year, day, time;
            char t, z;
            assert_int_equal(
                sscanf(entry->d_name + 18, "%4d%4d%c%6d%c", &year, &day, &t, &time, &z), 5);
            assert_int_equal(t, 'T');
            assert_int_equal(z, 'Z');
            char *path = temp_path(store->folder, entry->d_name);
            found = temp_read(path, len);
            assert_int_equal(remove(path), 0);
            free(path);
        }
    }
    closedir(entries);
    return found;
}

static void expect_damaged(struct store *store, const char *bytes, size_t len)
{
    write_file(store, bytes, len);
    assert_non_null(store->nvram);
    assert_non_null(strstr(buf_text(&store->log_lines), "warning: "));
    buf_clear(&store->log_lines);
    store_expect_text(store, "a.x", NULL);
    size_t kept = 0;
    char *aside = read_aside(store, &kept);
    assert_non_null(aside);
    assert_int_equal(kept, len);
    assert_memory_equal(aside, bytes, len);
    free(aside);
    store_save(store, "a.x", "works");
    store_close(store);
    store_open(store);
    store_expect_text(store, "a.x", "works");
    assert_int_equal(store_count_files(store, ""), 1);
}

#define HEAD "[nvram]\nformat = 1\n[a]\n"

static void test_damaged_files(void **state)
{
    struct store *store = *state;
    static const char *const cases[] = {
        "",
        "\n\n",
        "\x7f"
        "ELF garbage \x01\x02\xff",
        "[a]\nx = 1\n",                    /* no header */
        "[nvram]\n[a]\nx = 1\n",           /* half of it */
        "[nvram]\nformat = 2\n[a]\nx=1\n", /* of another program */
        "[nvram]\nformat =\n[a]\nx=1\n",
        HEAD "x = 1\ny = %4\n", /* half a code */
        HEAD "x = 1\ny = %\n",
        HEAD "x = 1\ny = 50%zz\n",
        HEAD "x = 1\ny", /* cut off */
        HEAD "x = 1\n[b",
        HEAD "x = 1\nx = 2\n",
        HEAD "x = 1\\\ny = 2\n",
        HEAD "x = 1;2\n",
        HEAD "x = 1\nx.2 = 3\n", /* a piece is missing */
        HEAD "x = 1\nx.0 = 3\n",
        HEAD "x = 1\nx.1 = 2\nx.1x = 3\n",
        HEAD "x = 1\ny.1 = 2\n",
        HEAD "x = 1\ny = 2\nx.1 = 2\n",
        HEAD "x = 1\nx.y = 2\n", /* no name of ours */
        HEAD "x = 1\n[b.c]\ny = 2\n",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        print_message("damage %zu\n", i); /* the last one shown is the one that failed */
        expect_damaged(store, cases[i], strlen(cases[i]));
    }
    static const char nul[] = HEAD "x = 1\0\n";
    expect_damaged(store, nul, sizeof nul - 1);
    static const char zeros[4096] = {0};
    expect_damaged(store, zeros, sizeof zeros);
    char *long_line = mem_printf(HEAD "x = %01100d\n", 1);
    expect_damaged(store, long_line, strlen(long_line));
    free(long_line);
}

/* Cut off anywhere: an older or shorter state may come of it, but never a crash or a lost file. */
static void test_truncated_anywhere(void **state)
{
    struct store *store = *state;
    char value[1500];
    memset(value, ';', sizeof value);
    assert_true(store_begin(store, "a.long", value, sizeof value));
    store_expect(store, "+");
    store_save(store, "a.x", "last");
    size_t len = 0;
    char *bytes = temp_read(store->path, &len);
    for (size_t cut = 0; cut < len; cut += cut < 60 || len - cut < 60 ? 1 : 37) {
        write_file(store, bytes, cut);
        assert_non_null(store->nvram);
        size_t kept = 0;
        char *aside = read_aside(store, &kept);
        if (aside) {
            assert_int_equal(kept, cut);
            assert_null(nvram_get(store->nvram, "a.long", NULL));
        } else {
            assert_int_equal(store_count_files(store, "modem.ini"), 1);
        }
        free(aside);
    }
    free(bytes);
}

static void test_damaged_files_are_not_overwritten(void **state)
{
    struct store *store = *state;
    for (int i = 0; i < 5; i++) { /* within a second */
        write_file(store, "bad", 3);
        assert_non_null(store->nvram);
    }
    assert_int_equal(store_count_files(store, "modem.ini.damaged-"), 5);
}

/* ---- unreadable ---- */

static void expect_unreadable(struct store *store, const char *reason)
{
    buf_clear(&store->log_lines);
    store_open(store);
    assert_null(store->nvram);
    assert_non_null(strstr(buf_text(&store->log_lines), "error: "));
    assert_non_null(strstr(buf_text(&store->log_lines), reason));
    assert_int_equal(store_count_files(store, "damaged"), 0);
    store_close(store);
}

static void test_unreadable(void **state)
{
    struct store *store = *state;
    store_close(store);
    assert_int_equal(mkdir(store->path, 0700), 0);
    expect_unreadable(store, "Is a directory");
    assert_int_equal(rmdir(store->path), 0);
    assert_int_equal(symlink("modem.ini", store->path), 0);
    expect_unreadable(store, "Too many levels of symbolic links");
    assert_int_equal(remove(store->path), 0);
    store_remove_folder(store);
    temp_write(store->folder, "a file", 6); /* ENOTDIR */
    buf_clear(&store->log_lines);
    store_open(store);
    assert_null(store->nvram);
    assert_non_null(strstr(buf_text(&store->log_lines), "Not a directory"));
    store_close(store);
    assert_int_equal(remove(store->folder), 0);
    store_make_folder(store);
    store_open(store);
    assert_non_null(store->nvram);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, store_create, store_destroy)
    const struct CMUnitTest tests[] = {
        TEST(test_any_bytes_survive),
        TEST(test_every_byte_and_every_length),
        TEST(test_long_names),
        TEST(test_edited_files),
        TEST(test_unknown_keys_are_kept),
        TEST(test_damaged_files),
        TEST(test_truncated_anywhere),
        TEST(test_damaged_files_are_not_overwritten),
        TEST(test_unreadable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
