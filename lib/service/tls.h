/* What TLS and DTLS trust and show: the same for every service. */
#ifndef SERVICE_TLS_H
#define SERVICE_TLS_H

#include <stdbool.h>
#include <stddef.h>

/* Each thing is the name of a PEM file or, where that is given, a PEM text, which comes first. NULL
 * or "": not given. */
struct service_tls {
    const char *ca_file; /* neither file nor text: the system's store */
    const char *ca_pem;
    const char *cert_file; /* client certificate, with its chain; neither: none */
    const char *cert_pem;
    const char *key_file; /* its key; neither: where the certificate is */
    const char *key_pem;
    bool insecure; /* neither chain nor name is checked */
};

/* A copy with strings of its own; service_tls_free() frees them, and wipes the key. */
struct service_tls service_tls_copy(const struct service_tls *tls);
void service_tls_free(struct service_tls *tls);

/* Whether a client certificate is given at all, and the text or file of its key. */
bool service_tls_has_identity(const struct service_tls *tls);
const char *service_tls_key_pem(const struct service_tls *tls);
const char *service_tls_key_file(const struct service_tls *tls);

/* Whether a text holds a certificate in PEM, and nothing in PEM that is damaged. */
bool service_tls_is_certificate(const char *pem, size_t len);

#endif
