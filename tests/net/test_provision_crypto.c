/* What a provisioning datagram is made of: its cryptography, and the text inside. */
#include "tests/net/phone.h"

#include "base/mem.h"
#include "net/provision_crypto.h"
#include "net/provision_message.h"

/* ---- cryptography ---- */

/* Test case 4 of McGrew and Viega, "The Galois/Counter Mode of Operation" (GCM), appendix B. */
static void test_known_answer(void **state)
{
    (void)state;
    static const unsigned char key[] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
                                        0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
    static const unsigned char context[] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe,
                                            0xef, 0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad,
                                            0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
    static const unsigned char sealed[] = {
        0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88, 0x42, 0x83, 0x1e,
        0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7, 0x84, 0xd0, 0xd4, 0x9c, 0xe3, 0xaa,
        0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1, 0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21,
        0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93, 0x1c, 0x7d, 0x8f, 0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05,
        0x1b, 0xa3, 0x0b, 0x39, 0x6a, 0x0a, 0xac, 0x97, 0x3d, 0x58, 0xe0, 0x91, 0x5b, 0xc9, 0x4f,
        0xbc, 0x32, 0x21, 0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47};
    static const unsigned char plain[] = {
        0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5, 0xaf, 0xf5, 0x26,
        0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda, 0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31,
        0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95, 0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49,
        0xa6, 0xb5, 0x25, 0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
    char text[sizeof plain + 1];
    assert_true(provision_open(key, (struct provision_context){context, sizeof context}, sealed,
                               sizeof sealed, text));
    assert_memory_equal(text, plain, sizeof plain);
}

static void test_seal_and_open(void **state)
{
    (void)state;
    static const struct provision_context none = {NULL, 0};
    unsigned char sealed[PROVISION_SEALED_MAX];
    unsigned char again[PROVISION_SEALED_MAX];
    char text[PROVISION_SEALED_MAX];
    char longest[PROVISION_SEALED_MAX];
    size_t len = phone_seal(phone_default_key, phone_good, sealed);
    phone_seal(phone_default_key, phone_good, again);
    assert_memory_not_equal(sealed, again, PROVISION_NONCE_LEN);
    assert_true(provision_open(phone_default_key, none, sealed, len, text));
    assert_string_equal(text, phone_good);
    assert_false(provision_open(phone_other_key, none, sealed, len, text));
    assert_string_equal(text, "");
    assert_false(
        provision_open(phone_default_key, (struct provision_context){"x", 1}, sealed, len, text));
    for (size_t i = 0; i < len; i++) { /* each byte counts, and so does each length */
        sealed[i] ^= 1;
        assert_false(provision_open(phone_default_key, none, sealed, len, text));
        sealed[i] ^= 1;
        assert_false(provision_open(phone_default_key, none, sealed, i, text));
    }
    assert_int_equal(phone_seal(phone_default_key, "", sealed), PROVISION_OVERHEAD);
    assert_true(provision_open(phone_default_key, none, sealed, PROVISION_OVERHEAD, text));

    memset(longest, 'x', sizeof longest);
    size_t most = PROVISION_SEALED_MAX - PROVISION_OVERHEAD;
    assert_false(provision_seal(phone_default_key, none, longest, most + 1, sealed));
    assert_true(provision_seal(phone_default_key, none, longest, most, sealed));
    assert_true(provision_open(phone_default_key, none, sealed, sizeof sealed, text));
    assert_memory_equal(text, longest, most);
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *ssid; /* NULL: no good */
        const char *psk;
    } rows[] = {
        {phone_good, "Kitchen", "correct horse"},
        {"{\"ssid\":\"x\"}", "x", ""},
        {"{\"ssid\":\"x\",\"psk\":\"\",\"token\":\"t\",\"more\":[{}]}", "x", ""},
        {"{\"psk\":\"p\",\"ssid\":\"\\u4f60 \\\"q\\\"\"}", "\xe4\xbd\xa0 \"q\"", "p"},
        {"{\"ssid\":\"12345678901234567890123456789012\"}", "12345678901234567890123456789012", ""},
        {"{\"ssid\":\"123456789012345678901234567890123\"}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":"
         "\"1234567890123456789012345678901234567890123456789012345678901234\"}",
         "x", "1234567890123456789012345678901234567890123456789012345678901234"},
        {"{\"ssid\":\"x\",\"psk\":"
         "\"12345678901234567890123456789012345678901234567890123456789012345\"}",
         NULL, NULL},
        {"{\"ssid\":\"\"}", NULL, NULL},
        {"{\"psk\":\"p\"}", NULL, NULL},
        {"{\"SSID\":\"x\"}", NULL, NULL},
        {"{\"ssid\":7}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":7}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":null}", NULL, NULL},
        {"{\"ssid\":\"x\\u0000y\"}", NULL, NULL},
        {"{\"ssid\":\"x\"", NULL, NULL},
        {"[\"ssid\",\"x\"]", NULL, NULL},
        {"\"ssid\"", NULL, NULL},
        {"", NULL, NULL},
        {"{\"result\":\"ok\"}", NULL, NULL}, /* our own answer, sent back */
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provision_credentials credentials;
        size_t len = strlen(rows[i].text);
        char *exact = mem_zeroed(len);
        memcpy(exact, rows[i].text, len);
        bool read = provision_credentials_read(&credentials, exact, len);
        free(exact);
        if (read != (rows[i].ssid != NULL)) {
            fail_msg("%s", rows[i].text);
        }
        if (read) {
            assert_string_equal(credentials.ssid, rows[i].ssid);
            assert_string_equal(credentials.psk, rows[i].psk);
        }
    }
    struct provision_credentials credentials;
    assert_false(provision_credentials_read(&credentials, "{\"ssid\":\"x\0y\"}", 14));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answer),
        cmocka_unit_test(test_seal_and_open),
        cmocka_unit_test(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
