/* Which URLs can be asked for, and the settings. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "settings/settings.h"
#include "tests/service/http/bench.h"

static void test_valid(void **state)
{
    static const char *const good[] = {
        "http://a",
        "http://a/",
        "HTTP://A.example/",
        "https://a.example:8443/x/../y?z=%20#part",
        "http://127.0.0.1:1/",
        "http://a:65535",
        "http://[::1]/",
        "http://[::1]:8080/a@b:c",
        "http://a?b",
        "http://a#b",
        "http://under_score.example/\xc3\xa4",
        "http://a//b",
    };
    static const char *const bad[] = {
        "",
        "a",
        "/a",
        "a.example/x",
        "//a/x",
        "http:",
        "http:/a",
        "http:///a",
        "http://",
        "http:///",
        "http://?a",
        "http://#a",
        "http://:80/",
        "ftp://a/",
        "file:///a",
        "javascript:x",
        "httpx://a/",
        "coap://a/",
        " http://a/",
        "http://a/ ",
        "http://a/b c",
        "http://a b/",
        "http://a/\t",
        "http://a/\r\nX: y",
        "http://a/\x7f",
        "http://user@a/",
        "http://user:secret@a/",
        "http://@a/",
        "http://:@a/",
        "http://a:0/",
        "http://a:65536/",
        "http://a:99999999999999999999/",
        "http://a:b/",
        "http://a:-1/",
        "http://a:80:80/",
        "http://[::1/",
        "http://[::g]/",
        "http://::1/",
        "http://[]/",
        "http://a\\b/",
        "http://a%00b/",
        "http://a%2fb/",
        "http://\xc3\xa4/",
        "http://a<b/",
        "http://a{b}/",
    };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        if (!http_url_valid(good[i], strlen(good[i]))) {
            fail_msg("refused: %s", good[i]);
        }
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (http_url_valid(bad[i], strlen(bad[i]))) {
            fail_msg("taken: %s", bad[i]);
        }
    }
}

static void test_lengths(void **state)
{
    (void)state;
    assert_true(http_url_valid("http://a/ b", 9));
    assert_false(http_url_valid("http://a/", 7));
    assert_false(http_url_valid("http://a\0b", 10));
    assert_false(http_url_valid(NULL, 0));
    char *text = mem_resize(NULL, 65537);
    memset(text, 'x', 65537);
    memcpy(text, "http://a/", 9);
    assert_true(http_url_valid(text, 65536));
    assert_false(http_url_valid(text, 65537));
    free(text);
}

static bool set(struct settings *settings, const char *pair)
{
    char *error = NULL;
    bool ok = settings_set_pair(settings, pair, "--set", &error);
    assert_int_equal(ok, error == NULL);
    free(error);
    return ok;
}

static void expect_with(const char *text, bool secure, int port, const char *expected)
{
    char *url = http_url_with(text, secure, port);
    if (expected) {
        assert_non_null(url);
        assert_string_equal(url, expected);
    } else {
        assert_null(url);
    }
    free(url);
}

static void test_other_scheme_and_port(void **state)
{
    (void)state;
    expect_with("a.example", false, 0, "http://a.example");
    expect_with("a.example/b?c=1", true, 0, "https://a.example/b?c=1");
    expect_with("http://a.example/../b", true, 433, "https://a.example:433/../b");
    expect_with("HTTPS://a.example:8443/x", false, 8080, "http://a.example:8080/x");
    expect_with("https://a.example:8443/x", true, 0, "https://a.example:8443/x");
    expect_with("http://a.example:81/", false, 80, "http://a.example/");
    expect_with("http://[::1]/x", false, 81, "http://[::1]:81/x");
    expect_with("ftp://a.example/", false, 21, NULL);
    expect_with("http://", false, 80, NULL);
    expect_with("a b", false, 80, NULL);
    expect_with("", false, 80, NULL);
}

static void test_settings(void **state)
{
    (void)state;
    const struct settings_group *groups[] = {&http_settings_group};
    struct settings *settings = settings_create(groups, 1);
    const struct http_settings *http = settings_of(settings, &http_settings_group);
    assert_string_equal(http->uri, "");
    assert_string_equal(http->ca_file, "");
    assert_false(http->insecure);
    assert_true(set(settings, "http.uri=https://a.example:8443/base"));
    assert_string_equal(http->uri, "https://a.example:8443/base");
    assert_false(set(settings, "http.uri=a.example"));
    assert_false(set(settings, "http.uri=ftp://a.example"));
    assert_false(set(settings, "http.uri=http://a.example/?q"));
    assert_false(set(settings, "http.uri=http://a.example/#f"));
    assert_string_equal(http->uri, "https://a.example:8443/base");
    assert_true(set(settings, "http.uri="));
    assert_true(set(settings, "http.ca_file=/a/b.pem"));
    assert_true(set(settings, "http.insecure=1"));
    assert_string_equal(http->ca_file, "/a/b.pem");
    assert_true(http->insecure);
    settings_destroy(settings);
}

static void test_header(void **state)
{
    (void)state;
    static const char head[] = "A:1\r\nLong-Name:  two words \t\r\na: second\r\nEmpty:\r\nLast: x";
    const struct http_response response = {.head = head, .head_len = sizeof head - 1};
    const char *value;
    size_t len;
    assert_true(http_header(&response, "a", &value, &len));
    assert_int_equal(len, 1);
    assert_memory_equal(value, "1", 1);
    assert_true(http_header(&response, "LONG-NAME", &value, &len));
    assert_int_equal(len, 9);
    assert_memory_equal(value, "two words", 9);
    assert_true(http_header(&response, "empty", &value, &len));
    assert_int_equal(len, 0);
    assert_true(http_header(&response, "last", &value, &len));
    assert_int_equal(len, 1);
    assert_false(http_header(&response, "Long", &value, &len));
    assert_false(http_header(&response, "x", &value, &len));
    const struct http_response none = {.head = ""};
    assert_false(http_header(&none, "a", &value, &len));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_valid),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_other_scheme_and_port),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_header),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
