/* What peers on the network send, as far as it is read by functions of texts and bytes. */
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "base/mem.h"
#include "cloud/aliyun_coap.h"
#include "cloud/aliyun_register.h"
#include "cloud/ota.h"
#include "cloud/thing_model.h"
#include "net/provision_crypto.h"
#include "net/provision_message.h"
#include "net/wpa_results.h"
#include "service/coap/coap_client.h"
#include "service/coap/coap_path.h"
#include "service/ftp/ftp_address.h"
#include "service/ftp/ftp_reply.h"
#include "service/http/http_head.h"
#include "service/http/http_url.h"
#include "service/sntp/sntp_packet.h"
#include "tests/fuzz/fuzz.h"

static const struct aliyun_device device = {"pk", "dn", "secret"};

/* Memory of just these bytes, so that a sanitizer sees what is read beyond them. */
static char *exact(struct fuzz_input input)
{
    char *copy = mem_zeroed(input.len);
    if (input.len) {
        memcpy(copy, input.bytes, input.len);
    }
    return copy;
}

static void check_text(const char *text, size_t size)
{
    FUZZ_HOLDS(memchr(text, '\0', size));
}

/* The topic, LF, the payload. */
void fuzz_thing_model(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    size_t topic_len;
    char *topic = fuzz_text(&input, '\n', &topic_len);
    char *payload = exact(input);
    struct thing_message message;
    thing_read(&message, &device, topic, payload, input.len);
    check_text(message.id, sizeof message.id);
    check_text(message.service, sizeof message.service);
    check_text(message.rrpc, sizeof message.rrpc);
    check_text(message.message, sizeof message.message);
    FUZZ_HOLDS(message.kind != THING_BAD || message.why);
    if (message.kind == THING_PROPERTY_SET || message.kind == THING_SERVICE ||
        message.kind == THING_CALL || message.kind == THING_POST_REPLY) {
        cJSON *json = cJSON_ParseWithLength(message.json, message.json_len);
        FUZZ_HOLDS(json); /* of whatever type: it is given as it is */
        cJSON_Delete(json);
    }
    if (message.kind == THING_CALL) {
        FUZZ_HOLDS(thing_name_valid(message.service, strlen(message.service)));
        free(thing_call_reply_topic(&device, message.rrpc, message.service, message.system));
    }
    free(thing_reply(message.id, 200, "{}"));
    free(payload);
    free(topic);
}

void fuzz_ota(const uint8_t *bytes, size_t len)
{
    char *payload = exact((struct fuzz_input){bytes, len});
    struct ota_announcement announcement;
    const char *why = NULL;
    enum ota_outcome outcome = ota_read(&announcement, payload, len, &why);
    if (outcome == OTA_ANNOUNCED) {
        size_t version = strnlen(announcement.version, sizeof announcement.version);
        size_t hex = strnlen(announcement.hex, sizeof announcement.hex);
        FUZZ_HOLDS(version >= 1 && version <= 64);
        FUZZ_HOLDS(announcement.size >= 1 && announcement.size <= UINT32_MAX);
        FUZZ_HOLDS(strncasecmp(announcement.url, "http", 4) == 0);
        FUZZ_HOLDS(hex == (announcement.digest == OTA_DIGEST_NONE  ? 0U
                           : announcement.digest == OTA_DIGEST_MD5 ? 32U
                                                                   : 64U));
    }
    FUZZ_HOLDS((outcome == OTA_REFUSED) <= (why != NULL));
    free(payload);
}

/* What registration and the CoAP server's /auth answer. */
void fuzz_cloud(const uint8_t *bytes, size_t len)
{
    char *payload = exact((struct fuzz_input){bytes, len});
    const char *why = NULL;
    struct aliyun_registered registered;
    FUZZ_HOLDS(aliyun_register_read(&registered, payload, len, &why) || why);
    for (int mode = ALIYUN_COAP_SYMMETRIC; mode <= ALIYUN_COAP_DTLS; mode++) {
        struct aliyun_coap_session session = {0};
        why = NULL;
        bool open = aliyun_coap_session_open(&session, (enum aliyun_coap_mode)mode, "secret",
                                             payload, len, &why);
        FUZZ_HOLDS(open || why);
        check_text(session.token, sizeof session.token);
        if (open) {
            struct buf plain = {0};
            aliyun_coap_unseal(&session, payload, len, &plain);
            buf_free(&plain);
        }
    }
    free(payload);
}

/* The cookie, then the packet. */
void fuzz_sntp(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    uint64_t cookie = 0;
    for (int i = 0; i < 8; i++) {
        cookie = cookie << 8 | fuzz_byte(&input);
    }
    char *packet = exact(input);
    struct sntp_answer answer;
    memset(&answer, 0, sizeof answer);
    if (sntp_packet_answer((unsigned char *)packet, input.len, cookie, &answer) == SNTP_GOOD) {
        FUZZ_HOLDS(answer.stratum >= 1 && answer.stratum <= 15);
    }
    check_text(answer.kiss, sizeof answer.kiss);
    free(packet);
}

