#include "net/provision_crypto.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/mem.h"

/* A cipher that has its key, its nonce and its context; NULL if OpenSSL cannot. */
static EVP_CIPHER_CTX *start(const void *key, const unsigned char *nonce,
                             struct provision_context context, int encrypt)
{
    EVP_CIPHER_CTX *cipher = EVP_CIPHER_CTX_new();
    int ignored;
    /* GCM's nonce has 12 bytes unless another length is set. */
    if (cipher && EVP_CipherInit_ex2(cipher, EVP_aes_128_gcm(), key, nonce, encrypt, NULL) &&
        (context.len == 0 ||
         EVP_CipherUpdate(cipher, NULL, &ignored, context.bytes, (int)context.len))) {
        return cipher;
    }
    EVP_CIPHER_CTX_free(cipher);
    return NULL;
}

bool provision_seal(const void *key, struct provision_context context, const void *text, size_t len,
                    unsigned char *sealed)
{
    if (len + PROVISION_OVERHEAD > PROVISION_SEALED_MAX ||
        RAND_bytes(sealed, PROVISION_NONCE_LEN) != 1) {
        return false;
    }
    unsigned char *to = sealed + PROVISION_NONCE_LEN;
    EVP_CIPHER_CTX *cipher = start(key, sealed, context, 1);
    int done = 0;
    int rest = 0;
    bool ok =
        cipher && EVP_CipherUpdate(cipher, to, &done, text, (int)len) &&
        EVP_CipherFinal_ex(cipher, to + done, &rest) &&
        EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, PROVISION_TAG_LEN, to + done + rest) > 0;
    EVP_CIPHER_CTX_free(cipher);
    return ok;
}

bool provision_open(const void *key, struct provision_context context, const void *sealed,
                    size_t len, char *text)
{
    if (len < PROVISION_OVERHEAD || len > PROVISION_SEALED_MAX) {
        return false;
    }
    const unsigned char *from = sealed;
    size_t inner = len - PROVISION_OVERHEAD;
    unsigned char tag[PROVISION_TAG_LEN];
    memcpy(tag, from + PROVISION_NONCE_LEN + inner, sizeof tag);
    EVP_CIPHER_CTX *cipher = start(key, from, context, 0);
    int done = 0;
    int rest = 0;
    bool ok = cipher &&
              EVP_CipherUpdate(cipher, (unsigned char *)text, &done, from + PROVISION_NONCE_LEN,
                               (int)inner) &&
              EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) > 0 &&
              EVP_CipherFinal_ex(cipher, (unsigned char *)text + done, &rest) > 0;
    EVP_CIPHER_CTX_free(cipher);
    if (!ok) {
        mem_wipe(text, inner);
    }
    text[ok ? inner : 0] = '\0';
    return ok;
}
