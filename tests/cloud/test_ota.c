/* OTA texts, and announcements in the forms that the documents, the SDKs and a plain broker's user
 * give them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/ota.h"

#define MD5    "d105289f5617c241f52a191c6b2fc809"
#define SHA256 "7486da8f1e13943fae21a0b043f1e99640d7d8ebafb25266478b5cddae1272b5"
#define URL    "https://iotx-ota.oss-cn-shanghai.aliyuncs.com/ota/x.bin?Expires=1&Signature=a%2Bb%3D"

static void assert_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void test_topics(void **state)
{
    (void)state;
    static const struct aliyun_device device = {"a1TestProdKey", "dev001", ""};
    assert_text(ota_topic(OTA_TOPIC_INFORM, &device), "/ota/device/inform/a1TestProdKey/dev001");
    assert_text(ota_topic(OTA_TOPIC_UPGRADE, &device), "/ota/device/upgrade/a1TestProdKey/dev001");
    assert_text(ota_topic(OTA_TOPIC_PROGRESS, &device),
                "/ota/device/progress/a1TestProdKey/dev001");
    assert_text(ota_topic(OTA_TOPIC_REQUEST, &device), "/ota/device/request/a1TestProdKey/dev001");
    assert_text(ota_topic(OTA_TOPIC_GET, &device),
                "/sys/a1TestProdKey/dev001/thing/ota/firmware/get");
    assert_text(ota_topic(OTA_TOPIC_GET_REPLY, &device),
                "/sys/a1TestProdKey/dev001/thing/ota/firmware/get_reply");
}

static void test_messages(void **state)
{
    (void)state;
    assert_text(ota_inform(1, "1.0.0", NULL), "{\"id\":\"1\",\"params\":{\"version\":\"1.0.0\"}}");
    assert_text(ota_inform(4294967295u, "hw \"1\"\\fw", "default"),
                "{\"id\":\"4294967295\",\"params\":{\"version\":\"hw \\\"1\\\"\\\\fw\"}}");
    assert_text(ota_inform(1, "1.0.0", "MCU"),
                "{\"id\":\"1\",\"params\":{\"version\":\"1.0.0\",\"module\":\"MCU\"}}");
    assert_text(ota_progress(1, 35, "", "MCU"),
                "{\"id\":\"1\",\"params\":{\"step\":\"35\",\"desc\":\"\",\"module\":\"MCU\"}}");
    assert_text(ota_progress(2, OTA_STEP_DOWNLOAD_FAILED, "no\tspace", NULL),
                "{\"id\":\"2\",\"params\":{\"step\":\"-2\",\"desc\":\"no\\tspace\"}}");
    assert_text(ota_query(123, "MCU"),
                "{\"id\":\"123\",\"version\":\"1.0\",\"params\":{\"module\":\"MCU\"},"
                "\"method\":\"thing.ota.firmware.get\"}");
    assert_text(ota_query(123, NULL), "{\"id\":\"123\",\"version\":\"1.0\",\"params\":{},"
                                      "\"method\":\"thing.ota.firmware.get\"}");
    assert_text(ota_request(1, "1.0"), "{\"id\":1,\"params\":{\"version\":\"1.0\"}}");
}

static enum ota_outcome read_text(struct ota_announcement *announcement, const char *text)
{
    const char *why;
    enum ota_outcome outcome = ota_read(announcement, text, strlen(text), &why);
    assert_true((outcome == OTA_REFUSED || outcome == OTA_OTHER_WAY) == (why != NULL));
    return outcome;
}

static void test_push(void **state)
{
    (void)state;
    struct ota_announcement a;
    assert_int_equal(
        read_text(&a, "{\"code\":\"1000\",\"data\":{\"size\":4096,\"version\":\"2.0.0\","
                      "\"isDiff\":1,\"url\":\"" URL "\",\"md5\":\"" MD5 "\",\"digestsign\":\"A\","
                      "\"sign\":\"" MD5 "\",\"signMethod\":\"Md5\",\"module\":\"MCU\","
                      "\"extData\":{\"k\":\"v\",\"_package_udi\":\"{}\"}},\"id\":\"1507707025\","
                      "\"message\":\"success\"}"),
        OTA_ANNOUNCED);
    assert_string_equal(a.version, "2.0.0");
    assert_string_equal(a.url, URL);
    assert_int_equal(a.size, 4096);
    assert_int_equal(a.digest, OTA_DIGEST_MD5);
    assert_string_equal(a.hex, MD5);
    assert_string_equal(a.module, "MCU");
}

static void test_other_forms(void **state)
{
    (void)state;
    struct ota_announcement a;
    /* Members at top level, size as text, the answer's own version beside data. */
    assert_int_equal(read_text(&a, "{\"version\":\"v 2\",\"url\":\"HTTP://h:1/x\","
                                   "\"size\":\"432945\",\"md5\":\"" MD5 "\"}"),
                     OTA_ANNOUNCED);
    assert_int_equal(a.size, 432945);
    assert_string_equal(a.module, OTA_DEFAULT_MODULE);
    assert_int_equal(read_text(&a,
                               "{\"id\":1626969597470,\"code\":200,\"version\":\"1.0\","
                               "\"data\":{\"version\":\"2\",\"url\":\"http://h\",\"size\":1,"
                               "\"md5\":null,\"sign\":\"" SHA256 "\",\"signMethod\":\"Sha256\"}}"),
                     OTA_ANNOUNCED);
    assert_string_equal(a.version, "2");
    assert_int_equal(a.digest, OTA_DIGEST_SHA256);
    assert_string_equal(a.hex, SHA256);
    assert_int_equal(read_text(&a, "{\"version\":\"2\",\"url\":\"http://h\",\"size\":1}"),
                     OTA_ANNOUNCED);
    assert_int_equal(a.digest, OTA_DIGEST_NONE);
    assert_string_equal(a.hex, "");
}

