/* The power goes at any moment. A child saves known states, one after the other, and tells of each
 * that is done; it is killed at a random moment, many times. What is found afterwards is the last
 * state that it told of, or the next one, whole; never another one, and never a damaged file. */
#include "tests/nvram/store.h"

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/temp.h"

enum { STATES = 200, ROUNDS = 50, ROUNDS_MIN = 10, SECONDS_MAX = 15, BLOB_MAX = 3000 };

/* Of state number n: bytes that follow from it, and take one or several lines of the file. */
static size_t blob_of(int number, char *blob)
{
    size_t len = (size_t)number * 37 % BLOB_MAX;
    for (size_t i = 0; i < len; i++) {
        blob[i] = (char)((size_t)number * 31 + i);
    }
    return len;
}

static void note(void *ctx, bool ok)
{
    struct store *store = ctx;
    buf_add_byte(&store->outcomes, ok ? '+' : '-');
}

/* In the child. */
static void save_states(struct store *store, int acknowledge)
{
    store_open(store);
    for (int number = 1; number <= STATES; number++) {
        char text[16];
        char blob[BLOB_MAX];
        int len = snprintf(text, sizeof text, "%d", number);
        struct nvram_change changes[] = {{"s.number", text, (size_t)len},
                                         {"s.blob", blob, blob_of(number, blob)}};
        nvram_save(store->nvram, changes, 2, note, store);
        store_expect(store, "+");
        if (write(acknowledge, "+", 1) != 1) {
            break;
        }
    }
    _exit(0);
}

/* Reads up to limit acknowledgements; fewer if the child has ended. */
static int read_acknowledged(int fd, int limit)
{
    int count = 0;
    char byte;
    while (count < limit && read(fd, &byte, 1) == 1) {
        count++;
    }
    return count;
}

static void spin(unsigned nanoseconds)
{
    struct timespec start;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec <
             (long)nanoseconds);
}

/* How many states the child told of. */
static int run_and_kill(struct store *store, unsigned *seed)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    if (child == 0) {
        save_states(store, ends[1]);
    }
    close(ends[1]);
    int told = read_acknowledged(ends[0], rand_r(seed) % 40);
    spin((unsigned)rand_r(seed) % 1500000); /* into the middle of the next one */
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    told += read_acknowledged(ends[0], STATES);
    close(ends[0]);
    return told;
}

static int expect_whole_state(const struct store *store)
{
    const char *text = nvram_get(store->nvram, "s.number", NULL);
    size_t len = 0;
    const char *found = nvram_get(store->nvram, "s.blob", &len);
    if (!text) {
        assert_null(found);
        return 0;
    }
    int number = atoi(text);
    char blob[BLOB_MAX];
    assert_int_equal(len, blob_of(number, blob));
    assert_memory_equal(found, blob, len);
    return number;
}

static void test_killed_while_saving(void **state)
{
    struct store *store = *state;
    unsigned seed = 20;
    time_t start = time(NULL);
    int between = 0;
    for (int i = 0; i < ROUNDS && (i < ROUNDS_MIN || time(NULL) - start < SECONDS_MAX); i++) {
        store_close(store);
        remove(store->path);
        int told = run_and_kill(store, &seed);
        store_open(store);
        assert_non_null(store->nvram);
        int number = expect_whole_state(store);
        assert_in_range(number, told, told + 1);
        between += number != told;
        /* The child's own log died with it: a damaged file would show here. */
        assert_int_equal(store_count_files(store, "damaged"), 0);
        assert_int_equal(store_count_files(store, ".tmp-"), 0);
    }
    print_message("%d kills fell between rename and report\n", between);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_killed_while_saving, store_create, store_destroy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
