#include "service/tls_load.h"

#include <openssl/err.h>
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

/* Without this OpenSSL would ask on the terminal. */
static int no_passphrase(char *buffer, int size, int writing, void *ctx)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)ctx;
    return -1;
}

struct reason {
    char *text;
    size_t size;
};

static bool bad_file(const struct reason *why, const char *what, const char *path)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SYS) {
        reason = strerror(ERR_GET_REASON(error));
    }
    snprintf(why->text, why->size, "%s %s: %s", what, path, reason ? reason : "unknown error");
    ERR_clear_error();
    return false;
}

/* The hashed directory, never the bundle beside it: that takes 25 ms of the loop to read. */
static bool load_trust(SSL_CTX *context, const char *ca_file, const struct reason *why)
{
    X509_STORE *store = X509_STORE_new();
    if (!store) {
        abort(); /* no memory */
    }
    SSL_CTX_set_cert_store(context, store);
    if (!empty(ca_file)) {
        return X509_STORE_load_file(store, ca_file) == 1 || bad_file(why, "CA file", ca_file);
    }
    const char *path = getenv(X509_get_default_cert_dir_env());
    path = path ? path : X509_get_default_cert_dir();
    return X509_STORE_load_path(store, path) == 1 || bad_file(why, "CA directory", path);
}

static bool load_identity(SSL_CTX *context, const struct service_tls *tls, const struct reason *why)
{
    if (empty(tls->cert_file)) {
        return true;
    }
    const char *key_file = empty(tls->key_file) ? tls->cert_file : tls->key_file;
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    if (SSL_CTX_use_certificate_chain_file(context, tls->cert_file) != 1) {
        return bad_file(why, "client certificate", tls->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1) {
        return bad_file(why, "key of the client certificate", key_file);
    }
    return true;
}

bool service_tls_load(SSL_CTX *context, const struct service_tls *tls, char *why, size_t why_size)
{
    const struct reason reason = {why, why_size};
    ERR_clear_error();
    return (tls->insecure || load_trust(context, tls->ca_file, &reason)) &&
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
