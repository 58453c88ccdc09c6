/* The thing model's messages, and what registration says, by the documents' own values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/mem.h"
#include "cloud/aliyun_register.h"
#include "cloud/thing_model.h"

static const struct aliyun_device device = {"pk", "dn", ""};

static void expect_text(char *text, const char *expected)
{
    assert_string_equal(text, expected);
    free(text);
}

static void test_up(void **state)
{
    (void)state;
    expect_text(thing_post_topic(&device, NULL), "/sys/pk/dn/thing/event/property/post");
    expect_text(
        thing_post(3, NULL, "{\"LightStatus\":1}"),
        "{\"id\":\"3\",\"version\":\"1.0\",\"sys\":{\"ack\":1},\"params\":{\"LightStatus\":1},"
        "\"method\":\"thing.event.property.post\"}");
    expect_text(thing_post_topic(&device, "Error"), "/sys/pk/dn/thing/event/Error/post");
    expect_text(thing_reply("911228506", 200, "{}"),
                "{\"id\":\"911228506\",\"code\":200,\"data\":{}}");
    expect_text(thing_call_reply_topic(&device, "42", "Go", true), "/sys/pk/dn/rrpc/response/42");
    expect_text(thing_call_reply_topic(&device, "42", "Go", false),
                "/ext/rrpc/42/sys/pk/dn/thing/service/Go");
}

static struct thing_message read_text(const char *topic, const char *text)
{
    struct thing_message message;
    thing_read(&message, &device, topic, text, strlen(text));
    return message;
}

static void expect_json(const struct thing_message *message, const char *json)
{
    char *found = mem_copy(message->json, message->json_len);
    expect_text(found, json);
}

static void test_down(void **state)
{
    (void)state;
    struct thing_message message =
        read_text("/sys/pk/dn/thing/service/property/set",
                  "{ \"id\":\"18446744073709551615\", \"params\" : {\"a\": [1,\"}\"]} ,\"x\":1}");
    assert_int_equal(message.kind, THING_PROPERTY_SET);
    assert_string_equal(message.id, "18446744073709551615");
    expect_json(&message, "{\"a\": [1,\"}\"]}");
    message = read_text("/sys/pk/dn/thing/event/Error/post_reply",
                        "{\"code\":5096,\"id\":5,\"message\":\"event not found\"}");
    assert_int_equal(message.kind, THING_POST_REPLY);
    assert_int_equal(message.code, 5096);
    assert_string_equal(message.message, "event not found");
    expect_json(&message, "{}");
    message = read_text("/ext/rrpc/r1/sys/pk/dn/thing/service/Go", "{\"id\":1,\"params\":{}}");
    assert_int_equal(message.kind, THING_CALL);
    assert_string_equal(message.rrpc, "r1");
    assert_string_equal(message.service, "Go");
    assert_false(message.system);
    message = read_text("/sys/pk/dn/rrpc/request/r2",
                        "{\"id\":1,\"params\":{},\"method\":\"thing.service.Go\"}");
    assert_int_equal(message.kind, THING_CALL);
    assert_string_equal(message.service, "Go");
    assert_true(message.system);
}

/* An id is given back as it came: its digits, whatever a double would make of them. */
static void test_ids(void **state)
{
    (void)state;
    static const struct {
        const char *text, *id; /* NULL: refused */
    } rows[] = {
        {"{\"id\":9007199254740993,\"params\":{}}", "9007199254740993"},
        {"{\"params\":{\"id\":1},\"id\" : 18446744073709551615 }", "18446744073709551615"},
        {"{\"id\":\"18446744073709551615\",\"params\":{}}", "18446744073709551615"},
        {"{\"id\":0,\"params\":{}}", "0"},
        {"{\"id\":7,\"id\":8,\"params\":{}}", "7"},
        {"{\"i\\u0064\":7,\"params\":{}}", "7"},
        {"{\"id\":184467440737095516150,\"params\":{}}", NULL},
        {"{\"id\":\"184467440737095516150\",\"params\":{}}", NULL},
        {"{\"id\":-1,\"params\":{}}", NULL},
        {"{\"id\":1.5,\"params\":{}}", NULL},
        {"{\"id\":1e3,\"params\":{}}", NULL},
        {"{\"id\":\"\",\"params\":{}}", NULL},
        {"{\"id\":null,\"params\":{}}", NULL},
        {"{\"id\":[1],\"params\":{}}", NULL},
        {"{\"ID\":1,\"params\":{}}", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct thing_message message =
            read_text("/sys/pk/dn/thing/service/property/set", rows[i].text);
        assert_int_equal(message.kind, rows[i].id ? THING_PROPERTY_SET : THING_BAD);
        assert_string_equal(message.id, rows[i].id ? rows[i].id : "");
    }
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *topic, *text;
        enum thing_kind kind;
    } rows[] = {
        {"/other", "{}", THING_NONE},
        {"/sys/pk/other/thing/service/Go", "{\"id\":1,\"params\":{}}", THING_NONE},
        {"/sys/pk/dn/thing/service/Go", "{\"id\":1,\"params\":{}}", THING_SERVICE},
        {"/sys/pk/dn/thing/service/Go/on", "{\"id\":1,\"params\":{}}", THING_NONE},
        {"/sys/pk/dn/thing/service/Go_reply", "{\"id\":1,\"code\":200}", THING_OWN},
        {"/sys/pk/dn/thing/service/property/set_reply", "{}", THING_OWN},
        {"/ext/rrpc/r/sys/pk/dn/thing/service/Go", "{\"id\":1,\"code\":200,\"data\":{}}",
         THING_OWN},
        {"/sys/pk/dn/rrpc/request/r", "bytes", THING_RAW_CALL},
        {"/sys/pk/dn/rrpc/request/r", "{\"id\":1,\"params\":{}}", THING_RAW_CALL},
        {"/sys/pk/dn/thing/service/property/set", "no json", THING_BAD},
        {"/sys/pk/dn/thing/service/property/set", "[]", THING_BAD},
        {"/sys/pk/dn/thing/service/property/set", "{\"params\":{}}", THING_BAD},
        {"/sys/pk/dn/thing/service/property/set", "{\"id\":\"x\",\"params\":{}}", THING_BAD},
        {"/sys/pk/dn/thing/service/property/set", "{\"id\":1}", THING_BAD},
        {"/sys/pk/dn/thing/event/property/post_reply", "{\"id\":1}", THING_BAD},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(read_text(rows[i].topic, rows[i].text).kind, rows[i].kind);
    }
}

