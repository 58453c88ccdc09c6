/* Parameters that are remembered: as a read form shows them, and as NVRAM keeps them. */
#include "dialect/dx_ct11/fields.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "at/command.h"

enum { KIND, NAME, PORT, NOTE, PARAMS };

static bool no_blank(const char *bytes, size_t len)
{
    return !memchr(bytes, ' ', len);
}

static const char *const kinds[] = {"TCP", "UDP", NULL};
static const struct at_param params[PARAMS] = {
    [KIND] = {.type = AT_CHOICE, .choices = kinds},
    [NAME] = {.type = AT_STRING, .min = 1, .max = 8, .valid = no_blank},
    [PORT] = {.type = AT_INT, .min = -1, .max = 65535},
    [NOTE] = {.type = AT_STRING, .min = 2, .max = 4, .flags = AT_OPTIONAL},
};
static const struct at_command command = {.name = "+X", AT_PARAMS(params)};

static void take(struct dx_fields *fields, int kind, const char *name, int port, const char *note)
{
    struct at_call call = {.command = &command};
    call.params[KIND] = (struct at_value){.present = true, .number = kind};
    call.params[NAME] = (struct at_value){.present = true, .text = name, .len = strlen(name)};
    call.params[PORT] = (struct at_value){.present = true, .number = port};
    call.params[NOTE] = (struct at_value){.present = note, .text = note, .len = note ? 2 : 0};
    dx_fields_take(fields, &call);
}

static void expect_line(const struct dx_fields *fields, const char *expected)
{
    char *line = dx_fields_line(fields);
    assert_string_equal(line, expected);
    free(line);
}

static void test_taken(void **state)
{
    (void)state;
    struct dx_fields fields = {0};
    assert_string_equal(dx_field(&fields, NAME), "");
    assert_int_equal(dx_field_number(&fields, PORT), 0);
    expect_line(&fields, "");
    take(&fields, 1, "a,b", -1, NULL);
    assert_int_equal(fields.count, PARAMS);
    assert_string_equal(dx_field(&fields, KIND), "UDP");
    assert_string_equal(dx_field(&fields, NAME), "a,b");
    assert_int_equal(dx_field_number(&fields, PORT), -1);
    assert_string_equal(dx_field(&fields, NOTE), "");
    expect_line(&fields, "UDP,a,b,-1,");
    take(&fields, 0, "other", 80, "no"); /* in their place */
    expect_line(&fields, "TCP,other,80,no");
    dx_fields_free(&fields);
    assert_int_equal(fields.count, 0);
}

static void test_saved_and_loaded(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "q\"\\", "\xc3\xa4", "[1,2]", "\t\n\x01"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct dx_fields fields = {0};
        struct dx_fields again = {0};
        take(&fields, 1, names[i], 65535, i % 2 ? "no" : NULL);
        char *json = dx_fields_save(&fields, params);
        dx_fields_load(&again, json, params, PARAMS);
        assert_int_equal(again.count, PARAMS);
        for (int n = 0; n < PARAMS; n++) {
            assert_string_equal(dx_field(&again, n), dx_field(&fields, n));
        }
        free(json);
        dx_fields_free(&fields);
        dx_fields_free(&again);
    }
}

/* What the command would have refused counts as never given; so does what was there before. */
static void test_rubbish(void **state)
{
    (void)state;
    static const char *const rows[] = {
        "",
        "nonsense",
        "{}",
        "[]",
        "[\"TCP\",\"a\",80]",
        "[\"TCP\",\"a\",80,\"no\",1]",
        "[\"tcp\",\"a\",80,\"no\"]",
        "[\"SCTP\",\"a\",80,\"no\"]",
        "[0,\"a\",80,\"no\"]",
        "[\"TCP\",\"\",80,\"no\"]",
        "[\"TCP\",\"ninebytes\",80,\"no\"]",
        "[\"TCP\",\"a b\",80,\"no\"]",
        "[\"TCP\",7,80,\"no\"]",
        "[\"TCP\",null,80,\"no\"]",
        "[\"TCP\",\"a\",-2,\"no\"]",
        "[\"TCP\",\"a\",65536,\"no\"]",
        "[\"TCP\",\"a\",1e300,\"no\"]",
        "[\"TCP\",\"a\",\"80\",\"no\"]",
        "[\"TCP\",\"a\",80,\"n\"]",
        "[\"TCP\",\"a\",80,\"noooo\"]",
        "[\"TCP\",\"a\",80,[\"no\"]]",
        "[\"TCP\",\"a\",80,\"no\"",
    };
    struct dx_fields fields = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        take(&fields, 0, "before", 1, NULL);
        dx_fields_load(&fields, rows[i], params, PARAMS);
        if (fields.count) {
            fail_msg("taken: %s", rows[i]);
        }
    }
    dx_fields_load(&fields, "[\"TCP\",\"a\",80,\"\"]", params, PARAMS); /* may be left out */
    expect_line(&fields, "TCP,a,80,");
    dx_fields_free(&fields);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_saved_and_loaded),
        cmocka_unit_test(test_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
