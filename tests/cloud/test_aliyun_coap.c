/* CoAP access against worked values that other implementations of these formulas gave, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cloud/aliyun_coap.h"

static const struct aliyun_device device = {"a1TestProdKey", "dev001",
                                            "c75b6a4e39342f02ec161ba682566054"};

static const char good[] = "{\"random\":\"ad2b3a5eb51d64f7\",\"seqOffset\":1,"
                           "\"token\":\"MZ8m37hp01w1SSqoDFzo0010500d00.ad2b\"}";

static void test_auth(void **state)
{
    (void)state;
    char *text = aliyun_coap_auth(&device, ALIYUN_COAP_SYMMETRIC, 10);
    assert_string_equal(text, "{\"productKey\":\"a1TestProdKey\",\"deviceName\":\"dev001\","
                              "\"clientId\":\"a1TestProdKey&dev001\","
                              "\"sign\":\"c77883440b54f0492847130b1e1a0b1f3a8cacc8\","
                              "\"seq\":\"10\",\"signmethod\":\"hmacsha1\"}");
    free(text);
    text = aliyun_coap_auth(&device, ALIYUN_COAP_DTLS, 10);
    assert_string_equal(text, "{\"productKey\":\"a1TestProdKey\",\"deviceName\":\"dev001\","
                              "\"clientId\":\"a1TestProdKey&dev001\","
                              "\"sign\":\"12a824eb7791c34c078df196ef3d94f2\"}");
    free(text);
}

static void test_hosts(void **state)
{
    (void)state;
    char *host = aliyun_coap_host(&(struct cloud_settings){"cn-shanghai", ""}, "pk");
    assert_string_equal(host, "pk.coap.cn-shanghai.link.aliyuncs.com");
    free(host);
    host = aliyun_coap_host(&(struct cloud_settings){"cn-shanghai", "iot-060a0test"}, "pk");
    assert_string_equal(host, "iot-060a0test.coap.iothub.aliyuncs.com");
    free(host);
}

static bool open_session(struct aliyun_coap_session *session, enum aliyun_coap_mode mode,
                         const char *answer)
{
    const char *why;
    bool ok =
        aliyun_coap_session_open(session, mode, device.device_secret, answer, strlen(answer), &why);
    assert_true(ok == !why);
    return ok;
}

static void open_good(struct aliyun_coap_session *session)
{
    assert_true(open_session(session, ALIYUN_COAP_SYMMETRIC, good));
}

static void test_key(void **state)
{
    (void)state;
    static const unsigned char key[] = {0x2e, 0xb9, 0xb8, 0xe5, 0x04, 0xc0, 0xd2, 0x2b,
                                        0xc4, 0x28, 0x18, 0xd6, 0x27, 0x0d, 0x2f, 0x95};
    struct aliyun_coap_session session;
    open_good(&session);
    assert_memory_equal(session.key, key, sizeof key);
    assert_string_equal(session.token, "MZ8m37hp01w1SSqoDFzo0010500d00.ad2b");
    aliyun_coap_session_wipe(&session);
    static const struct aliyun_coap_session none;
    assert_memory_equal(&session, &none, sizeof none);
}

static void test_refused_answers(void **state)
{
    (void)state;
    static const char *const answers[] = {
        "",
        "[]",
        "{}",
        "{\"random\":\"a\",\"seqOffset\":1}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":7}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":\"\"}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":\"a b\"}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":\"a\\r\\nb\"}",
        "{\"seqOffset\":1,\"token\":\"t\"}",
        "{\"random\":\"\",\"seqOffset\":1,\"token\":\"t\"}",
        "{\"random\":1,\"seqOffset\":1,\"token\":\"t\"}",
        "{\"random\":\"a\",\"token\":\"t\"}",
        "{\"random\":\"a\",\"seqOffset\":\"1\",\"token\":\"t\"}",
        "{\"random\":\"a\",\"seqOffset\":-1,\"token\":\"t\"}",
        "{\"random\":\"a\",\"seqOffset\":1.5,\"token\":\"t\"}",
        "{\"random\":\"a\",\"seqOffset\":1e300,\"token\":\"t\"}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":\"t\"} {}",
        "{\"random\":\"a\",\"seqOffset\":1,\"token\":\"t\"",
    };
    struct aliyun_coap_session session;
    struct aliyun_coap_session before;
    open_good(&session);
    before = session;
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        assert_false(open_session(&session, ALIYUN_COAP_SYMMETRIC, answers[i]));
        assert_memory_equal(&session, &before, sizeof before);
    }
}

static void test_bounds(void **state)
{
    (void)state;
    struct aliyun_coap_session session;
    for (int len = 128; len <= 129; len++) {
        char answer[400];
        snprintf(answer, sizeof answer, "{\"random\":\"%0*d\",\"seqOffset\":1,\"token\":\"t\"}",
                 len, 0);
        assert_int_equal(open_session(&session, ALIYUN_COAP_SYMMETRIC, answer), len == 128);
    }
    for (int len = 255; len <= 256; len++) {
        char answer[400];
        char token[257];
        memset(token, 't', sizeof token);
        snprintf(answer, sizeof answer, "{\"token\":\"%.*s\"}", len, token);
        assert_int_equal(open_session(&session, ALIYUN_COAP_DTLS, answer), len == 255);
    }
}

static void assert_hex(const struct buf *buf, const char *expected)
{
    struct buf hex = {0};
    for (size_t i = 0; i < buf_len(buf); i++) {
        buf_printf(&hex, "%02x", (unsigned char)buf_bytes(buf)[i]);
    }
    assert_string_equal(buf_text(&hex), expected);
    buf_free(&hex);
}

/* The number that goes out with the next message must encrypt to seq. */
static void assert_seal(struct aliyun_coap_session *session, const char *plain,
                        const char *payload_hex, const char *seq_hex)
{
    struct buf payload = {0};
    struct buf seq = {0};
    assert_true(aliyun_coap_seal(session, plain, strlen(plain), &payload, &seq));
    assert_hex(&payload, payload_hex);
    assert_hex(&seq, seq_hex);
    struct buf again = {0};
    assert_true(aliyun_coap_unseal(session, buf_bytes(&payload), buf_len(&payload), &again));
    assert_string_equal(buf_text(&again), plain);
    buf_free(&again);
    buf_free(&seq);
    buf_free(&payload);
}

