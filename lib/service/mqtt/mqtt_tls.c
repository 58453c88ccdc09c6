#include "service/mqtt/mqtt_tls.h"

#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "service/mqtt/mqtt.h"
#include "service/tls_load.h"

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

bool mqtt_tls_load(struct mqtt_tls_side *side, const struct service_tls *tls, const char *host)
{
    *side->reason = '\0';
    free(side->server_name);
    side->server_name = service_tls_expect(SSL_CTX_get0_param(side->context), host);
    if (tls->insecure) {
        SSL_CTX_set_verify(side->context, SSL_VERIFY_NONE, NULL);
    } else {
        SSL_CTX_set_verify(side->context, SSL_VERIFY_PEER, on_verify);
    }
    return service_tls_load(side->context, tls, side->reason, sizeof side->reason);
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