static void test_names_and_objects(void **state)
{
    (void)state;
    assert_true(thing_name_valid("Go", 2));
    assert_false(thing_name_valid("", 0));
    assert_false(thing_name_valid("a/b", 3));
    assert_false(thing_name_valid("+", 1));
    assert_true(thing_is_object("{\"a\":1}", 7));
    assert_false(thing_is_object("\"{}\"", 4));
    assert_false(thing_is_object("{} x", 4));
    assert_false(thing_is_object("[1]", 3));
}

/* ---- registration ---- */

static void test_register_login(void **state)
{
    (void)state;
    const struct aliyun_device known = {"a1TestProdKey", "dev001", ""};
    struct aliyun_mqtt_login login;
    assert_true(aliyun_register_login(ALIYUN_REGISTER, &known, "VPCTjT8dGTXr5Jpg", "567345", "", 2,
                                      &login));
    assert_string_equal(login.client_id, "dev001.a1TestProdKey|random=567345,authType=register,"
                                         "securemode=2,signmethod=hmacsha256|");
    assert_string_equal(login.username, "dev001&a1TestProdKey");
    assert_string_equal(login.password,
                        "E3BFF28598D4FCB96AC1F23BDB5DE16FD14E42EC10938754F6B97FE50895ABB3");
    aliyun_mqtt_login_free(&login);
    assert_true(
        aliyun_register_login(ALIYUN_REGISTER_NWL, &known, "x", "1", "iot-060a0test", 2, &login));
    assert_string_equal(login.client_id,
                        "dev001.a1TestProdKey|random=1,authType=regnwl,securemode=2,"
                        "signmethod=hmacsha256,instanceId=iot-060a0test|");
    aliyun_mqtt_login_free(&login);
    assert_true(aliyun_register_login(ALIYUN_REGISTER_NWL, &known, "x", "1", "", -2, &login));
    assert_string_equal(login.client_id, "dev001.a1TestProdKey|random=1,authType=regnwl,"
                                         "securemode=-2,signmethod=hmacsha256|");
    aliyun_mqtt_login_free(&login);
}

static void test_register_answers(void **state)
{
    (void)state;
    struct aliyun_registered got;
    const char *why = NULL;
    static const char secret[] = "{\"productKey\":\"p\",\"deviceSecret\":\"s\"}";
    assert_true(aliyun_register_read(&got, secret, sizeof secret - 1, &why));
    assert_string_equal(got.device_secret, "s");
    assert_string_equal(got.product_key, "p");
    assert_string_equal(got.device_name, "");
    static const char token[] = "{\"clientId\":\"c\",\"deviceToken\":\"^1^t\"}";
    assert_true(aliyun_register_read(&got, token, sizeof token - 1, &why));
    const struct aliyun_device known = {"pk", "dn", ""};
    struct aliyun_mqtt_login login;
    aliyun_token_login(&known, &got, &login);
    assert_string_equal(login.client_id,
                        "c|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.1.0|");
    assert_string_equal(login.username, "dn&pk");
    assert_string_equal(login.password, "^1^t");
    aliyun_mqtt_login_free(&login);
    static const char *const bad[] = {"",
                                      "x",
                                      "{}",
                                      "{\"clientId\":\"c\"}",
                                      "{\"deviceSecret\":\"a b\"}",
                                      "{\"deviceSecret\":\"\"}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_false(aliyun_register_read(&got, bad[i], strlen(bad[i]), &why));
    }
}

static void test_sdk4_login_and_instances(void **state)
{
    (void)state;
    const struct aliyun_device known = {"a1B2c3D4e5F", "dev01", "0123456789abcdef0123456789abcdef"};
    struct aliyun_mqtt_login login;
    assert_true(aliyun_sdk4_login(&known, true, &login));
    assert_string_equal(login.client_id,
                        "a1B2c3D4e5F.dev01|timestamp=2524608000000,_ss=1,_v=sdk-c-4.1.0,"
                        "securemode=2,signmethod=hmacsha256,ext=3,|");
    assert_string_equal(login.password,
                        "1BA83B7A3200015ECEAABFB5E7FA0B1E43C0F87B8D72D64AC2AB9EC9BDE8676C");
    aliyun_mqtt_login_free(&login);
    expect_text(aliyun_host_instance("iot-1.mqtt.iothub.aliyuncs.com"), "iot-1");
    expect_text(aliyun_host_instance("pk.iot-as-mqtt.cn-shanghai.aliyuncs.com"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_up),
        cmocka_unit_test(test_down),
        cmocka_unit_test(test_ids),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_names_and_objects),
        cmocka_unit_test(test_register_login),
        cmocka_unit_test(test_register_answers),
        cmocka_unit_test(test_sdk4_login_and_instances),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
