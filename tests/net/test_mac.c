/* MAC addresses as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "net/mac.h"

static void test_check(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", true},
        {"B8:4D:43:35:A6:06", true},
        {"b8:4d:43:35:a6:06", true},
        {"B8:4D:43:35:A6", false},
        {"B8:4D:43:35:A6:0", false},
        {"B8:4D:43:35:A6:060", false},
        {"B8-4D-43-35-A6-06", false},
        {"G8:4D:43:35:A6:06", false},
        {"B84:D:43:35:A6:06", false},
        {" 8:4D:43:35:A6:06", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char why[100] = "";
        if (mac_check(rows[i].text, why, sizeof why) != rows[i].good) {
            fail_msg("'%s'", rows[i].text);
        }
        assert_int_equal(*why == '\0', rows[i].good);
    }
}

static void test_text(void **state)
{
    (void)state;
    static const unsigned char bytes[MAC_LEN] = {0x00, 0xb8, 0x4d, 0xff, 0x0a, 0xa6};
    char text[MAC_TEXT];
    mac_print(bytes, text);
    assert_string_equal(text, "00:B8:4D:FF:0A:A6");
    mac_copy("00:b8:4d:ff:0a:a6", text);
    assert_string_equal(text, "00:B8:4D:FF:0A:A6");
    mac_copy("", text);
    assert_string_equal(text, "");
}

static void test_made(void **state)
{
    (void)state;
    char first[MAC_TEXT];
    char second[MAC_TEXT];
    mac_make("host/ttyAT0", first);
    mac_make("host/ttyAT0", second);
    assert_string_equal(first, second);
    mac_make("host/ttyAT1", second);
    assert_string_not_equal(first, second);
    /* SHA-256 of "abc" begins ba7816bf8f01 (FIPS 180-2, appendix B.1). */
    mac_make("abc", first);
    assert_string_equal(first, "BA:78:16:BF:8F:01");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
