/* The dialect's wording, and that its tables hold together. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "dialect/dx_ct11/instance.h"

static void expect_words(int result, int cmee, const char *expected)
{
    struct buf words = {0};
    dx_grammar.word(&words, result, cmee);
    assert_string_equal(buf_text(&words), expected);
    buf_free(&words);
}

static void test_results(void **state)
{
    (void)state;
    for (int cmee = 0; cmee <= 2; cmee++) {
        expect_words(AT_OK, cmee, "OK");
        expect_words(DX_SEND_OK, cmee, "SEND OK");
        expect_words(DX_SEND_FAIL, cmee, "SEND FAIL");
        expect_words(DX_SILENT, cmee, "");
        expect_words(DX_CONNECT + 3, cmee, "CONNECT,ID:3");
        expect_words(DX_CONNECT + 20, cmee, "CONNECT,ID:20");
    }
    static const int codes[] = {101, 102, 103, 104, 201, 202, 203};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        char plain[32];
        char cme[32];
        snprintf(plain, sizeof plain, "ERROR=%d", codes[i]);
        snprintf(cme, sizeof cme, "+CME ERROR:%d", codes[i]);
        expect_words(codes[i], 0, plain);
        expect_words(codes[i], 1, cme);
        expect_words(codes[i], 2, cme);
    }
}

/* Of ATV0: only OK is a number. */
static void test_numbers(void **state)
{
    (void)state;
    assert_int_equal(dx_grammar.number(AT_OK, 0), 0);
    assert_int_equal(dx_grammar.number(DX_COMMAND, 0), -1);
    assert_int_equal(dx_grammar.number(DX_SEND_OK, 0), -1);
    assert_int_equal(dx_grammar.number(DX_CONNECT + 3, 0), -1);
}

/* Every fault has one of the manual's codes. */
static void test_faults(void **state)
{
    (void)state;
    for (int fault = 0; fault < AT_FAULT_COUNT; fault++) {
        assert_in_range(dx_grammar.faults[fault], 101, 104);
    }
}

static void check_row(const struct at_command *row)
{
    assert_int_equal(row->forms & AT_TEST, 0);
    assert_int_equal(!!(row->forms & AT_READ), row->read != NULL);
    assert_int_equal(!!(row->forms & AT_SET), row->set != NULL);
    assert_int_equal(!!(row->forms & AT_EXECUTE), row->execute != NULL);
    assert_int_equal(!!(row->forms & AT_SET), row->param_count > 0);
    assert_true(row->param_count <= DX_FIELDS_MAX);
    assert_non_null(row->help);
    for (size_t i = 0; i < row->param_count; i++) {
        assert_non_null(row->params[i].name);
        assert_true(row->params[i].type == AT_CHOICE || row->params[i].max > 0);
    }
}

static void test_tables(void **state)
{
    (void)state;
    for (size_t i = 0; i < dx_ct11_dialect.table_count; i++) {
        const struct at_table *table = dx_ct11_dialect.tables[i];
        for (size_t n = 0; n < table->count; n++) {
            check_row(&table->rows[n]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_results),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