static void test_seal(void **state)
{
    (void)state;
    struct aliyun_coap_session session;
    open_good(&session);
    assert_seal(&session, "hello coap!!", "0311d2999febf6d626f1ba66bd6217cb",
                "83db0662b15e8d56ae245b755fc3d4e9"); /* seqOffset 1: the first is 2 */
    session.seq = 10;
    assert_seal(&session, "0123456789abcdef",
                "ee7154c2407c96ead00112af5aeb1c63800a870ca3b64a0146e59950dec4da7c",
                "1565551057a1cccbf66f1c330d3174f3");
    assert_int_equal(session.seq, 11);
    session.seq = 9999;
    assert_seal(
        &session,
        "{\"id\":\"1\",\"version\":\"1.0\",\"params\":{\"LightSwitch\":1},"
        "\"method\":\"thing.event.property.post\"}",
        "6ee28754268ae6208386e21f4c49a1308dd8e5db8de21371ec7ebabeacf0458b0ebcbf25b82f469295909a8461"
        "3791cba517511e64d10b3dfa77ba31cd384781d717dd3300362078150e8443d93fe5dc0e948a0889b89cf5d76d"
        "89753f8c9f9e",
        "093a957c79abd7198a1c0d4df8bd38d8");
}

static void test_unseal_refuses(void **state)
{
    (void)state;
    struct aliyun_coap_session session;
    open_good(&session);
    struct buf payload = {0};
    struct buf seq = {0};
    struct buf plain = {0};
    assert_true(aliyun_coap_seal(&session, "hello coap!!", 12, &payload, &seq));
    char bytes[16];
    memcpy(bytes, buf_bytes(&payload), sizeof bytes);
    assert_true(aliyun_coap_unseal(&session, "", 0, &plain));
    assert_false(aliyun_coap_unseal(&session, bytes, 15, &plain));
    assert_false(aliyun_coap_unseal(&session, "hello coap!!", 12, &plain));
    bytes[15] = (char)(bytes[15] ^ 1);
    assert_false(aliyun_coap_unseal(&session, bytes, sizeof bytes, &plain));
    assert_int_equal(buf_len(&plain), 0);
    /* One good block before a bad one: nothing of it may stay. */
    buf_clear(&payload);
    assert_true(aliyun_coap_seal(&session, "0123456789abcdef", 16, &payload, &seq));
    assert_int_equal(buf_len(&payload), 32);
    assert_false(aliyun_coap_unseal(&session, buf_bytes(&payload), 16, &plain));
    char two[32];
    memcpy(two, buf_bytes(&payload), sizeof two);
    two[31] = (char)(two[31] ^ 1);
    assert_false(aliyun_coap_unseal(&session, two, sizeof two, &plain));
    assert_int_equal(buf_len(&plain), 0);
    session.key[0] ^= 1;
    assert_false(aliyun_coap_unseal(&session, buf_bytes(&payload), 16, &plain));
    assert_int_equal(buf_len(&plain), 0);
    buf_free(&plain);
    buf_free(&seq);
    buf_free(&payload);
}