static void keep_part(void *ctx, unsigned number, const char *part, size_t len)
{
    (void)number;
    FUZZ_HOLDS(len <= 255);
    if (len) {
        memcpy(ctx, part, len);
    }
}

void fuzz_coap(const uint8_t *bytes, size_t len)
{
    char room[255];
    char *path = exact((struct fuzz_input){bytes, len});
    FUZZ_HOLDS(coap_path_split(path, len, NULL, NULL) ==
               coap_path_split(path, len, keep_part, room));
    if (coap_client_path_valid(path, len)) {
        FUZZ_HOLDS(coap_path_split(path, len, keep_part, room));
    }
    free(path);
    char *uri = mem_copy(bytes, len);
    struct coap_client_uri parsed;
    if (coap_client_uri_parse(uri, &parsed)) {
        FUZZ_HOLDS(*parsed.host && parsed.port >= 1 && parsed.port <= 65535);
        FUZZ_HOLDS(coap_client_path_valid(parsed.path, strlen(parsed.path)));
    }
    free(uri);
}

static void check_url(const char *base_text, const char *text, size_t len)
{
    struct http_url base = {0};
    struct http_url url = {0};
    FUZZ_HOLDS(http_url_parse(&base, base_text, strlen(base_text)));
    if (http_url_parse(&url, text, len)) {
        FUZZ_HOLDS(url.text && url.host && url.port >= 1 && url.port <= 65535);
        FUZZ_HOLDS(http_url_shown(url.text) <= (int)strlen(url.text));
        http_url_same_origin(&base, &url);
    }
    free(http_url_join(&base, text));
    http_url_free(&url);
    http_url_free(&base);
}

/* A URL, LF, the head's lines. */
void fuzz_http(const uint8_t *bytes, size_t len)
{
    struct fuzz_input input = {bytes, len};
    struct http_head_lines head = {0};
    size_t text_len;
    char *text = fuzz_text(&input, '\n', &text_len);
    check_url("https://user.example:8443/a/b?c=d", text, text_len);
    free(text);
    int status = 100 + fuzz_byte(&input);
    enum http_head_step step = HTTP_HEAD_MORE;
    while (input.len && step != HTTP_HEAD_TOO_LONG) {
        char *line = fuzz_text(&input, '\n', &text_len);
        struct fuzz_input shorter = {(uint8_t *)line, text_len};
        char *tight = exact(shorter);
        step = http_head_take(&head, tight, text_len, status);
        free(tight);
        free(line);
    }
    int64_t from, size;
    http_head_range(&head, &from, &size);
    FUZZ_HOLDS(from >= -1 && size >= -1);
    FUZZ_HOLDS(http_head_length(&head) >= -1);
    char *location = http_head_copy(&head, "Location");
    if (location) {
        check_url("http://a/", location, strlen(location));
    }
    free(location);
    http_head_free(&head);
}

void fuzz_ftp(const uint8_t *bytes, size_t len)
{
    struct ftp_replies replies = {0};
    struct ftp_reply reply;
    enum ftp_replies_step step = FTP_REPLIES_MORE;
    for (size_t done = 0; done < len && step != FTP_REPLIES_GARBAGE; done += 50) {
        ftp_replies_add(&replies, (const char *)bytes + done, len - done < 50 ? len - done : 50);
        while ((step = ftp_replies_next(&replies, &reply)) == FTP_REPLIES_ONE) {
            FUZZ_HOLDS(reply.code >= 100 && reply.code <= 599);
            check_text(reply.text, sizeof reply.text);
            int port = ftp_address_passive_port(reply.code, reply.text);
            FUZZ_HOLDS(port >= 0 && port <= 65535);
        }
    }
    ftp_replies_free(&replies);
}

/* JSON; the same as a sealed datagram; and what a supplicant's scan has. */
void fuzz_provision(const uint8_t *bytes, size_t len)
{
    static const char key[PROVISION_KEY_LEN] = "0123456789abcde";
    static const struct provision_context context = {"context", 7};
    char *text = exact((struct fuzz_input){bytes, len});
    struct provision_credentials credentials;
    if (provision_credentials_read(&credentials, text, len)) {
        check_text(credentials.ssid, sizeof credentials.ssid);
        check_text(credentials.psk, sizeof credentials.psk);
        FUZZ_HOLDS(*credentials.ssid);
    }
    unsigned char sealed[PROVISION_SEALED_MAX];
    char opened[PROVISION_SEALED_MAX];
    if (len + PROVISION_OVERHEAD <= sizeof sealed &&
        provision_seal(key, context, text, len, sealed)) {
        FUZZ_HOLDS(provision_open(key, context, sealed, len + PROVISION_OVERHEAD, opened));
        FUZZ_HOLDS(memcmp(opened, text, len) == 0);
    }
    if (len <= sizeof opened) {
        FUZZ_HOLDS(!provision_open(key, context, text, len, opened));
    }
    free(text);
    text = mem_copy(bytes, len);
    struct wifi_ap aps[4];
    FUZZ_HOLDS(wpa_results(text, aps, 4) <= 4);
    free(text);
}
