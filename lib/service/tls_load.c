#include "service/tls_load.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static bool empty(const char *text)
{
    return !text || !*text;
}

int service_tls_no_passphrase(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

int service_tls_each_certificate(BIO *bio, bool (*use)(void *ctx, X509 *certificate, int index),
                                 void *ctx)
{
    int count = 0;
    X509 *certificate;
    ERR_clear_error();
    while ((certificate = PEM_read_bio_X509(bio, NULL, service_tls_no_passphrase, NULL))) {
        bool used = !use || use(ctx, certificate, count);
        X509_free(certificate);
        if (!used) {
            return -1;
        }
        count++;
    }
    unsigned long error = ERR_peek_last_error();
    if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) {
        return -1;
    }
    ERR_clear_error(); /* the end of the text */
    return count;
}

struct reason {
    char *text;
    size_t size;
};

static bool bad(const struct reason *why, const char *what, const char *where)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SYS) {
        reason = strerror(ERR_GET_REASON(error));
    }
    snprintf(why->text, why->size, "%s %s: %s", what, where, reason ? reason : "unknown error");
    ERR_clear_error();
    return false;
}

/* How a text is called in a reason. */
static const char given[] = "(given as a text)";

static BIO *text_bio(const char *pem)
{
    BIO *bio = BIO_new_mem_buf(pem, -1);
    if (!bio) {
        abort(); /* no memory */
    }
    return bio;
}

/* ---- trust ---- */

static bool trust_one(void *ctx, X509 *certificate, int index)
{
    (void)index;
    return X509_STORE_add_cert(ctx, certificate) == 1;
}

static bool trust_text(X509_STORE *store, const char *pem, const struct reason *why)
{
    BIO *bio = text_bio(pem);
    int count = service_tls_each_certificate(bio, trust_one, store);
    BIO_free(bio);
    return count > 0 || bad(why, "CA certificate", given);
}

/* The hashed directory, never the bundle beside it: that takes 25 ms of the loop to read. */
static bool trust_system(X509_STORE *store, const struct reason *why)
{
    const char *path = getenv(X509_get_default_cert_dir_env());
    path = path ? path : X509_get_default_cert_dir();
    return X509_STORE_load_path(store, path) == 1 || bad(why, "CA directory", path);
}

static bool load_trust(SSL_CTX *context, const struct service_tls *tls, const struct reason *why)
{
    X509_STORE *store = X509_STORE_new();
    if (!store) {
        abort(); /* no memory */
    }
    SSL_CTX_set_cert_store(context, store);
    if (!empty(tls->ca_pem)) {
        return trust_text(store, tls->ca_pem, why);
    }
    if (!empty(tls->ca_file)) {
        return X509_STORE_load_file(store, tls->ca_file) == 1 || bad(why, "CA file", tls->ca_file);
    }
    return trust_system(store, why);
}

/* ---- identity ---- */

static bool show_one(void *ctx, X509 *certificate, int index)
{
    return index == 0 ? SSL_CTX_use_certificate(ctx, certificate) == 1
                      : SSL_CTX_add1_chain_cert(ctx, certificate) == 1;
}

static bool load_certificate(SSL_CTX *context, const struct service_tls *tls,
                             const struct reason *why)
{
    static const char what[] = "client certificate";
    if (empty(tls->cert_pem)) {
        return SSL_CTX_use_certificate_chain_file(context, tls->cert_file) == 1 ||
               bad(why, what, tls->cert_file);
    }
    BIO *bio = text_bio(tls->cert_pem);
    int count = service_tls_each_certificate(bio, show_one, context);
    BIO_free(bio);
    return count > 0 || bad(why, what, given);
}

static bool load_key(SSL_CTX *context, const struct service_tls *tls, const struct reason *why)
{
    static const char what[] = "key of the client certificate";
    const char *pem = service_tls_key_pem(tls);
    if (!pem) {
        const char *file = service_tls_key_file(tls);
        return SSL_CTX_use_PrivateKey_file(context, file, SSL_FILETYPE_PEM) == 1 ||
               bad(why, what, file);
    }
    BIO *bio = text_bio(pem);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, service_tls_no_passphrase, NULL);
    bool good = key && SSL_CTX_use_PrivateKey(context, key) == 1;
    EVP_PKEY_free(key);
    BIO_free(bio);
    return good || bad(why, what, given);
}

static bool load_identity(SSL_CTX *context, const struct service_tls *tls, const struct reason *why)
{
    if (!service_tls_has_identity(tls)) {
        return true;
    }
    SSL_CTX_set_default_passwd_cb(context, service_tls_no_passphrase);
    return load_certificate(context, tls, why) && load_key(context, tls, why);
}

bool service_tls_load(SSL_CTX *context, const struct service_tls *tls, char *why, size_t why_size)
{
    const struct reason reason = {why, why_size};
    ERR_clear_error();
    return (tls->insecure || load_trust(context, tls, &reason)) &&
           load_identity(context, tls, &reason);
}

char *service_tls_expect(X509_VERIFY_PARAM *param, const char *host)
{
    size_t len = strlen(host);
    bool bracketed = len > 2 && *host == '[' && host[len - 1] == ']';
    char *bare = bracketed ? mem_copy(host + 1, len - 2) : mem_string(host);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, bare) == 1) {
        free(bare);
        return NULL;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(param, bare, 0);
    return bare;
}