static void test_dtls(void **state)
{
    (void)state;
    struct aliyun_coap_session session;
    assert_true(
        open_session(&session, ALIYUN_COAP_DTLS, "{\"token\":\"f13102810756432e85dfd351eeb4\"}"));
    struct buf payload = {0};
    struct buf seq = {0};
    assert_true(aliyun_coap_seal(&session, "as it is", 8, &payload, &seq));
    assert_string_equal(buf_text(&payload), "as it is");
    assert_int_equal(buf_len(&seq), 0);
    assert_true(aliyun_coap_unseal(&session, "back", 4, &payload));
    assert_string_equal(buf_text(&payload), "as it isback");
    buf_free(&seq);
    buf_free(&payload);
}

static void test_psk(void **state)
{
    (void)state;
    struct aliyun_coap_psk psk;
    assert_true(aliyun_coap_psk(&device, ALIYUN_COAP_PSK_SDK, "1700000000000", &psk));
    assert_string_equal(psk.identity, "devicename|hmacsha256|a1TestProdKey&dev001|1700000000000");
    assert_string_equal(psk.key,
                        "9F21A43A85FF1BAE3F8397DC8FFCF04843D33D9EE78056E708CD07B1C1550217");
    aliyun_coap_psk_free(&psk);
    assert_true(aliyun_coap_psk(&device, ALIYUN_COAP_PSK_DOCUMENT, "1700000000000", &psk));
    assert_string_equal(psk.identity, "devicename|hmacsha256|a1TestProdKey&dev0011700000000000");
    assert_string_equal(psk.key,
                        "26B7427F373CC0430EE87C9D2D17EB50BB5018442F42D4FF7D45235F223B185E");
    aliyun_coap_psk_free(&psk);
    assert_true(aliyun_coap_psk(&device, ALIYUN_COAP_PSK_SDK, NULL, &psk));
    assert_string_equal(psk.identity, "devicename|hmacsha256|a1TestProdKey&dev001|2524608000000");
    aliyun_coap_psk_free(&psk);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_auth),   cmocka_unit_test(test_hosts),
        cmocka_unit_test(test_key),    cmocka_unit_test(test_refused_answers),
        cmocka_unit_test(test_bounds), cmocka_unit_test(test_seal),
        cmocka_unit_test(test_dtls),   cmocka_unit_test(test_unseal_refuses),
        cmocka_unit_test(test_psk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
