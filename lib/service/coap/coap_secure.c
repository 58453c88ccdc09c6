#include "service/coap/coap_secure.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/tls_load.h"

struct coap_secure {
    const struct coap_client_options *options;
    SSL_CTX *files;          /* trust and identity, to be copied from */
    X509_VERIFY_PARAM *name; /* what the certificate must say */
    char *server_name;       /* for SNI; NULL for a number */
    SSL *ssl;                /* libcoap's; NULL once it is gone */
    bool alerted;
    bool closed;
    char reason[200];
};

static bool load_files(struct coap_secure *secure, char *why, size_t why_size)
{
    secure->files = SSL_CTX_new(DTLS_client_method());
    if (!secure->files) {
        abort(); /* no memory */
    }
    return service_tls_load(secure->files, &secure->options->tls, why, why_size);
}

static bool check_key(const struct coap_client_options *options, char *why, size_t why_size)
{
    size_t identity_len = options->psk_identity ? strlen(options->psk_identity) : 0;
    if (options->psk_key_len == 0) {
        snprintf(why, why_size, "there is no pre-shared key");
    } else if (options->psk_key_len > COAP_CLIENT_PSK_KEY_MAX) {
        snprintf(why, why_size, "the pre-shared key is too long");
    } else if (identity_len > COAP_CLIENT_PSK_IDENTITY_MAX) {
        snprintf(why, why_size, "the identity of the pre-shared key is too long");
    } else {
        return true;
    }
    return false;
}

struct coap_secure *coap_secure_create(const struct coap_client_options *options, char *why,
                                       size_t why_size)
{
    struct coap_secure *secure = mem_zeroed(sizeof *secure);
    secure->options = options;
    secure->name = X509_VERIFY_PARAM_new();
    if (!secure->name) {
        abort(); /* no memory */
    }
    secure->server_name = service_tls_expect(secure->name, options->host);
    bool ok = options->security == COAP_CLIENT_PSK ? check_key(options, why, why_size)
                                                   : load_files(secure, why, why_size);
    if (!ok) {
        coap_secure_destroy(secure);
        return NULL;
    }
    return secure;
}

void coap_secure_destroy(struct coap_secure *secure)
{
    if (secure) {
        SSL_CTX_free(secure->files);
        X509_VERIFY_PARAM_free(secure->name);
        free(secure->server_name);
        free(secure);
    }
}

static coap_session_t *psk_session(struct coap_secure *secure, coap_context_t *context,
                                   const coap_address_t *to)
{
    const struct coap_client_options *options = secure->options;
    const char *identity = options->psk_identity ? options->psk_identity : "";
    coap_dtls_cpsk_t setup = {
        .version = COAP_DTLS_CPSK_SETUP_VERSION,
        .client_sni = secure->server_name,
        .psk_info = {.identity = {strlen(identity), (const uint8_t *)identity},
                     .key = {options->psk_key_len, options->psk_key}},
    };
    return coap_new_client_session_psk2(context, NULL, to, COAP_PROTO_DTLS, &setup);
}

static coap_session_t *certificate_session(struct coap_secure *secure, coap_context_t *context,
                                           const coap_address_t *to)
{
    coap_dtls_pki_t setup = {
        .version = COAP_DTLS_PKI_SETUP_VERSION,
        .verify_peer_cert = 1,
        .client_sni = secure->server_name,
        .pki_key = {.key_type = COAP_PKI_KEY_PEM},
    };
    return coap_new_client_session_pki(context, NULL, to, COAP_PROTO_DTLS, &setup);
}

/* The first record of an alert: 1 byte level, 1 byte description (RFC 5246 7.2). */
static void on_message(int write, int version, int type, const void *bytes, size_t len, SSL *ssl,
                       void *ctx)
{
    (void)version;
    (void)ssl;
    struct coap_secure *secure = ctx;
    const unsigned char *alert = bytes;
    if (write || type != SSL3_RT_ALERT || len != 2 || secure->alerted) {
        return;
    }
    secure->closed = true;
    if (alert[1] != SSL3_AD_CLOSE_NOTIFY) {
        secure->alerted = true;
        snprintf(secure->reason, sizeof secure->reason, "the server refused: %s",
                 SSL_alert_desc_string_long(alert[1]));
    }
}

/* The handshake needs this only from the server's answer on, which cannot be here yet. */
static void set_trust(const struct coap_secure *secure, SSL *ssl)
{
    SSL_CTX *files = secure->files;
    STACK_OF(X509) *chain = NULL;
    X509 *certificate = SSL_CTX_get0_certificate(files);
    if (certificate) {
        SSL_CTX_get0_chain_certs(files, &chain);
        SSL_use_cert_and_key(ssl, certificate, SSL_CTX_get0_privatekey(files), chain, 1);
    }
    if (secure->options->tls.insecure) {
        SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
        return;
    }
    SSL_set1_verify_cert_store(ssl, SSL_CTX_get_cert_store(files));
    X509_VERIFY_PARAM_set1(SSL_get0_param(ssl), secure->name);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
}

coap_session_t *coap_secure_session(struct coap_secure *secure, coap_context_t *context,
                                    const coap_address_t *to)
{
    bool psk = secure->options->security == COAP_CLIENT_PSK;
    coap_session_t *session =
        psk ? psk_session(secure, context, to) : certificate_session(secure, context, to);
    secure->ssl = session ? coap_session_get_tls(session, NULL) : NULL;
    if (!secure->ssl) {
        return NULL;
    }
    SSL_set_msg_callback(secure->ssl, on_message);
    SSL_set_msg_callback_arg(secure->ssl, secure);
    if (!psk) {
        set_trust(secure, secure->ssl);
    }
    return session;
}

static bool certificate_refused(const struct coap_secure *secure)
{
    const struct coap_client_options *options = secure->options;
    return secure->ssl && options->security == COAP_CLIENT_CERTIFICATE && !options->tls.insecure &&
           SSL_get_verify_result(secure->ssl) != X509_V_OK;
}

const char *coap_secure_reason(struct coap_secure *secure)
{
    if (*secure->reason) {
        return secure->reason;
    }
    const char *text = ERR_reason_error_string(ERR_peek_last_error());
    if (certificate_refused(secure)) {
        snprintf(secure->reason, sizeof secure->reason,
                 "the server's certificate is not accepted: %s",
                 X509_verify_cert_error_string(SSL_get_verify_result(secure->ssl)));
    } else {
        snprintf(secure->reason, sizeof secure->reason, "DTLS: %s", text ? text : "it failed");
    }
    return secure->reason;
}

bool coap_secure_closed(struct coap_secure *secure)
{
    secure->ssl = NULL; /* libcoap has freed it */
    return secure->closed;
}

void coap_secure_log(const struct coap_secure *secure, struct log *log)
{
    log_write(log, LEVEL_STATE, "coap: %s, %s", SSL_get_version(secure->ssl),
              SSL_get_cipher_name(secure->ssl));
}
