#include "cloud/ota.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cloud/json.h"

char *ota_topic(enum ota_topic topic, const struct aliyun_device *device)
{
    static const struct {
        const char *before, *behind;
    } names[] = {
        [OTA_TOPIC_INFORM] = {"/ota/device/inform", ""},
        [OTA_TOPIC_UPGRADE] = {"/ota/device/upgrade", ""},
        [OTA_TOPIC_PROGRESS] = {"/ota/device/progress", ""},
        [OTA_TOPIC_REQUEST] = {"/ota/device/request", ""},
        [OTA_TOPIC_GET] = {"/sys", "/thing/ota/firmware/get"},
        [OTA_TOPIC_GET_REPLY] = {"/sys", "/thing/ota/firmware/get_reply"},
    };
    return mem_printf("%s/%s/%s%s", names[topic].before, device->product_key, device->device_name,
                      names[topic].behind);
}

/* ---- what a device says ---- */

static void add_module(cJSON *params, const char *module)
{
    if (module && strcmp(module, OTA_DEFAULT_MODULE) != 0) {
        json_add_text(params, "module", module);
    }
}

char *ota_inform(uint32_t id, const char *version, const char *module)
{
    cJSON *message = json_object();
    json_add_digits(message, "id", id);
    cJSON *params = json_add_object(message, "params");
    json_add_text(params, "version", version);
    add_module(params, module);
    return json_take_text(message);
}

char *ota_progress(uint32_t id, int step, const char *desc, const char *module)
{
    cJSON *message = json_object();
    json_add_digits(message, "id", id);
    cJSON *params = json_add_object(message, "params");
    char *digits = mem_printf("%d", step);
    json_add_text(params, "step", digits);
    free(digits);
    json_add_text(params, "desc", desc);
    add_module(params, module);
    return json_take_text(message);
}

char *ota_query(uint32_t id, const char *module)
{
    cJSON *message = json_object();
    json_add_digits(message, "id", id);
    json_add_text(message, "version", "1.0");
    add_module(json_add_object(message, "params"), module);
    json_add_text(message, "method", "thing.ota.firmware.get");
    return json_take_text(message);
}

char *ota_request(uint32_t id, const char *version)
{
    cJSON *message = json_object();
    json_add_number(message, "id", id);
    json_add_text(json_add_object(message, "params"), "version", version);
    return json_take_text(message);
}

/* ---- what the cloud announces ---- */

/* Whether text is 1 to size - 1 bytes of UTF-8 that can stand on a line. */
static bool is_line(const char *text, size_t size)
{
    size_t len = strlen(text);
    if (len == 0 || len >= size || !utf8_valid(text, len)) {
        return false;
    }
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f) {
            return false;
        }
    }
    return true;
}

static bool is_url(const char *url, size_t size)
{
    size_t scheme = strncasecmp(url, "http://", 7) == 0    ? 7
                    : strncasecmp(url, "https://", 8) == 0 ? 8
                                                           : 0;
    return scheme > 0 && url[scheme] && !strchr("/?#:@", url[scheme]) && aliyun_is_token(url, size);
}

static bool read_size(const cJSON *data, uint64_t *size)
{
    long long number;
    const char *text = json_text(data, "size");
    if (text) {
        if (text[strspn(text, "0123456789")]) {
            return false;
        }
        number = strtoll(text, NULL, 10); /* too many digits: LLONG_MAX, which is too much */
    } else if (!json_integer(data, "size", 1, UINT32_MAX, &number)) {
        return false;
    }
    *size = (uint64_t)number;
    return number > 0 && number <= UINT32_MAX;
}

static bool take_digest(struct ota_announcement *announcement, const char *hex)
{
    size_t len = strlen(hex);
    size_t wanted = announcement->digest == OTA_DIGEST_MD5 ? 32 : 64;
    if (len != wanted || strspn(hex, "0123456789abcdefABCDEF") != len) {
        return false;
    }
    memcpy(announcement->given, hex, len + 1);
    memcpy(announcement->hex, hex, len + 1);
    aliyun_lower_case(announcement->hex);
    return true;
}

