#include "cloud/plugin/signature.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static const EVP_MD *digest_of(const char *method)
{
    if (strcmp(method, "hmacmd5") == 0) {
        return EVP_md5();
    }
    if (strcmp(method, "hmacsha1") == 0) {
        return EVP_sha1();
    }
    return strcmp(method, "hmacsha256") == 0 ? EVP_sha256() : NULL;
}

bool signature_method_known(const char *method)
{
    return digest_of(method);
}

bool signature_make(const char *method, const char *key, const char *content,
                    char hex[SIGNATURE_SIZE])
{
    const EVP_MD *digest = digest_of(method);
    unsigned char code[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!digest || !HMAC(digest, key, (int)strlen(key), (const unsigned char *)content,
                         strlen(content), code, &len)) {
        return false;
    }
    for (unsigned i = 0; i < len; i++) {
        snprintf(hex + (size_t)2 * i, 3, "%02x", code[i]);
    }
    return true;
}

bool signature_matches(const char *method, const char *key, const char *content, const char *given)
{
    char hex[SIGNATURE_SIZE];
    return signature_make(method, key, content, hex) && strcasecmp(hex, given) == 0;
}
