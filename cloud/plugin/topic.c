#include "cloud/plugin/topic.h"

#include <string.h>

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static bool ends(const char *text, const char *with)
{
    size_t len = strlen(text);
    size_t with_len = strlen(with);
    return len >= with_len && strcmp(text + len - with_len, with) == 0;
}

/* Takes "LEVEL" or "LEVEL/" from the beginning of *text. False: nothing is left. */
static bool take_level(const char **text, const char **level, size_t *len)
{
    *level = *text;
    *len = strcspn(*text, "/");
    *text += *len;
    if (**text == '/') {
        (*text)++;
    }
    return *len > 0;
}

static bool take_names(struct topic *topic, const char **text)
{
    return take_level(text, &topic->product_key, &topic->product_key_len) &&
           take_level(text, &topic->device_name, &topic->device_name_len);
}

/* What stands behind /sys/{product}/{device}/. */
static bool sys_is_down(const char *rest)
{
    if (begins(rest, "rrpc/")) {
        return begins(rest, "rrpc/request/");
    }
    if (begins(rest, "thing/service/")) {
        return !ends(rest, "_reply");
    }
    if (ends(rest, "/push_reply") || ends(rest, "/down_raw_reply")) {
        return false;
    }
    return ends(rest, "_reply") || ends(rest, "/push") || ends(rest, "/down_raw");
}

static bool read_sys(struct topic *topic, const char *rest)
{
    if (!take_names(topic, &rest) || !*rest) {
        return false;
    }
    topic->down = sys_is_down(rest);
    topic->up = !topic->down;
    return true;
}

/* /ota/device/{what}/{product}/{device}, /shadow/{what}/{product}/{device} */
static bool read_named(struct topic *topic, const char *rest)
{
    topic->up = !begins(rest, "upgrade/") && !begins(rest, "get/");
    topic->down = !topic->up || begins(rest, "request/");
    const char *what;
    size_t len;
    return take_level(&rest, &what, &len) && take_names(topic, &rest) && !*rest;
}

/* /ext/ntp/{product}/{device}/request and others that are built so */
static bool read_ext(struct topic *topic, const char *rest)
{
    const char *what;
    size_t len;
    topic->down = ends(rest, "/response") || ends(rest, "_reply");
    topic->up = !topic->down;
    return take_level(&rest, &what, &len) && take_names(topic, &rest);
}

static bool read_own(struct topic *topic, const char *rest)
{
    topic->up = topic->down = true;
    topic->system = false;
    return take_names(topic, &rest) && *rest;
}

static bool read_plain(struct topic *topic, const char *text)
{
    static const struct {
        const char *prefix;
        bool (*read)(struct topic *topic, const char *rest);
    } kinds[] = {
        {"/sys/", read_sys},      {"/ota/device/", read_named},
        {"/shadow/", read_named}, {"/ext/", read_ext},
        {"/", read_own},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (begins(text, kinds[i].prefix)) {
            return kinds[i].read(topic, text + strlen(kinds[i].prefix));
        }
    }
    return false;
}

bool topic_read(struct topic *topic, const char *text)
{
    static const char rrpc[] = "/ext/rrpc/";
    *topic = (struct topic){.system = true};
    if (!begins(text, rrpc)) {
        return read_plain(topic, text);
    }
    /* /ext/rrpc/{id}/{topic}: request and answer are on the same one. */
    const char *inner = strchr(text + strlen(rrpc), '/');
    if (!inner || begins(inner, "/ext/") || !read_plain(topic, inner)) {
        return false;
    }
    topic->up = topic->down = topic->system = true;
    return true;
}

bool topic_is_of(const struct topic *topic, const char *product_key, const char *device_name)
{
    return strlen(product_key) == topic->product_key_len &&
           memcmp(product_key, topic->product_key, topic->product_key_len) == 0 &&
           strlen(device_name) == topic->device_name_len &&
           memcmp(device_name, topic->device_name, topic->device_name_len) == 0;
}