static void test_nothing(void **state)
{
    (void)state;
    struct ota_announcement a;
    assert_int_equal(read_text(&a, "{\"id\":\"123\",\"code\":200,\"data\":{},\"version\":\"1.0\"}"),
                     OTA_NOTHING);
    assert_int_equal(read_text(&a, ""), OTA_NOTHING);
    assert_int_equal(read_text(&a, "{\"code\":200,\"data\":null,\"version\":\"1.0\"}"),
                     OTA_NOTHING);
    assert_int_equal(read_text(&a, "{\"code\":200,\"version\":\"1.0\"}"), OTA_NOTHING);
    assert_int_equal(read_text(&a, "{\"code\":400,\"data\":{\"version\":\"2\"}}"), OTA_NOTHING);
}

static void test_other_ways(void **state)
{
    (void)state;
    struct ota_announcement a;
    assert_int_equal(read_text(&a, "{\"data\":{\"version\":\"2\",\"files\":[],\"module\":\"m\"}}"),
                     OTA_OTHER_WAY);
    assert_string_equal(a.version, "2");
    assert_string_equal(a.module, "m");
    assert_int_equal(a.size, 0);
    assert_int_equal(read_text(&a,
                               "{\"code\":1000,\"data\":{\"version\":\"3\",\"dProtocol\":\"MQTT\","
                               "\"url\":\"http://h/f\",\"size\":7}}"),
                     OTA_OTHER_WAY);
    assert_string_equal(a.version, "3");
    assert_string_equal(a.url, "");
    assert_int_equal(a.size, 7);
}

/* One announcement with some members in place of the good digest. */
static enum ota_outcome read_digest(struct ota_announcement *a, const char *members)
{
    char *text =
        mem_printf("{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":1,%s}}", members);
    enum ota_outcome outcome = read_text(a, text);
    free(text);
    return outcome;
}

