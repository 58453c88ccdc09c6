/* The catalogued check values, and the examples of the ICA standard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/crc16.h"

static void test_known_values(void **state)
{
    (void)state;
    assert_int_equal(crc16("123456789", 9), 0x29B1);
    assert_int_equal(crc16_xmodem("123456789", 9), 0x31C3);
    assert_int_equal(crc16_arc("123456789", 9), 0xBB3D);
    assert_int_equal(crc16_modbus("123456789", 9), 0x4B37);
    assert_int_equal(crc16_x25("123456789", 9), 0x906E);
    assert_int_equal(crc16("\x11\x22\x33\xAA\xBB", 5), 0x1DD1);
    assert_int_equal(crc16("\x11\x22\x33\xAA\xBA", 5), 0x0DF0);
    assert_int_equal(crc16("", 0), 0xFFFF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_values)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
