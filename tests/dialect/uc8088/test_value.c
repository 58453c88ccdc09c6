/* Values that are the rest of their line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dialect/uc8088/value.h"

static void expect(enum uc_value_kind kind, const char *typed, const char *value)
{
    struct buf out = {0};
    uc_value(&out, kind, typed, strlen(typed));
    assert_string_equal(buf_text(&out), value);
    buf_free(&out);
}

static void test_names(void **state)
{
    (void)state;
    expect(UC_VALUE_NAME, "  ftp \t", "ftp");
    expect(UC_VALUE_NAME, "", "");
    expect(UC_VALUE_NAME, "   ", "");
    expect(UC_VALUE_NAME, "a;b, c", "a;b, c");
    expect(UC_VALUE_NAME, " \"a, b\" ", "a, b");
    expect(UC_VALUE_NAME, "a\\nb", "a\\nb");
}

static void test_texts(void **state)
{
    (void)state;
    expect(UC_VALUE_TEXT, " x ", "x ");
    expect(UC_VALUE_TEXT, "  x", " x");
    expect(UC_VALUE_TEXT, "a\\r\\nb", "a\r\nb");
    expect(UC_VALUE_TEXT, "{\\\"a\\\":\"b\"}", "{\"a\":\"b\"}");
    expect(UC_VALUE_TEXT, "\\\\n\\u00e9\\", "\\\\n\\u00e9\\");
    expect(UC_VALUE_RAW, "a\\r\\n\\\"", "a\\r\\n\\\"");
}

static void test_quotes(void **state)
{
    (void)state;
    expect(UC_VALUE_TEXT, "\"a\\\"b\\\\\\n\\x\"", "a\"b\\\n\\x");
    expect(UC_VALUE_TEXT, "\"a\",\"b\"", "\"a\",\"b\""); /* not one text */
    expect(UC_VALUE_TEXT, "\"a\"b", "\"a\"b");
    expect(UC_VALUE_TEXT, "\"open", "open");
    expect(UC_VALUE_TEXT, "\"", "");
    expect(UC_VALUE_TEXT, "\"\"", "");
}

static void measured(enum uc_value_kind kind, const char *typed, size_t stated, const char *value)
{
    struct buf out = {0};
    buf_add_text(&out, "<");
    bool fits = uc_measured_value(&out, kind, typed, strlen(typed), stated);
    assert_int_equal(fits, value != NULL);
    assert_string_equal(buf_text(&out) + 1, value ? value : "");
    buf_free(&out);
}

static void test_lengths(void **state)
{
    (void)state;
    measured(UC_VALUE_RAW, "12345", 5, "12345");
    measured(UC_VALUE_RAW, " 12345", 5, "12345");
    measured(UC_VALUE_RAW, " 12345", 6, " 12345");
    measured(UC_VALUE_RAW, " 12345", 4, NULL);
    measured(UC_VALUE_RAW, "\"abc\"", 5, "\"abc\"");
    measured(UC_VALUE_RAW, "\"abc\"", 3, "abc");
    measured(UC_VALUE_RAW, " \"abc\"", 6, " \"abc\"");
    measured(UC_VALUE_RAW, "\\n", 2, "\\n");
    measured(UC_VALUE_TEXT, "\\n", 1, "\n");
    measured(UC_VALUE_TEXT, "\\n", 2, NULL);
    measured(UC_VALUE_RAW, "", 0, "");
    measured(UC_VALUE_RAW, "", 1, NULL);
    measured(UC_VALUE_RAW, " ", 1, " ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