static void test_digests(void **state)
{
    (void)state;
    static const char md5_upper[] = "D105289F5617C241F52A191C6B2FC809";
    struct ota_announcement a;
    static const struct {
        const char *method;
        const char *sign;
        enum ota_digest digest;
    } good[] = {
        {"Md5", MD5, OTA_DIGEST_MD5},          {"MD5", md5_upper, OTA_DIGEST_MD5},
        {"SHA256", SHA256, OTA_DIGEST_SHA256}, {"Sha256", SHA256, OTA_DIGEST_SHA256},
        {"sha256", SHA256, OTA_DIGEST_SHA256},
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char *members =
            mem_printf("\"sign\":\"%s\",\"signMethod\":\"%s\"", good[i].sign, good[i].method);
        assert_int_equal(read_digest(&a, members), OTA_ANNOUNCED);
        free(members);
        assert_int_equal(a.digest, good[i].digest);
        assert_string_equal(a.given, good[i].sign);
        assert_string_equal(a.hex, a.digest == OTA_DIGEST_MD5 ? MD5 : SHA256);
    }
    assert_int_equal(read_digest(&a, "\"sign\":\"" MD5 "\""), OTA_ANNOUNCED);
    assert_int_equal(a.digest, OTA_DIGEST_MD5);
    assert_int_equal(read_digest(&a, "\"sign\":\"" SHA256 "\""), OTA_ANNOUNCED);
    assert_int_equal(a.digest, OTA_DIGEST_SHA256);
    assert_int_equal(
        read_digest(&a, "\"md5\":\"" MD5 "\",\"sign\":\"" SHA256 "\",\"signMethod\":\"SHA256\""),
        OTA_ANNOUNCED);
    assert_string_equal(a.hex, MD5);
    static const char *const bad[] = {
        "\"md5\":\"d105\"",
        "\"md5\":\"" MD5 "0\"",
        "\"md5\":\"x105289f5617c241f52a191c6b2fc809\"",
        "\"md5\":1",
        "\"md5\":\"" SHA256 "\"",
        "\"sign\":\"" MD5 "\",\"signMethod\":\"SHA256\"",
        "\"sign\":\"" SHA256 "\",\"signMethod\":\"Md5\"",
        "\"sign\":\"" MD5 "\",\"signMethod\":\"crc32\"",
        "\"sign\":\"" MD5 "\",\"signMethod\":5",
        "\"sign\":7,\"signMethod\":\"Md5\"",
        "\"sign\":\"d105\"",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(read_digest(&a, bad[i]), OTA_REFUSED);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "no JSON",
        "[]",
        "{}",
        "{\"data\":{\"module\":\"x\"}}",
        "{\"data\":{\"url\":\"http://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":\"\",\"url\":\"http://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":2,\"url\":\"http://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":\"a\\r\\nb\",\"url\":\"http://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":\"\xff\",\"url\":\"http://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"size\":1}}",
        "{\"data\":{\"files\":[],\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"dProtocol\":\"http\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"ftp://h/f\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"file:///etc/passwd\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http:///f\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/a b\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/\\u00e4\",\"size\":1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":0}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":-1}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":1.5}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":4294967296}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":\"4294967296\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":\"99999999999999999999\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":\"\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":\"0\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":\"12k\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":1,\"module\":\"\"}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":1,\"module\":3}}",
        "{\"data\":{\"version\":\"2\",\"url\":\"http://h/f\",\"size\":1}",
    };
    struct ota_announcement before;
    memset(&before, 0x5a, sizeof before);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct ota_announcement a = before;
        assert_int_equal(read_text(&a, texts[i]), OTA_REFUSED);
        assert_memory_equal(&a, &before, sizeof a);
    }
}

static enum ota_outcome read_lengths(size_t version, size_t path, size_t module)
{
    static char filler[2100];
    memset(filler, 'x', sizeof filler);
    char *text = mem_printf("{\"data\":{\"version\":\"%.*s\",\"url\":\"http://h/%.*s\","
                            "\"size\":4294967295,\"module\":\"%.*s\"}}",
                            (int)version, filler, (int)path, filler, (int)module, filler);
    struct ota_announcement a;
    enum ota_outcome outcome = read_text(&a, text);
    if (outcome == OTA_ANNOUNCED) {
        assert_int_equal(strlen(a.version), version);
        assert_int_equal(strlen(a.url), path + strlen("http://h/"));
        assert_int_equal(strlen(a.module), module);
    }
    free(text);
    return outcome;
}

static void test_bounds(void **state)
{
    (void)state;
    assert_int_equal(read_lengths(64, 2039, 64), OTA_ANNOUNCED);
    assert_int_equal(read_lengths(65, 1, 1), OTA_REFUSED);
    assert_int_equal(read_lengths(1, 2040, 1), OTA_REFUSED);
    assert_int_equal(read_lengths(1, 1, 65), OTA_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics),  cmocka_unit_test(test_messages),
        cmocka_unit_test(test_push),    cmocka_unit_test(test_other_forms),
        cmocka_unit_test(test_nothing), cmocka_unit_test(test_other_ways),
        cmocka_unit_test(test_digests), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
