/* Topics and filters: MQTT 3.1.1, sections 1.5.3 and 4.7. */
#include "service/mqtt/mqtt.h"

#include <string.h>

enum { TOPIC_MAX = 65535 };

/* The length of the UTF-8 sequence that begins with first, 0 if none does; *least is the smallest
 * code point that may be written with that length. */
static size_t sequence_length(unsigned char first, uint32_t *least)
{
    if (first < 0x80) {
        *least = 0;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *least = 0x80;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *least = 0x800;
        return 3;
    }
    if (first >= 0xf0 && first < 0xf5) {
        *least = 0x10000;
        return 4;
    }
    return 0;
}

/* The length of the character at text, 0 if it is none that a topic may hold. */
static size_t character(const char *text, size_t left)
{
    uint32_t least = 0;
    unsigned char first = (unsigned char)*text;
    size_t len = sequence_length(first, &least);
    if (!len || len > left || !first) {
        return 0;
    }
    uint32_t code = len == 1 ? first : first & (0x7fU >> len);
    for (size_t i = 1; i < len; i++) {
        unsigned char byte = (unsigned char)text[i];
        if ((byte & 0xc0) != 0x80) {
            return 0;
        }
        code = code << 6 | (byte & 0x3f);
    }
    bool surrogate = code >= 0xd800 && code < 0xe000;
    /* libmosquitto refuses control characters and non-characters ("should not", 1.5.3), and so do
     * brokers. */
    bool control = code < 0x20 || (code >= 0x7f && code < 0xa0);
    bool none = (code >= 0xfdd0 && code <= 0xfdef) || (code & 0xfffe) == 0xfffe;
    return code < least || code > 0x10ffff || surrogate || control || none ? 0 : len;
}

static bool text_valid(const char *text, size_t len)
{
    if (!len || len > TOPIC_MAX) {
        return false;
    }
    for (size_t at = 0; at < len;) {
        size_t step = character(text + at, len - at);
        if (!step) {
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
