#include "cloud/aliyun_coap.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "cloud/json.h"

enum {
    BLOCK = 16,
    SEQ_START_MAX = 999999999, /* far below where a counter or a double could run over */
    AES_MAX = 1 << 30,         /* EVP counts in int */
};

/* The same for every message: the cloud fixed it. */
static const unsigned char initial_vector[BLOCK + 1] = "543yhjy97ae7fyfg";

char *aliyun_coap_host(const struct cloud_settings *cloud, const char *product_key)
{
    return *cloud->instance
               ? mem_printf("%s.coap.iothub.aliyuncs.com", cloud->instance)
               : mem_printf("%s.coap.%s.link.aliyuncs.com", product_key, cloud->region);
}

/* ---- /auth ---- */

char *aliyun_coap_auth(const struct aliyun_device *device, enum aliyun_coap_mode mode, uint32_t seq)
{
    bool symmetric = mode == ALIYUN_COAP_SYMMETRIC;
    char digits[12] = "";
    if (symmetric) {
        snprintf(digits, sizeof digits, "%u", seq);
    }
    char *client_id = mem_printf("%s&%s", device->product_key, device->device_name);
    char *content =
        mem_printf("clientId%sdeviceName%sproductKey%s%s%s", client_id, device->device_name,
                   device->product_key, symmetric ? "seq" : "", digits);
    char signature[ALIYUN_SIGNATURE_SIZE];
    bool ok = aliyun_sign(symmetric ? ALIYUN_HMAC_SHA1 : ALIYUN_HMAC_MD5, device->device_secret,
                          content, signature);
    char *text = NULL;
    if (ok) {
        /* The documents and the SDKs show lower case here, and nothing says that both are taken. */
        aliyun_lower_case(signature);
        cJSON *auth = json_object();
        json_add_text(auth, "productKey", device->product_key);
        json_add_text(auth, "deviceName", device->device_name);
        json_add_text(auth, "clientId", client_id);
        json_add_text(auth, "sign", signature);
        if (symmetric) {
            json_add_text(auth, "seq", digits);
            json_add_text(auth, "signmethod", "hmacsha1");
        }
        text = json_take_text(auth);
    }
    free(content);
    free(client_id);
    return text;
}

/* Bytes 8 to 23 of SHA-256 over `<device secret>,<random>`. */
static bool derive_key(const char *device_secret, const char *random, unsigned char key[BLOCK])
{
    char *text = mem_printf("%s,%s", device_secret, random);
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    bool ok = EVP_Digest(text, strlen(text), digest, &len, EVP_sha256(), NULL) && len == 32;
    if (ok) {
        memcpy(key, digest + 8, BLOCK);
    }
    mem_wipe(text, strlen(text));
    free(text);
    mem_wipe(digest, sizeof digest);
    return ok;
}

/* What is wrong with the answer, or NULL and a session. */
static const char *read_answer(struct aliyun_coap_session *session, const cJSON *answer,
                               const char *device_secret)
{
    const char *token = json_text(answer, "token");
    if (!token || !aliyun_is_token(token, sizeof session->token)) {
        return "no token, or one that cannot be sent";
    }
    memcpy(session->token, token, strlen(token) + 1);
    if (session->mode == ALIYUN_COAP_DTLS) {
        return NULL;
    }
    enum { RANDOM_MAX = 128 };
    const char *random = json_text(answer, "random");
    if (!random || !*random || strlen(random) > RANDOM_MAX) {
        return "no random number, or one that is too long";
    }
    long long offset;
    if (!json_integer(answer, "seqOffset", 0, SEQ_START_MAX, &offset)) {
        return "no seqOffset that can be counted from";
    }
    session->seq = (uint64_t)offset;
    return derive_key(device_secret, random, session->key) ? NULL : "no SHA-256";
}

bool aliyun_coap_session_open(struct aliyun_coap_session *session, enum aliyun_coap_mode mode,
                              const char *device_secret, const char *bytes, size_t len,
                              const char **why)
{
    struct aliyun_coap_session opened = {.mode = mode};
    cJSON *answer = json_parse_object(bytes, len);
    *why = answer ? read_answer(&opened, answer, device_secret) : "no JSON object";
    cJSON_Delete(answer);
    if (!*why) {
        *session = opened;
    }
    aliyun_coap_session_wipe(&opened);
    return !*why;
}

void aliyun_coap_session_wipe(struct aliyun_coap_session *session)
{
    mem_wipe(session, sizeof *session);
}

/* ---- payloads ---- */

/* AES-128-CBC with PKCS#7 padding, either way; adds to out. */
static bool cipher(const unsigned char key[BLOCK], bool encrypt, const void *bytes, size_t len,
                   struct buf *out)
{
    EVP_CIPHER_CTX *ctx = len <= AES_MAX ? EVP_CIPHER_CTX_new() : NULL;
    if (!ctx) {
        return false;
    }
    unsigned char *room = (unsigned char *)buf_room(out, len + 2 * BLOCK);
    int first = 0;
    int last = 0;
    /* Bad padding is the peer's doing: no TLS connection of this thread may find it in the queue of
     * errors. */
    ERR_set_mark();
    bool ok = EVP_CipherInit_ex2(ctx, EVP_aes_128_cbc(), key, initial_vector, encrypt, NULL) &&
              (len == 0 || EVP_CipherUpdate(ctx, room, &first, bytes, (int)len)) &&
              EVP_CipherFinal_ex(ctx, room + first, &last);
    if (ok) {
        buf_added(out, (size_t)first + (size_t)last);
    }
    ERR_pop_to_mark();
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

bool aliyun_coap_seal(struct aliyun_coap_session *session, const void *bytes, size_t len,
                      struct buf *payload, struct buf *seq)
{
    if (session->mode == ALIYUN_COAP_DTLS) {
        buf_add(payload, bytes, len);
        return true;
    }
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%llu", (unsigned long long)++session->seq);
    return cipher(session->key, true, digits, (size_t)count, seq) &&
           cipher(session->key, true, bytes, len, payload);
}

bool aliyun_coap_unseal(const struct aliyun_coap_session *session, const void *bytes, size_t len,
                        struct buf *plain)
{
    if (session->mode == ALIYUN_COAP_DTLS) {
        buf_add(plain, bytes, len);
        return true;
    }
    return len == 0 || cipher(session->key, false, bytes, len, plain);
}

/* ---- DTLS with a pre-shared key ---- */

bool aliyun_coap_psk(const struct aliyun_device *device, enum aliyun_coap_psk_form form,
                     const char *timestamp, struct aliyun_coap_psk *psk)
{
    bool sdk = form == ALIYUN_COAP_PSK_SDK;
    if (!timestamp) {
        timestamp = ALIYUN_TIMESTAMP;
    }
    char *content = mem_printf("%s%s&%s%s%s", sdk ? "id" : "", device->product_key,
                               device->device_name, sdk ? "timestamp" : "", timestamp);
    *psk = (struct aliyun_coap_psk){0};
    bool ok = aliyun_sign(ALIYUN_HMAC_SHA256, device->device_secret, content, psk->key);
    if (ok) {
        psk->identity = mem_printf("devicename|hmacsha256|%s&%s%s%s", device->product_key,
                                   device->device_name, sdk ? "|" : "", timestamp);
    }
    free(content);
    return ok;
}

void aliyun_coap_psk_free(struct aliyun_coap_psk *psk)
{
    free(psk->identity);
    mem_wipe(psk, sizeof *psk);
}
