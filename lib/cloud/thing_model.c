#include "cloud/thing_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cloud/json.h"

/* ---- up ---- */

char *thing_post_topic(const struct aliyun_device *device, const char *event)
{
    return mem_printf("/sys/%s/%s/thing/event/%s/post", device->product_key, device->device_name,
                      event ? event : "property");
}

char *thing_post(uint32_t id, const char *event, const char *params)
{
    return mem_printf("{\"id\":\"%u\",\"version\":\"1.0\",\"sys\":{\"ack\":1},\"params\":%s,"
                      "\"method\":\"thing.event.%s.post\"}",
                      id, params, event ? event : "property");
}

char *thing_set_reply_topic(const struct aliyun_device *device)
{
    return mem_printf("/sys/%s/%s/thing/service/property/set_reply", device->product_key,
                      device->device_name);
}

char *thing_service_reply_topic(const struct aliyun_device *device, const char *service)
{
    return mem_printf("/sys/%s/%s/thing/service/%s_reply", device->product_key, device->device_name,
                      service);
}

char *thing_call_reply_topic(const struct aliyun_device *device, const char *rrpc,
                             const char *service, bool system)
{
    return system ? mem_printf("/sys/%s/%s/rrpc/response/%s", device->product_key,
                               device->device_name, rrpc)
                  : mem_printf("/ext/rrpc/%s/sys/%s/%s/thing/service/%s", rrpc, device->product_key,
                               device->device_name, service);
}

char *thing_reply(const char *id, long code, const char *data)
{
    return mem_printf("{\"id\":\"%s\",\"code\":%ld,\"data\":%s}", id, code, data);
}

bool thing_name_valid(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || strchr("/+#\"\\", text[i])) {
            return false;
        }
    }
    return len > 0 && len <= THING_NAME_MAX;
}

bool thing_is_object(const char *bytes, size_t len)
{
    cJSON *object = json_parse_object(bytes, len);
    cJSON_Delete(object);
    return object != NULL;
}

/* ---- topics down ---- */

void thing_filters(const struct aliyun_device *device, char *filters[THING_FILTERS])
{
    const char *key = device->product_key;
    const char *name = device->device_name;
    filters[0] = mem_printf("/sys/%s/%s/thing/event/+/post_reply", key, name);
    filters[1] = mem_printf("/sys/%s/%s/thing/service/property/set", key, name);
    filters[2] = mem_printf("/sys/%s/%s/thing/service/+", key, name);
    filters[3] = mem_printf("/ext/rrpc/+/sys/%s/%s/thing/service/+", key, name);
    filters[4] = mem_printf("/sys/%s/%s/rrpc/request/+", key, name);
}

/* Steps over a text at *at. */
static bool skip(const char **at, const char *text)
{
    size_t len = strlen(text);
    bool here = strncmp(*at, text, len) == 0;
    *at += here ? len : 0;
    return here;
}

/* Takes a level of a topic, up to a "/" or the end. */
static bool take_level(const char **at, char name[THING_NAME_MAX + 1])
{
    size_t len = strcspn(*at, "/");
    if (!thing_name_valid(*at, len)) {
        return false;
    }
    memcpy(name, *at, len);
    name[len] = '\0';
    *at += len;
    return true;
}

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text);
    size_t tail = strlen(end);
    return len > tail && strcmp(text + len - tail, end) == 0;
}

/* Behind `/sys/<pk>/<dn>/thing/service/`. */
static enum thing_kind service_topic(const char *at, struct thing_message *message)
{
    if (strcmp(at, "property/set") == 0) {
        return THING_PROPERTY_SET;
    }
    if (strcmp(at, "property/set_reply") == 0) {
        return THING_OWN;
    }
    if (!take_level(&at, message->service) || *at) {
        return THING_NONE;
    }
    return ends_with(message->service, "_reply") ? THING_OWN : THING_SERVICE;
}

static enum thing_kind kind_of(const struct aliyun_device *device, const char *topic,
                               struct thing_message *message)
{
    char *own = mem_printf("/sys/%s/%s/", device->product_key, device->device_name);
    const char *at = topic;
    enum thing_kind kind = THING_NONE;
    if (skip(&at, "/ext/rrpc/")) {
        if (take_level(&at, message->rrpc) && skip(&at, own) && skip(&at, "thing/service/") &&
            take_level(&at, message->service) && !*at) {
            kind = THING_CALL;
        }
    } else if (skip(&at, own)) {
        if (skip(&at, "rrpc/request/")) {
            message->system = true;
            kind = take_level(&at, message->rrpc) && !*at ? THING_CALL : THING_NONE;
        } else if (skip(&at, "thing/service/")) {
            kind = service_topic(at, message);
        } else if (skip(&at, "thing/event/") && take_level(&at, message->service) &&
                   strcmp(at, "/post_reply") == 0) {
            kind = THING_POST_REPLY;
        }
    }
    free(own);
    return kind;
}

