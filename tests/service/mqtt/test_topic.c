/* Topics and filters. Where libmosquitto has an opinion too, it is the same: what the service
 * takes, the library takes. */
#include <mosquitto.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"

static void test_topics(void **state)
{
    static const struct {
        const char *text;
        bool topic;
        bool filter;
    } rows[] = {
        {"a", true, true},
        {"/", true, true},
        {"a//b", true, true},
        {" ", true, true},
        {"/a1B2c3/dev/user/get", true, true},
        {"$SYS/broker", true, true},
        {"", false, false},
        {"+", false, true},
        {"#", false, true},
        {"+/+", false, true},
        {"a/+/b/#", false, true},
        {"/#", false, true},
        {"a+", false, false},
        {"+a", false, false},
        {"a/+b/c", false, false},
        {"a#", false, false},
        {"#/", false, false},
        {"a/#/b", false, false},
        {"##", false, false},
        {"\xe6\xb8\xa9\xe5\xba\xa6", true, true},
        {"\xf0\x9f\x8c\xa1", true, true},
        {"\xff", false, false},
        {"\xc3", false, false},
        {"\xc0\x80", false, false},
        {"\xed\xa0\x80", false, false},
        {"\xf4\x90\x80\x80", false, false},
        {"a\nb", false, false},
        {"\x7f", false, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        size_t len = strlen(rows[i].text);
        if (mqtt_topic_valid(rows[i].text, len) != rows[i].topic ||
            mqtt_filter_valid(rows[i].text, len) != rows[i].filter) {
            fail_msg("row %zu: '%s'", i, rows[i].text);
        }
    }
    assert_false(mqtt_topic_valid("a\0b", 3));
    assert_false(mqtt_filter_valid("a\0b", 3));
}

static void test_longest(void **state)
{
    (void)state;
    char *text = mem_zeroed(65537);
    memset(text, 'x', 65536);
    assert_true(mqtt_topic_valid(text, 65535));
    assert_true(mqtt_filter_valid(text, 65535));
    assert_false(mqtt_topic_valid(text, 65536));
    assert_false(mqtt_filter_valid(text, 65536));
    free(text);
}

static void test_matching(void **state)
{
    static const struct {
        const char *filter;
        const char *topic;
        bool matches;
    } rows[] = {
        {"a/b", "a/b", true},       {"a/b", "a/c", false},
        {"a/b", "a/b/c", false},    {"a/b/c", "a/b", false},
        {"a/", "a", false},         {"a", "a/", false},
        {"#", "a/b/c", true},       {"#", "/", true},
        {"a/#", "a", true},         {"a/#", "a/", true},
        {"a/#", "a/b/c", true},     {"a/#", "ab", false},
        {"a/#", "b/a", false},      {"+", "a", true},
        {"+", "/a", false},         {"+", "", true},
        {"/+", "/a", true},         {"+/+", "/a", true},
        {"a/+/c", "a/b/c", true},   {"a/+/c", "a//c", true},
        {"a/+/c", "a/b/d", false},  {"a/+", "a/b/c", false},
        {"a/+", "a", false},        {"a/+/#", "a", false},
        {"a/+/#", "a/b", true},     {"#", "$SYS/a", false},
        {"+/a", "$SYS/a", false},   {"$SYS/#", "$SYS/a", true},
        {"$SYS/+", "$SYS/a", true},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (mqtt_filter_matches(rows[i].filter, rows[i].topic) != rows[i].matches) {
            fail_msg("row %zu: '%s' and '%s'", i, rows[i].filter, rows[i].topic);
        }
        if (*rows[i].topic) {
            bool matches = !rows[i].matches;
            mosquitto_topic_matches_sub(rows[i].filter, rows[i].topic, &matches);
            assert_int_equal(matches, rows[i].matches);
        }
    }
}

/* All sequences of up to three of the bytes at which something changes. */
static void test_agreement_with_the_library(void **state)
{
    static const char bytes[] = "\x01\x1f\x20/+#$az\x7e\x7f\x80\x8f\x90\x9f\xa0\xb7\xbf\xc0\xc1"
                                "\xc2\xdf\xe0\xed\xef\xf0\xf4\xf5\xff";
    enum { COUNT = sizeof bytes - 1 };
    (void)state;
    for (size_t i = 0; i < COUNT * COUNT * COUNT * COUNT; i++) {
        char text[5] = {bytes[i % COUNT], bytes[i / COUNT % COUNT],
                        bytes[i / COUNT / COUNT % COUNT], bytes[i / COUNT / COUNT / COUNT]};
        int len = (int)strlen(text);
        bool utf8 = mosquitto_validate_utf8(text, len) == 0;
        bool topic = utf8 && mosquitto_pub_topic_check(text) == 0;
        bool filter = utf8 && mosquitto_sub_topic_check(text) == 0;
        if (mqtt_topic_valid(text, (size_t)len) != topic ||
            mqtt_filter_valid(text, (size_t)len) != filter) {
            fail_msg("%02x %02x %02x %02x", text[0] & 0xff, text[1] & 0xff, text[2] & 0xff,
                     text[3] & 0xff);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_topics),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_matching),
        cmocka_unit_test(test_agreement_with_the_library),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