/* What is wrong with the digest, or NULL; none at all is not wrong. */
static const char *read_digest(struct ota_announcement *announcement, const cJSON *data)
{
    const char *md5 = json_text(data, "md5");
    if (md5 ? *md5 : json_has(data, "md5")) {
        announcement->digest = OTA_DIGEST_MD5;
        return md5 && take_digest(announcement, md5) ? NULL : "md5 is none";
    }
    const char *sign = json_text(data, "sign");
    if (sign ? !*sign : !json_has(data, "sign")) {
        announcement->digest = OTA_DIGEST_NONE;
        return NULL;
    }
    const char *method = json_text(data, "signMethod");
    if (!method && !json_has(data, "signMethod")) {
        announcement->digest = sign && strlen(sign) == 32 ? OTA_DIGEST_MD5 : OTA_DIGEST_SHA256;
    } else if (method && strcasecmp(method, "md5") == 0) {
        announcement->digest = OTA_DIGEST_MD5;
    } else if (method && strcasecmp(method, "sha256") == 0) {
        announcement->digest = OTA_DIGEST_SHA256;
    } else {
        return "signMethod is neither Md5 nor SHA256";
    }
    return sign && take_digest(announcement, sign) ? NULL : "sign is no digest of its signMethod";
}

/* What is wrong with the names in an announcement, or NULL. */
static const char *read_names(struct ota_announcement *announcement, const cJSON *data)
{
    const char *version = json_text(data, "version");
    if (!version || !is_line(version, sizeof announcement->version)) {
        return "no version, or one that cannot be shown";
    }
    const char *module = json_text(data, "module");
    if (module ? !is_line(module, sizeof announcement->module) : json_has(data, "module")) {
        return "the module's name is none";
    }
    module = module ? module : OTA_DEFAULT_MODULE;
    memcpy(announcement->version, version, strlen(version) + 1);
    memcpy(announcement->module, module, strlen(module) + 1);
    return NULL;
}

/* Why the image comes in a way that is not gone here, or NULL. */
static const char *other_way(const cJSON *data)
{
    const char *protocol = json_text(data, "dProtocol");
    return json_has(data, "files")                         ? "an image of several files"
           : protocol && strcasecmp(protocol, "mqtt") == 0 ? "a download over MQTT"
                                                           : NULL;
}

/* What is wrong with the image of an announcement, or NULL. */
static const char *read_image(struct ota_announcement *announcement, const cJSON *data)
{
    const char *url = json_text(data, "url");
    if (!url) {
        return "no url";
    }
    if (!is_url(url, sizeof announcement->url)) {
        return "the url is not one of HTTP, or too long";
    }
    if (!read_size(data, &announcement->size)) {
        return "no size, or one that cannot be";
    }
    memcpy(announcement->url, url, strlen(url) + 1);
    return read_digest(announcement, data);
}

static enum ota_outcome read_data(struct ota_announcement *announcement, const cJSON *data,
                                  const char **why)
{
    struct ota_announcement read = {0};
    enum ota_outcome outcome = OTA_REFUSED;
    *why = read_names(&read, data);
    if (!*why && (*why = other_way(data))) {
        outcome = OTA_OTHER_WAY;
        if (!read_size(data, &read.size)) {
            read.size = 0;
        }
    } else if (!*why && !(*why = read_image(&read, data))) {
        outcome = OTA_ANNOUNCED;
    }
    if (outcome != OTA_REFUSED) {
        *announcement = read;
    }
    return outcome;
}

/* An answer with nothing in it, or that the cloud could not give one. The code of an announcement
 * is 1000, and a text. */
static bool is_empty(const cJSON *message, const cJSON *data)
{
    const cJSON *code = cJSON_GetObjectItemCaseSensitive(message, "code");
    bool failed = cJSON_IsNumber(code) && code->valueint != 200 && code->valueint != 1000;
    return failed || (cJSON_IsObject(data) ? !data->child
                                           : cJSON_IsNumber(code) && !json_has(message, "url"));
}

enum ota_outcome ota_read(struct ota_announcement *announcement, const char *bytes, size_t len,
                          const char **why)
{
    *why = NULL;
    if (len == 0) {
        return OTA_NOTHING;
    }
    cJSON *message = json_parse_object(bytes, len);
    if (!message) {
        *why = "no JSON object";
        return OTA_REFUSED;
    }
    /* An answer may have a version of its own beside data, so it is one place or the other. */
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(message, "data");
    enum ota_outcome outcome = OTA_NOTHING;
    if (!is_empty(message, data)) {
        outcome = read_data(announcement, cJSON_IsObject(data) ? data : message, why);
    }
    cJSON_Delete(message);
    return outcome;
}
