/* network.redirect: which hosts go where, and which values are refused with which reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "net/redirect.h"

static void check_row(const char *value, const char *host, int port, const char *new_host,
                      int new_port)
{
    char why[100] = "";
    if (!redirect_check(value, why, sizeof why)) {
        fail_msg("'%s' refused: %s", value, why);
    }
    struct redirect *redirect = redirect_create(value);
    const char *got = redirect_apply(redirect, host, &port);
    if (strcmp(got, new_host) != 0 || port != new_port) {
        fail_msg("'%s': %s goes to %s:%d", value, host, got, port);
    }
    redirect_destroy(redirect);
}

static void test_rules(void **state)
{
    (void)state;
    check_row("", "a", 1, "a", 1);
    check_row("  ", "a", 1, "a", 1);
    check_row("a=b", "a", 1, "b", 1);
    check_row("a=b", "ab", 1, "ab", 1);
    check_row("a=b:2", "a", 1, "b", 2);
    check_row("a=b:65535", "a", 1, "b", 65535);
    check_row(" a = b:2 , c = d ", "c", 1, "d", 1);
    check_row("*.aliyuncs.com=127.0.0.1:8883", "x.mqtt.AliyunCS.com", 1883, "127.0.0.1", 8883);
    check_row("*=first,a=second", "a", 1, "first", 1);
    check_row("a=first:1,*=second:2", "b", 3, "second", 2);
    check_row("a=[::1]", "a", 1, "::1", 1);
    check_row("a=[fe80::1%eth0]:7", "a", 1, "fe80::1%eth0", 7);
    check_row("::1=b", "::1", 1, "b", 1);
    check_row("broker[12].test=b", "broker2.test", 1, "b", 1);
    check_row("b?=c", "b1", 1, "c", 1);
}

static void test_no_rules(void **state)
{
    (void)state;
    int port = 5;
    assert_string_equal(redirect_apply(NULL, "host", &port), "host");
    assert_int_equal(port, 5);
    redirect_destroy(NULL);
}

static void check_refused(const char *value, const char *reason)
{
    char why[100] = "";
    assert_false(redirect_check(value, why, sizeof why));
    assert_string_equal(why, reason);
}

static void test_refusals(void **state)
{
    (void)state;
    check_refused("a", "expected PATTERN=HOST[:PORT]: 'a'");
    check_refused("a=b,", "there is nothing after the last comma");
    check_refused("a=b,,c=d", "expected PATTERN=HOST[:PORT]: ''");
    check_refused("=b", "the pattern is empty: '=b'");
    check_refused("a=", "not a host: ''");
    check_refused("a=:5", "not a host: ''");
    check_refused("a=[]", "not a host: ''");
    check_refused("a=b c", "not a host: 'b c'");
    check_refused("a=b=c", "not a host: 'b=c'");
    check_refused("a=b:", "not a port (1..65535): ''");
    check_refused("a=b:0", "not a port (1..65535): '0'");
    check_refused("a=b:65536", "not a port (1..65535): '65536'");
    check_refused("a=b:99999999999999999999", "not a port (1..65535): '99999999999999999999'");
    check_refused("a=b:-1", "not a port (1..65535): '-1'");
    check_refused("a=b:1x", "not a port (1..65535): '1x'");
    check_refused("a=::1", "an IPv6 address needs brackets: '::1'");
    check_refused("a=[::1", "the bracket is not closed before the port: '[::1'");
    check_refused("a=[::1]5", "the bracket is not closed before the port: '[::1]5'");
    char tiny[8];
    assert_false(redirect_check("a", tiny, sizeof tiny));
    assert_string_equal(tiny, "expecte");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rules),
        cmocka_unit_test(test_no_rules),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
