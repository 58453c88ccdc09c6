/* UTF-8: what RFC 3629 allows, and each way to break it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/utf8.h"

static bool valid(const char *text)
{
    return utf8_valid(text, strlen(text));
}

static void test_valid(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "plain",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
        "\xf0\x90\x80\x80",
        "\xf4\x8f\xbf\xbf",
        "\xe6\xb8\xa9\xe5\xba\xa6",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_true(valid(rows[i]));
    }
    assert_true(utf8_valid("a\0b", 3));
}

static void test_invalid(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "\x80", /* continuation alone */
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x9f\xbf",
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",
        "\xed\xbf\xbf", /* surrogates */
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff", /* above U+10FFFF */
        "\xc2",
        "\xe6\xb8",
        "\xf0\x90\x80", /* cut short */
        "\xc2z",
        "\xe6z\x80",
        "\xe6\xb8z", /* broken off */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_false(valid(rows[i]));
    }
    assert_false(utf8_valid("\xe6\xb8\xa9", 2));
}

static void test_characters(void **state)
{
    (void)state;
    uint32_t character = 0;
    assert_int_equal(utf8_next("A", 1, &character), 1);
    assert_int_equal(character, 'A');
    assert_int_equal(utf8_next("\xe6\xb8\xa9x", 4, &character), 3);
    assert_int_equal(character, 0x6e29);
    assert_int_equal(utf8_next("\xf4\x8f\xbf\xbf", 4, &character), 4);
    assert_int_equal(character, 0x10ffff);
    assert_int_equal(utf8_next("", 0, &character), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_invalid),
        cmocka_unit_test(test_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
