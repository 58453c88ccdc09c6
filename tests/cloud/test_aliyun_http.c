/* HTTPS access: bodies against worked values, answers good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cloud/aliyun_http.h"

static void test_base(void **state)
{
    (void)state;
    char *base = aliyun_http_base(&(struct cloud_settings){"cn-shanghai", ""});
    assert_string_equal(base, "https://iot-as-http.cn-shanghai.aliyuncs.com");
    free(base);
    base = aliyun_http_base(&(struct cloud_settings){"cn-shanghai", "iot-060a0test"});
    assert_string_equal(base, "https://iot-060a0test.http.iothub.aliyuncs.com");
    free(base);
}

static void test_auth(void **state)
{
    (void)state;
    static const struct aliyun_device device = {"a1TestProdKey", "dev001",
                                                "c75b6a4e39342f02ec161ba682566054"};
    char *body = aliyun_http_auth(&device);
    assert_string_equal(body, "{\"version\":\"default\",\"clientId\":\"a1TestProdKey.dev001\","
                              "\"signmethod\":\"hmacsha1\","
                              "\"sign\":\"8DE9D96B0D61B99EF9CB173DE1F0A353AE48CC78\","
                              "\"productKey\":\"a1TestProdKey\",\"deviceName\":\"dev001\"}");
    assert_int_equal(strlen(body), 180);
    free(body);
    static const struct aliyun_device other = {"productKey001", "deviceName001", "deviceSecret123"};
    body = aliyun_http_auth(&other);
    assert_non_null(strstr(body, "\"sign\":\"44BB8865E8AA5BC1A6C82304FB34EA7730868DFA\""));
    free(body);
    static const struct aliyun_device quoted = {"pk", "a\"b", "s"};
    body = aliyun_http_auth(&quoted);
    assert_non_null(strstr(body, "\"deviceName\":\"a\\\"b\"}"));
    free(body);
}

static void read_answer(struct aliyun_http_answer *answer, const char *text)
{
    aliyun_http_answer_read(answer, text, strlen(text));
}

static void test_answers(void **state)
{
    (void)state;
    struct aliyun_http_answer answer;
    read_answer(&answer, "{\"code\":0,\"message\":\"success\","
                         "\"info\":{\"token\":\"6944e5bfb92e4d4ea3918d1eda39\"}}");
    assert_int_equal(answer.code, ALIYUN_HTTP_SUCCESS);
    assert_string_equal(answer.message, "success");
    assert_string_equal(answer.token, "6944e5bfb92e4d4ea3918d1eda39");
    read_answer(&answer, "{\"code\":20000,\"message\":\"auth check error\"}");
    assert_int_equal(answer.code, ALIYUN_HTTP_AUTH_FAILED);
    assert_string_equal(answer.message, "auth check error");
    assert_string_equal(answer.token, "");
    read_answer(&answer, "{\"code\":10001}");
    assert_int_equal(answer.code, 10001);
    assert_string_equal(answer.message, "");
}

static void test_bad_answers(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "",
        "<html>",
        "[0]",
        "{}",
        "{\"code\":\"0\",\"info\":{\"token\":\"t\"}}",
        "{\"code\":0.5,\"info\":{\"token\":\"t\"}}",
        "{\"code\":-3,\"info\":{\"token\":\"t\"}}",
        "{\"code\":1e99,\"info\":{\"token\":\"t\"}}",
        "{\"code\":0}",
        "{\"code\":0,\"info\":{}}",
        "{\"code\":0,\"info\":\"t\"}",
        "{\"code\":0,\"info\":{\"token\":1}}",
        "{\"code\":0,\"info\":{\"token\":\"\"}}",
        "{\"code\":0,\"info\":{\"token\":\"t\\r\\nX: y\"}}",
        "{\"code\":0,\"info\":{\"token\":\"t\"}}x",
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct aliyun_http_answer answer;
        read_answer(&answer, answers[i]);
        assert_int_equal(answer.code, ALIYUN_HTTP_NO_CODE);
        assert_string_equal(answer.token, "");
    }
}

/* Tokens and messages of every length up to and past their arrays. */
static void test_bounds(void **state)
{
    (void)state;
    char text[1000];
    char filler[301];
    memset(filler, 'x', sizeof filler);
    struct aliyun_http_answer answer;
    for (int len = 1; len <= 300; len++) {
        snprintf(text, sizeof text,
                 "{\"code\":0,\"message\":\"%.*s\",\"info\":{\"token\":\"%.*s\"}}", len, filler,
                 len, filler);
        read_answer(&answer, text);
        assert_int_equal(answer.code, len < 256 ? ALIYUN_HTTP_SUCCESS : ALIYUN_HTTP_NO_CODE);
        assert_int_equal(strlen(answer.token), len < 256 ? len : 0);
        assert_int_equal(strlen(answer.message), len < 128 ? len : 127);
    }
}

static int report_code(const char *text)
{
    return aliyun_http_report_code(text, strlen(text));
}

static void test_report_codes(void **state)
{
    (void)state;
    assert_int_equal(report_code("{\"code\":0,\"message\":\"success\","
                                 "\"info\":{\"messageId\":892687627916247040,\"data\":{}}}"),
                     0);
    assert_int_equal(report_code("{\"code\":20001,\"message\":\"token is expired\"}\r\n"), 20001);
    assert_int_equal(report_code("{\"message\":\"success\"}"), ALIYUN_HTTP_NO_CODE);
    assert_int_equal(report_code("404 not found"), ALIYUN_HTTP_NO_CODE);
    assert_int_equal(aliyun_http_report_code("{\"code\":0}\0{", 12), ALIYUN_HTTP_NO_CODE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_base),    cmocka_unit_test(test_auth),
        cmocka_unit_test(test_answers), cmocka_unit_test(test_bad_answers),
        cmocka_unit_test(test_bounds),  cmocka_unit_test(test_report_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
