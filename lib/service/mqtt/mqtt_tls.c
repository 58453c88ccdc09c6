#include "service/mqtt/mqtt_tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/mqtt/mqtt.h"

struct mqtt_tls_side {
    SSL_CTX *context;
    char *server_name; /* for SNI; NULL for a number */
    char reason[240];
};

static struct mqtt_tls_side *side_of(const SSL *ssl)
{
    return SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));
}

/* Later faults are mostly consequences of the first. */
static void set_reason(struct mqtt_tls_side *side, const char *text, const char *detail)
{
    if (!*side->reason) {
        snprintf(side->reason, sizeof side->reason, "%s%s", text, detail);
    }
}

static void on_info(const SSL *ssl, int where, int value)
{
    struct mqtt_tls_side *side = side_of(ssl);
    if (where & SSL_CB_HANDSHAKE_START) {
        /* libmosquitto has put the number here. */
        SSL_set_tlsext_host_name((SSL *)(uintptr_t)ssl, side->server_name);
    }
    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL) {
        set_reason(side, "the broker refused: ", SSL_alert_desc_string_long(value));
    }
}

static int on_verify(int ok, X509_STORE_CTX *store)
{
    if (!ok) {
        SSL *ssl = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx());
        int error = X509_STORE_CTX_get_error(store);
        set_reason(side_of(ssl), "the broker's certificate is not accepted: ",
                   X509_verify_cert_error_string(error));
    }
    return ok;
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

struct mqtt_tls_side *mqtt_tls_create(void)
{
    struct mqtt_tls_side *side = mem_zeroed(sizeof *side);
    side->context = SSL_CTX_new(TLS_client_method());
    if (!side->context) {
        abort(); /* no memory */
    }
    SSL_CTX_set_app_data(side->context, side);
    SSL_CTX_set_min_proto_version(side->context, TLS1_2_VERSION);
    SSL_CTX_set_mode(side->context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_info_callback(side->context, on_info);
    SSL_CTX_set_default_passwd_cb(side->context, no_passphrase);
    return side;
}

void mqtt_tls_destroy(struct mqtt_tls_side *side)
{
    if (side) {
        SSL_CTX_free(side->context);
        free(side->server_name);
        free(side);
    }
}

SSL_CTX *mqtt_tls_context(const struct mqtt_tls_side *side)
{
    return side->context;
}

static bool empty(const char *text)
{
    return !text || !*text;
}

static bool bad_file(struct mqtt_tls_side *side, const char *what, const char *path)
{
    unsigned long error = ERR_peek_error();
    const char *reason = ERR_reason_error_string(error);
    if (ERR_GET_LIB(error) == ERR_LIB_SYS) {
        reason = strerror(ERR_GET_REASON(error));
    }
    snprintf(side->reason, sizeof side->reason, "%s %s: %s", what, path,
             reason ? reason : "unknown error");
    ERR_clear_error();
    return false;
}

/* The hashed directory, never the bundle beside it: that takes 25 ms of the loop to read. */
static bool load_trust(struct mqtt_tls_side *side, const char *ca_file)
{
    X509_STORE *store = X509_STORE_new();
    if (!store) {
        abort(); /* no memory */
    }
    SSL_CTX_set_cert_store(side->context, store);
    if (!empty(ca_file)) {
        return X509_STORE_load_file(store, ca_file) == 1 || bad_file(side, "CA file", ca_file);
    }
    const char *path = getenv(X509_get_default_cert_dir_env());
    path = path ? path : X509_get_default_cert_dir();
    return X509_STORE_load_path(store, path) == 1 || bad_file(side, "CA directory", path);
}

static bool load_identity(struct mqtt_tls_side *side, const struct service_tls *tls)
{
    SSL_CTX *context = side->context;
    if (empty(tls->cert_file)) {
        return true;
    }
    const char *key_file = empty(tls->key_file) ? tls->cert_file : tls->key_file;
    if (SSL_CTX_use_certificate_chain_file(context, tls->cert_file) != 1) {
        return bad_file(side, "client certificate", tls->cert_file);
    }
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1) {
        return bad_file(side, "key of the client certificate", key_file);
    }
    return true;
}

static void expect_server(struct mqtt_tls_side *side, const char *host)
{
    X509_VERIFY_PARAM *param = SSL_CTX_get0_param(side->context);
    size_t len = strlen(host);
    bool bracketed = len > 2 && *host == '[' && host[len - 1] == ']';
    char *bare = bracketed ? mem_copy(host + 1, len - 2) : mem_string(host);
    free(side->server_name);
    side->server_name = NULL;
    if (X509_VERIFY_PARAM_set1_ip_asc(param, bare) == 1) {
        free(bare);
        return;
    }
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(param, bare, 0);
    side->server_name = bare;
}

bool mqtt_tls_load(struct mqtt_tls_side *side, const struct service_tls *tls, const char *host)
{
    *side->reason = '\0';
    ERR_clear_error();
    expect_server(side, host);
    if (tls->insecure) {
        SSL_CTX_set_verify(side->context, SSL_VERIFY_NONE, NULL);
    } else {
        SSL_CTX_set_verify(side->context, SSL_VERIFY_PEER, on_verify);
    }
    return (tls->insecure || load_trust(side, tls->ca_file)) && load_identity(side, tls);
}

void mqtt_tls_heard(struct mqtt_tls_side *side, const char *line)
{
    const char *last = strrchr(line, ':');
    const char *text = last ? last + 1 : line;
    if (strcmp(text, "wrong version number") == 0) {
        set_reason(side, "the broker does not speak TLS on this port", "");
    } else {
        set_reason(side, text, "");
    }
}

const char *mqtt_tls_reason(const struct mqtt_tls_side *side)
{
    return side->reason;
}