/* ---- messages down ---- */

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && strchr(" \t\r\n", *at)) {
        at++;
    }
    return at;
}

/* The value of a member of the (good) object that bytes are, as it stands there. cJSON finds the
 * ends. */
static bool raw_member(const char *bytes, size_t len, const char *name, const char **value,
                       size_t *value_len)
{
    const char *end = bytes + len;
    const char *at = memchr(bytes, '{', len);
    while (at && (at = skip_space(at + 1, end)) < end && *at == '"') {
        cJSON *key = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &at, 0);
        bool found = key && strcmp(key->valuestring, name) == 0;
        cJSON_Delete(key);
        at = skip_space(at, end);
        if (!key || at >= end || *at != ':') {
            return false;
        }
        at = skip_space(at + 1, end);
        const char *start = at;
        cJSON *item = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &at, 0);
        cJSON_Delete(item);
        if (!item) {
            return false;
        }
        if (found) {
            *value = start;
            *value_len = (size_t)(at - start);
            return true;
        }
        at = skip_space(at, end);
        if (at >= end || *at != ',') {
            return false;
        }
    }
    return false;
}

/* The id: digits, in quotes or not. As they stand there, a double would lose those of a large
 * number. */
static bool read_id(const cJSON *root, const char *bytes, size_t len, char id[THING_ID_MAX + 1])
{
    const char *digits = json_text(root, "id");
    size_t count = digits ? strlen(digits) : 0;
    if (!digits && !raw_member(bytes, len, "id", &digits, &count)) {
        return false;
    }
    if (!count || count > THING_ID_MAX || strspn(digits, "0123456789") < count) {
        return false;
    }
    memcpy(id, digits, count);
    id[count] = '\0';
    return true;
}

static enum thing_kind bad(struct thing_message *message, const char *why)
{
    message->why = why;
    return THING_BAD;
}

static enum thing_kind read_reply(struct thing_message *message, const cJSON *root,
                                  const char *bytes, size_t len)
{
    long long code = 0;
    const char *text = json_text(root, "message");
    if (!json_integer(root, "code", INT32_MIN, INT32_MAX, &code)) {
        return bad(message, "a reply without a code");
    }
    message->code = (long)code;
    snprintf(message->message, sizeof message->message, "%s", text ? text : "");
    if (!raw_member(bytes, len, "data", &message->json, &message->json_len)) {
        message->json = "{}";
        message->json_len = 2;
    }
    return THING_POST_REPLY;
}

/* On .../rrpc/request/ the method names the service. */
static bool service_of_method(struct thing_message *message, const cJSON *root)
{
    static const char prefix[] = "thing.service.";
    const char *method = json_text(root, "method");
    if (!method || strncmp(method, prefix, sizeof prefix - 1) != 0) {
        return false;
    }
    method += sizeof prefix - 1;
    if (!thing_name_valid(method, strlen(method))) {
        return false;
    }
    snprintf(message->service, sizeof message->service, "%s", method);
    return true;
}

static enum thing_kind read_request(struct thing_message *message, enum thing_kind kind,
                                    const cJSON *root, const char *bytes, size_t len)
{
    bool raw = kind == THING_CALL && message->system; /* the platform allows any payload there */
    bool has_id = root && read_id(root, bytes, len, message->id);
    bool has_params = root && raw_member(bytes, len, "params", &message->json, &message->json_len);
    if (raw && (!has_id || !has_params || !service_of_method(message, root))) {
        return THING_RAW_CALL;
    }
    if (kind == THING_CALL && !message->system && !has_params) {
        return THING_OWN; /* request and answer have the same topic */
    }
    if (!root) {
        return bad(message, "not a JSON object");
    }
    return !has_id ? bad(message, "no id") : !has_params ? bad(message, "no params") : kind;
}

void thing_read(struct thing_message *message, const struct aliyun_device *device,
                const char *topic, const char *bytes, size_t len)
{
    *message = (struct thing_message){.json = "", .why = ""};
    enum thing_kind kind = kind_of(device, topic, message);
    if (kind != THING_NONE && kind != THING_OWN) {
        cJSON *root = json_parse_object(bytes, len);
        if (kind != THING_POST_REPLY) {
            kind = read_request(message, kind, root, bytes, len);
        } else if (root && read_id(root, bytes, len, message->id)) {
            kind = read_reply(message, root, bytes, len);
        } else {
            kind = bad(message, root ? "no id" : "not a JSON object");
        }
        cJSON_Delete(root);
    }
    message->kind = kind;
}
