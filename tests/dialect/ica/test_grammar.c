/* The dialect's wording, and that its tables hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "dialect/ica/instance.h"

static void expect_words(at_result result, int cmee, const char *expected)
{
    struct buf words = {0};
    ica_grammar.word(&words, result, cmee);
    assert_string_equal(buf_text(&words), expected);
    buf_free(&words);
}

static void test_results(void **state)
{
    (void)state;
    for (int cmee = 0; cmee <= 2; cmee++) {
        expect_words(AT_OK, cmee, "OK");
        expect_words(AT_ERROR, cmee, "ERROR");
    }
    expect_words(ICA_INCORRECT_PARAMETERS, 0, "ERROR");
    expect_words(ICA_INCORRECT_PARAMETERS, 1, "+CME ERROR:50");
    static const struct {
        int code;
        const char *text;
    } rows[] = {
        {3, "operation not allowed"},
        {4, "operation not supported"},
        {10, "SIM not inserted"},
        {20, "memory full"},
        {24, "text string too long"},
        {25, "invalid characters in text string"},
        {30, "no network service"},
        {31, "network timeout"},
        {50, "incorrect parameters"},
        {100, "unknown"},
        {149, "PDP authentication failure"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct buf expected = {0};
        buf_printf(&expected, "+CME ERROR:%s", rows[i].text);
        expect_words(rows[i].code, 2, buf_text(&expected));
        buf_free(&expected);
    }
}

static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(ica_grammar.number(AT_OK, 1), 0);
    assert_int_equal(ica_grammar.number(AT_ERROR, 1), 4);
    assert_int_equal(ica_grammar.number(ICA_NO_NETWORK, 1), -1);
    assert_int_equal(ica_grammar.number(ICA_NO_NETWORK, 0), 4);
}

static void check_row(const struct at_command *row)
{
    assert_non_null(row->help);
    assert_true(row->forms != 0);
    assert_true(row->param_count <= AT_PARAMS_MAX && row->tag_count <= AT_TAGS_MAX);
    assert_int_equal(!!(row->forms & AT_READ), row->read != NULL);
    assert_int_equal(!!(row->forms & AT_SET), row->set != NULL);
    assert_int_equal(!!(row->forms & AT_EXECUTE), row->execute != NULL);
    assert_true(!(row->forms & AT_SET) || row->param_count + row->tag_count > 0);
    assert_true(row->flags & AT_BASIC || row->name[0] == '+');
}

/* A form without a handler, or a handler that no form leads to, is a mistake. */
static void test_tables(void **state)
{
    (void)state;
    for (size_t t = 0; t < ica_dialect.table_count; t++) {
        for (size_t i = 0; i < ica_dialect.tables[t]->count; i++) {
            check_row(&ica_dialect.tables[t]->rows[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
