/* Topics and filters: MQTT 3.1.1, sections 1.5.3 and 4.7. */
#include "service/mqtt/mqtt.h"

#include <string.h>

#include "base/utf8.h"

enum { TOPIC_MAX = 65535 };

/* libmosquitto refuses control characters and non-characters ("should not", 1.5.3), and so do
 * brokers. */
static bool allowed(uint32_t character)
{
    bool control = character < 0x20 || (character >= 0x7f && character < 0xa0);
    bool none = (character >= 0xfdd0 && character <= 0xfdef) || (character & 0xfffe) == 0xfffe;
    return !control && !none;
}

static bool text_valid(const char *text, size_t len)
{
    if (!len || len > TOPIC_MAX) {
        return false;
    }
    for (size_t at = 0; at < len;) {
        uint32_t character;
        size_t step = utf8_next(text + at, len - at, &character);
        if (!step || !allowed(character)) {
            return false;
        }
        at += step;
    }
    return true;
}

bool mqtt_topic_valid(const char *topic, size_t len)
{
    return text_valid(topic, len) && !memchr(topic, '+', len) && !memchr(topic, '#', len);
}

bool mqtt_filter_valid(const char *filter, size_t len)
{
    if (!text_valid(filter, len)) {
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (filter[i] != '+' && filter[i] != '#') {
            continue;
        }
        bool whole_level =
            (i == 0 || filter[i - 1] == '/') && (i + 1 == len || filter[i + 1] == '/');
        if (!whole_level || (filter[i] == '#' && i + 1 != len)) {
            return false;
        }
    }
    return true;
}

bool mqtt_filter_matches(const char *filter, const char *topic)
{
    /* A wildcard in the first level does not reach topics such as $SYS (4.7.2). */
    if (*topic == '$' && *filter != '$') {
        return false;
    }
    for (;;) {
        if (*filter == '#') {
            return true;
        }
        size_t level = strcspn(topic, "/");
        size_t wanted = strcspn(filter, "/");
        bool any = wanted == 1 && *filter == '+';
        if (!any && (wanted != level || memcmp(filter, topic, level) != 0)) {
            return false;
        }
        filter += wanted;
        topic += level;
        if (!*topic) {
            /* "a/#" matches its parent "a" too (4.7.1.2). */
            return !*filter || strcmp(filter, "/#") == 0;
        }
        if (!*filter) {
            return false;
        }
        filter++;
        topic++;
    }
}
