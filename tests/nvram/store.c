#include "tests/nvram/store.h"

#include <dirent.h>
#include <ev.h>
#include <sys/stat.h>

#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

void store_open(struct store *store)
{
    store->writer = nvram_writer_create(store->loop);
    store->nvram = nvram_open(store->path, store->writer, store->log);
}

void store_close(struct store *store)
{
    if (store->nvram) {
        nvram_close(store->nvram);
        store->nvram = NULL;
    }
    nvram_writer_destroy(store->writer);
    store->writer = NULL;
}

void store_make_folder(struct store *store)
{
    assert_int_equal(mkdir(store->folder, 0700), 0);
}

void store_remove_folder(struct store *store)
{
    temp_remove(mem_string(store->folder));
}

int store_create(void **state)
{
    struct store *store = mem_zeroed(sizeof *store);
    store->loop = ev_loop_new(EVFLAG_AUTO);
    store->log = logged_create(&store->log_lines);
    store->base = temp_folder();
    store->folder = temp_path(store->base, "state");
    store->path = temp_path(store->folder, "modem.ini");
    store_make_folder(store);
    store_open(store);
    *state = store;
    return store->nvram ? 0 : -1;
}

int store_destroy(void **state)
{
    struct store *store = *state;
    store_close(store);
    ev_loop_destroy(store->loop);
    log_destroy(store->log);
    temp_remove(store->base);
    free(store->folder);
    free(store->path);
    buf_free(&store->log_lines);
    buf_free(&store->outcomes);
    free(store);
    return 0;
}

static void note_outcome(void *ctx, bool ok)
{
    struct store *store = ctx;
    buf_add_byte(&store->outcomes, ok ? '+' : '-');
}

bool store_begin(struct store *store, const char *name, const void *bytes, size_t len)
{
    struct nvram_change change = {name, bytes, len};
    size_t before = buf_len(&store->outcomes);
    bool waits = nvram_save(store->nvram, &change, 1, note_outcome, store);
    assert_int_equal(buf_len(&store->outcomes), before); /* never from inside the call */
    return waits;
}

bool store_begin_text(struct store *store, const char *name, const char *text)
{
    return store_begin(store, name, text, text ? strlen(text) : 0);
}

struct expected {
    struct store *store;
    const char *outcomes;
};

static bool outcomes_are(void *ctx)
{
    struct expected *expected = ctx;
    return strcmp(buf_text(&expected->store->outcomes), expected->outcomes) == 0;
}

void store_expect(struct store *store, const char *outcomes)
{
    struct expected expected = {store, outcomes};
    if (!loop_until(store->loop, outcomes_are, &expected)) {
        assert_string_equal(buf_text(&store->outcomes), outcomes);
    }
    buf_clear(&store->outcomes);
}

void store_save(struct store *store, const char *name, const char *text)
{
    assert_true(store_begin_text(store, name, text));
    store_expect(store, "+");
}

void store_expect_text(const struct store *store, const char *name, const char *text)
{
    size_t len = 99;
    const char *bytes = nvram_get(store->nvram, name, &len);
    if (text) {
        assert_non_null(bytes);
        assert_string_equal(bytes, text);
        assert_int_equal(len, strlen(text));
    } else {
        assert_null(bytes);
    }
}

int store_count_files(const struct store *store, const char *part)
{
    DIR *entries = opendir(store->folder);
    assert_non_null(entries);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(entries));) {
        bool real = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
        if (real && strstr(entry->d_name, part)) {
            count++;
        }
    }
    closedir(entries);
    return count;
}
