/* A growing run of bytes: what is put in comes out, in order, whatever was taken in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"

static void test_empty(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_int_equal(buf_len(&buf), 0);
    assert_non_null(buf_bytes(&buf));
    buf_add(&buf, NULL, 0);
    buf_take(&buf, 0);
    buf_take(&buf, 5);
    buf_cut(&buf, 5);
    buf_clear(&buf);
    assert_string_equal(buf_text(&buf), "");
    buf_free(&buf);
    buf_free(&buf);
}

static void test_adding(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_add(&buf, "a\0b", 3);
    buf_add_byte(&buf, '-');
    buf_add_text(&buf, "text");
    buf_printf(&buf, " %d %s", 12, "x");
    memcpy(buf_room(&buf, 100), "yz", 2);
    buf_added(&buf, 2);
    assert_int_equal(buf_len(&buf), 15);
    assert_memory_equal(buf_bytes(&buf), "a\0b-text 12 xyz", 15);
    assert_int_equal(buf_text(&buf)[15], '\0');
    assert_int_equal(buf_len(&buf), 15); /* the NUL is not counted */
    buf_free(&buf);
    assert_int_equal(buf_len(&buf), 0);
    buf_add_text(&buf, "again");
    assert_string_equal(buf_text(&buf), "again");
    buf_free(&buf);
}

static void test_taking_and_cutting(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_add_text(&buf, "0123456789");
    buf_take(&buf, 3);
    assert_string_equal(buf_text(&buf), "3456789");
    buf_cut(&buf, 9);
    assert_string_equal(buf_text(&buf), "3456789");
    buf_cut(&buf, 4);
    assert_string_equal(buf_text(&buf), "3456");
    buf_add_text(&buf, "x");
    assert_string_equal(buf_text(&buf), "3456x");
    buf_take(&buf, 5);
    assert_int_equal(buf_len(&buf), 0);
    buf_add_text(&buf, "y");
    assert_string_equal(buf_text(&buf), "y");
    buf_free(&buf);
}

/* Against a model: a plain counter at either end of an endless pattern. */
static void test_long_use(void **state)
{
    (void)state;
    struct buf buf = {0};
    unsigned seed = 7;
    size_t in = 0;
    size_t out = 0;
    for (int i = 0; i < 20000; i++) {
        size_t add = (size_t)rand_r(&seed) % 300;
        for (size_t j = 0; j < add; j++) {
            buf_add_byte(&buf, (char)(in++ * 13));
        }
        size_t take = (size_t)rand_r(&seed) % 305;
        take = take < buf_len(&buf) ? take : buf_len(&buf);
        for (size_t j = 0; j < take; j++) {
            assert_int_equal(buf_bytes(&buf)[j], (char)(out++ * 13));
        }
        buf_take(&buf, take);
        assert_int_equal(buf_len(&buf), in - out);
    }
    /* Taken bytes make room: the memory does not grow with what has passed. */
    assert_in_range(buf.size, 1, 64 * 1024);
    buf_free(&buf);
}

static void test_a_burst_is_given_back(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_add_byte(&buf, 'x');
    buf_take(&buf, 1);
    assert_non_null(buf.memory);
    memset(buf_room(&buf, 100000), 'x', 100000);
    buf_added(&buf, 100000);
    buf_take(&buf, 99999);
    assert_non_null(buf.memory);
    buf_take(&buf, 1);
    assert_null(buf.memory);
    buf_free(&buf);
}

static void test_mem(void **state)
{
    (void)state;
    char *copy = mem_copy("a\0b", 3);
    assert_memory_equal(copy, "a\0b\0", 4);
    mem_wipe(copy, 3);
    assert_memory_equal(copy, "\0\0\0\0", 4);
    mem_wipe(NULL, 0);
    free(copy);
    copy = mem_copy(NULL, 0);
    assert_string_equal(copy, "");
    free(copy);
    assert_null(mem_string(NULL));
    copy = mem_printf("%03d", 7);
    assert_string_equal(copy, "007");
    free(mem_resize(copy, 0));
    free(mem_zeroed(0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_adding),
        cmocka_unit_test(test_taking_and_cutting),
        cmocka_unit_test(test_long_use),
        cmocka_unit_test(test_a_burst_is_given_back),
        cmocka_unit_test(test_mem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
