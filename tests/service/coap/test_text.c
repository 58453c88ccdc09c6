/* Addresses, paths and settings of CoAP. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "settings/settings.h"
#include "tests/service/coap/bench.h"

static void check_uri(const char *text, const char *host, int port, bool secure, const char *path)
{
    struct coap_client_uri uri;
    assert_true(coap_client_uri_parse(text, &uri));
    assert_string_equal(uri.host, host);
    assert_int_equal(uri.port, port);
    assert_int_equal(uri.secure, secure);
    assert_string_equal(uri.path, path);
}

static void test_uris(void **state)
{
    (void)state;
    check_uri("coap://a", "a", 5683, false, "");
    check_uri("COAPS://A.example/", "A.example", 5684, true, "");
    check_uri("coap://10.0.0.1:1/x/y//", "10.0.0.1", 1, false, "/x/y");
    check_uri("coaps://[::1]:65535/%41", "::1", 65535, true, "/%41");
    check_uri("coap://[fe80::2]", "fe80::2", 5683, false, "");
    check_uri("coap://a:", "a", 5683, false, "");
    check_uri("coap://a:/b", "a", 5683, false, "/b");
}

static void test_bad_uris(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "a",
                                      "coap:",
                                      "coap:/",
                                      "coap:/a",
                                      "coap://",
                                      "coap:///a",
                                      "http://a",
                                      "coap+tcp://a",
                                      "coapss://a",
                                      " coap://a",
                                      "coap://a ",
                                      "coap://:5683",
                                      "coap://a:0",
                                      "coap://a:65536",
                                      "coap://a:123456",
                                      "coap://a:1x",
                                      "coap://a:-1",
                                      "coap://u@a",
                                      "coap://a?b",
                                      "coap://a/b?c",
                                      "coap://a/#b",
                                      "coap://a#b",
                                      "coap://[::1",
                                      "coap://::1",
                                      "coap://[a]",
                                      "coap://[]",
                                      "coap://[::1]x",
                                      "coap://a/%",
                                      "coap://a/%zz",
                                      "coap://a/%00",
                                      "coap://a/../b",
                                      "coap://a\n",
                                      "coap://\xc3\xa4"};
    struct coap_client_uri uri;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (coap_client_uri_parse(bad[i], &uri)) {
            fail_msg("'%s' is taken", bad[i]);
        }
    }
}

static void test_long_uris(void **state)
{
    (void)state;
    struct coap_client_uri uri;
    char text[700] = "coap://";
    memset(text + 7, 'a', 255);
    assert_true(coap_client_uri_parse(text, &uri));
    memset(text + 7, 'a', 256);
    assert_false(coap_client_uri_parse(text, &uri));
    memset(text, 0, sizeof text);
    strcpy(text, "coap://a/");
    memset(text + 9, 'b', 254);
    assert_true(coap_client_uri_parse(text, &uri));
    text[9 + 254] = 'b';
    assert_false(coap_client_uri_parse(text, &uri));
}

static void test_paths(void **state)
{
    (void)state;
    static const char *const good[] = {
        "",         "/",   "/a",      "a",        "a/b",  "/a//b/", "/%41%c3%a4", "/a?b",     "?b",
        "/a?b=c&d", "/a?", "/a?b&&c", "/a?b?c/d", "/a b", "/...",   "/%25",       "/\xc3\xa4"};
    static const char *const bad[] = {"/%", "/%4",  "/%4g",    "/%g4", "/a%00",
                                      "/.", "/..",  "/a/../b", "/%2e", "/%2E.",
                                      ".",  "/a#b", "#",       "/a?%", "/a?b&%x"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!coap_client_path_valid(good[i], strlen(good[i]))) {
            fail_msg("'%s' is refused", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (coap_client_path_valid(bad[i], strlen(bad[i]))) {
            fail_msg("'%s' is taken", bad[i]);
        }
    }
    assert_false(coap_client_path_valid("/a\0b", 4));
    assert_false(coap_client_path_valid("/%41", 3)); /* not beyond len */
}

static void test_long_paths(void **state)
{
    (void)state;
    char text[1100];
    memset(text, 'a', sizeof text);
    text[0] = '/';
    assert_true(coap_client_path_valid(text, 256));
    assert_false(coap_client_path_valid(text, 257));
    text[1] = '?';
    assert_true(coap_client_path_valid(text, 257));
    assert_false(coap_client_path_valid(text, 258));
    for (size_t i = 0; i < sizeof text; i += 100) {
        text[i] = '/';
    }
    assert_true(coap_client_path_valid(text + 100, 1000));
    assert_false(coap_client_path_valid(text, 1001));
}

static bool set(struct settings *settings, const char *pair)
{
    char *error = NULL;
    bool ok = settings_set_pair(settings, pair, "--set", &error);
    if (error) {
        assert_null(strstr(error, "topsecret"));
    }
    free(error);
    return ok;
}

static void test_settings(void **state)
{
    (void)state;
    const struct settings_group *const groups[] = {&coap_client_settings_group};
    struct settings *settings = settings_create(groups, 1);
    const struct coap_client_settings *coap = settings_of(settings, &coap_client_settings_group);
    assert_string_equal(coap->uri, "");
    assert_string_equal(coap->tls.ca_file, "");
    assert_false(coap->tls.insecure);
    assert_string_equal(coap->psk_key, "");
    assert_true(set(settings, "coap.uri=coaps://a.example:7/x"));
    assert_false(set(settings, "coap.uri=http://a"));
    assert_true(set(settings, "coap.uri="));
    assert_true(set(settings, "coap.ca_file=/ca"));
    assert_true(set(settings, "coap.cert_file=/cert"));
    assert_true(set(settings, "coap.key_file=/key"));
    assert_true(set(settings, "coap.insecure=1"));
    assert_true(set(settings, "coap.psk_identity=me"));
    assert_true(set(settings, "coap.psk_key=topsecret"));
    char *pair = mem_zeroed(400);
    memset(pair, 'x', 399);
    memcpy(pair, "coap.psk_key=topsecret", 22);
    assert_false(set(settings, pair));
    free(pair);
    assert_string_equal(coap->tls.ca_file, "/ca");
    assert_string_equal(coap->tls.cert_file, "/cert");
    assert_string_equal(coap->tls.key_file, "/key");
    assert_true(coap->tls.insecure);
    assert_string_equal(coap->psk_identity, "me");
    assert_string_equal(coap->psk_key, "topsecret");
    settings_destroy(settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uris),       cmocka_unit_test(test_bad_uris),
        cmocka_unit_test(test_long_uris),  cmocka_unit_test(test_paths),
        cmocka_unit_test(test_long_paths), cmocka_unit_test(test_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
