#include "service/tls.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/tls_load.h"

static bool empty(const char *text)
{
    return !text || !*text;
}

struct service_tls service_tls_copy(const struct service_tls *tls)
{
    return (struct service_tls){
        .ca_file = mem_string(tls->ca_file),
        .ca_pem = mem_string(tls->ca_pem),
        .cert_file = mem_string(tls->cert_file),
        .cert_pem = mem_string(tls->cert_pem),
        .key_file = mem_string(tls->key_file),
        .key_pem = mem_string(tls->key_pem),
        .insecure = tls->insecure,
    };
}

static void free_text(const char *text)
{
    free((void *)(uintptr_t)text);
}

static void wipe_text(const char *text)
{
    if (text) {
        mem_wipe((void *)(uintptr_t)text, strlen(text));
    }
    free_text(text);
}

void service_tls_free(struct service_tls *tls)
{
    free_text(tls->ca_file);
    free_text(tls->ca_pem);
    free_text(tls->cert_file);
    wipe_text(tls->cert_pem); /* the key may be in it */
    free_text(tls->key_file);
    wipe_text(tls->key_pem);
    *tls = (struct service_tls){0};
}

bool service_tls_has_identity(const struct service_tls *tls)
{
    return !empty(tls->cert_pem) || !empty(tls->cert_file);
}

const char *service_tls_key_pem(const struct service_tls *tls)
{
    if (!empty(tls->key_pem)) {
        return tls->key_pem;
    }
    return empty(tls->key_file) && !empty(tls->cert_pem) ? tls->cert_pem : NULL;
}

const char *service_tls_key_file(const struct service_tls *tls)
{
    return empty(tls->key_file) ? tls->cert_file : tls->key_file;
}

/* ---- what a text is ---- */

bool service_tls_is_certificate(const char *pem, size_t len)
{
    BIO *bio = len <= INT_MAX ? BIO_new_mem_buf(pem, (int)len) : NULL;
    int certificates = bio ? service_tls_each_certificate(bio, NULL, NULL) : 0;
    BIO_free(bio);
    ERR_clear_error();
    return certificates > 0;
}
