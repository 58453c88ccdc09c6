/* What a text is, and copies of what TLS is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "service/tls.h"
#include "tests/support/certs.h"
#include "tests/support/temp.h"

static char *folder;

static int group_setup(void **state)
{
    (void)state;
    folder = temp_folder();
    certs_create(folder);
    return 0;
}

static int group_teardown(void **state)
{
    (void)state;
    temp_remove(folder);
    return 0;
}

static void expect(const char *name, bool certificate)
{
    size_t len = 0;
    char *path = temp_path(folder, name);
    char *text = temp_read(path, &len);
    assert_int_equal(service_tls_is_certificate(text, len), certificate);
    assert_false(service_tls_is_certificate(text, len / 2)); /* cut short */
    free(text);
    free(path);
}

static void test_kinds(void **state)
{
    (void)state;
    expect("ca.pem", true);
    expect("client.key", false);
    expect("both.pem", true);
    expect("locked.key", false);
    assert_false(service_tls_is_certificate("", 0));
    assert_false(service_tls_is_certificate("text", 4));
}

/* Several are fine, a damaged one among them is not. */
static void test_bundle(void **state)
{
    (void)state;
    size_t len = 0;
    char *path = temp_path(folder, "ca.pem");
    char *ca = temp_read(path, &len);
    char *two = mem_printf("%s# the second\n%s", ca, ca);
    assert_true(service_tls_is_certificate(two, strlen(two)));
    char *second = strstr(two + 10, "-----BEGIN") + 40;
    *second = '!';
    assert_false(service_tls_is_certificate(two, strlen(two)));
    free(two);
    free(ca);
    free(path);
}

static void test_copy(void **state)
{
    (void)state;
    const struct service_tls tls = {.ca_file = "a", .cert_pem = "both", .insecure = true};
    struct service_tls copy = service_tls_copy(&tls);
    assert_string_equal(copy.ca_file, "a");
    assert_ptr_not_equal(copy.cert_pem, tls.cert_pem);
    assert_null(copy.key_pem);
    assert_true(copy.insecure);
    assert_true(service_tls_has_identity(&copy));
    assert_string_equal(service_tls_key_pem(&copy), "both");
    service_tls_free(&copy);
    assert_false(service_tls_has_identity(&copy));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_bundle),
        cmocka_unit_test(test_copy),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
