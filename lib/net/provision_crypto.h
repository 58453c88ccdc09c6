/* What encloses a provisioning datagram: AES-128-GCM (NIST SP 800-38D) with a random nonce of 12
 * bytes in front and the tag of 16 behind. Private to lib/net. */
#ifndef NET_PROVISION_CRYPTO_H
#define NET_PROVISION_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>

enum {
    PROVISION_NONCE_LEN = 12,
    PROVISION_TAG_LEN = 16,
    PROVISION_OVERHEAD = PROVISION_NONCE_LEN + PROVISION_TAG_LEN,
    PROVISION_SEALED_MAX = 1024, /* a datagram; a longer one is none */
};

/* Additional authenticated data: bound to the text, but not in it. */
struct provision_context {
    const void *bytes;
    size_t len;
};

/* Encloses len bytes of text; room for len + PROVISION_OVERHEAD. False: too long, or no random
 * bytes to be had. */
bool provision_seal(const void *key, struct provision_context context, const void *text, size_t len,
                    unsigned char *sealed);

/* Opens a datagram; room for len - PROVISION_OVERHEAD bytes and a NUL. False: the key or the
 * context is another, or it is not whole; then the room holds nothing of it. */
bool provision_open(const void *key, struct provision_context context, const void *sealed,
                    size_t len, char *text);

#endif
