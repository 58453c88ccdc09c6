/* Signatures and logins against values that the vendor's documents, SDKs and other people's tests
 * publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cloud/aliyun.h"

static const struct aliyun_device invented = {"a1TestProdKey", "dev001",
                                              "c75b6a4e39342f02ec161ba682566054"};

static void test_passwords(void **state)
{
    (void)state;
    static const struct {
        enum aliyun_sign method;
        const char *client_id, *timestamp, *password;
    } rows[] = {
        {ALIYUN_HMAC_MD5, "a1TestProdKey.dev001", "1700000000000",
         "7e0576e39b88b7f6fdfdaa3168d17bb8"},
        {ALIYUN_HMAC_SHA1, "a1TestProdKey.dev001", "1700000000000",
         "f2b60d4c7df79f867813ac445116287d3bace314"},
        {ALIYUN_HMAC_SHA256, "a1TestProdKey.dev001", "1700000000000",
         "10fb4985b74b6ec449346870c4fa8fb6c059407618e3b9c3a183d01201d19245"},
        {ALIYUN_HMAC_MD5, "a1TestProdKey.dev001", NULL, "a780fef2276923d449da4a04eb64450c"},
        {ALIYUN_HMAC_SHA1, "a1TestProdKey.dev001", NULL,
         "8de9d96b0d61b99ef9cb173de1f0a353ae48cc78"},
        {ALIYUN_HMAC_SHA256, "a1TestProdKey.dev001", NULL,
         "1ea0b7dca3646c1b79405e49276ed301e02aae5e54e980ee76ac0e667c393298"},
        {ALIYUN_HMAC_SHA256, "a1TestProdKey.dev001", "2524608000000",
         "c63887e0c1d7ae592f588981617f9c8358a143217bf6e0aa8b8359114f1bbda1"},
        {ALIYUN_HMAC_SHA1, "867723031234567", "1700000000000",
         "32d1d72b97b8604ec37d443451cf218d8ce46840"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char password[ALIYUN_SIGNATURE_SIZE];
        assert_true(aliyun_mqtt_password(rows[i].method, &invented, rows[i].client_id,
                                         rows[i].timestamp, password));
        assert_int_equal(strcasecmp(password, rows[i].password), 0);
    }
}

static void test_published_values(void **state)
{
    (void)state;
    char signature[ALIYUN_SIGNATURE_SIZE];
    assert_true(aliyun_sign(ALIYUN_HMAC_SHA1, "secret",
                            "clientId12345deviceNamedeviceproductKeypktimestamp789", signature));
    assert_string_equal(signature, "FAFD82A3D602B37FB0FA8B7892F24A477F851A14");

    static const struct aliyun_device device = {"123456789", "abcdefg",
                                                "Y877Bgo8X5owd3lcB5wWDjryNPoB"};
    static const char *const expected[] = {
        [ALIYUN_HMAC_MD5] = "16CB9B20009795D576E9172CDC820646",
        [ALIYUN_HMAC_SHA1] = "4E5358D2C33CA163BDA58EC994B9E312712230C7",
        [ALIYUN_HMAC_SHA256] = "2842DC9F2FBA19C671DD3F4D24590D41F91C25FD9BC4E5101951BEA88B7DEACD",
    };
    for (int method = ALIYUN_HMAC_MD5; method <= ALIYUN_HMAC_SHA256; method++) {
        assert_true(aliyun_mqtt_password((enum aliyun_sign)method, &device, "123456789.abcdefg",
                                         "32472115200", signature));
        assert_string_equal(signature, expected[method]);
    }
}

static void test_login(void **state)
{
    (void)state;
    static const struct aliyun_device device = {"productKey001", "deviceName001",
                                                "deviceSecret123"};
    struct aliyun_mqtt_login login;
    assert_true(aliyun_mqtt_login(&device, false, "x-1", &login));
    assert_string_equal(login.client_id,
                        "productKey001.deviceName001|timestamp=2524608000000,_v=x-1,securemode=3,"
                        "signmethod=hmacsha256,lan=C,gw=0,ext=0|");
    assert_string_equal(login.username, "deviceName001&productKey001");
    assert_string_equal(login.password,
                        "B560343BE3D19553A3A03896763AD88D17C7732683974C365533054D5EAF3715");
    aliyun_mqtt_login_free(&login);
    assert_true(aliyun_mqtt_login(&device, true, "x-1", &login));
    assert_non_null(strstr(login.client_id, ",securemode=2,"));
    aliyun_mqtt_login_free(&login);
}

static void test_hosts(void **state)
{
    (void)state;
    char *host = aliyun_mqtt_host(&(struct cloud_settings){"cn-shanghai", ""}, "a1TestProdKey");
    assert_string_equal(host, "a1TestProdKey.iot-as-mqtt.cn-shanghai.aliyuncs.com");
    free(host);
    host = aliyun_mqtt_host(&(struct cloud_settings){"cn-shanghai", "iot-060a0test"}, "pk");
    assert_string_equal(host, "iot-060a0test.mqtt.iothub.aliyuncs.com");
    assert_true(aliyun_is_host(host));
    free(host);
    assert_true(aliyun_is_host("X.ALIYUNCS.COM"));
    assert_false(aliyun_is_host("aliyuncs.com.example"));
    assert_false(aliyun_is_host(".aliyuncs.com"));
    assert_false(aliyun_is_host("notaliyuncs.com"));
}

static void test_rewrite_url(void **state)
{
    (void)state;
    static const struct {
        const char *url, *base, *expected;
    } rows[] = {
        {"https://x.oss-cn-shanghai.aliyuncs.com/ota/f?Expires=1&S=a%2Bb", "http://127.0.0.1:8080",
         "http://127.0.0.1:8080/ota/f?Expires=1&S=a%2Bb"},
        {"https://X.ALIYUNCS.COM:443/f", "https://h/", "https://h/f"},
        {"http://x.aliyuncs.com/f#x", "http://h:1/p/q/", "http://h:1/p/q/f#x"},
        {"http://x.aliyuncs.com?a=/", "http://h", "http://h?a=/"},
        {"http://x.aliyuncs.com", "http://[::1]:8080", "http://[::1]:8080"},
        {"https://x.aliyuncs.com/f", "", "https://x.aliyuncs.com/f"},
        {"https://example.com/f", "http://h", "https://example.com/f"},
        {"https://example.com/x.aliyuncs.com", "http://h", "https://example.com/x.aliyuncs.com"},
        {"https://aliyuncs.com/f", "http://h", "https://aliyuncs.com/f"},
        {"https://x.aliyuncs.com.example/f", "http://h", "https://x.aliyuncs.com.example/f"},
        {"https://x.aliyuncs.com@evil/f", "http://h", "https://x.aliyuncs.com@evil/f"},
        {"https://x.aliyuncs.com:80@evil/f", "http://h", "https://x.aliyuncs.com:80@evil/f"},
        {"https://evil@x.aliyuncs.com/f", "http://h", "http://h/f"},
        {"/f?u=http://x.aliyuncs.com/", "http://h", "/f?u=http://x.aliyuncs.com/"},
        {"", "http://h", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char *url = aliyun_rewrite_url(rows[i].url, rows[i].base);
        assert_string_equal(url, rows[i].expected);
        free(url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_passwords),   cmocka_unit_test(test_published_values),
        cmocka_unit_test(test_login),       cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_rewrite_url),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
