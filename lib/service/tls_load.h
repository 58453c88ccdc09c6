/* What struct service_tls names, loaded into OpenSSL: TLS and DTLS, every service but those whose
 * library takes the file names. */
#ifndef SERVICE_TLS_LOAD_H
#define SERVICE_TLS_LOAD_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/tls.h"

/* Calls use for each certificate of a PEM text until it says false. Returns how many there were,
 * -1 if the text is damaged or use said false (the reason is OpenSSL's last error). use may be
 * NULL.
 */
int service_tls_each_certificate(BIO *bio, bool (*use)(void *ctx, X509 *certificate, int index),
                                 void *ctx);

/* A pem_password_cb that has none: without it OpenSSL would ask on the terminal. */
int service_tls_no_passphrase(char *buffer, int size, int writing, void *ctx);

/* Trust (unless tls->insecure) and client certificate. Never asks for a pass phrase. False: why
 * names the file and the reason. */
bool service_tls_load(SSL_CTX *context, const struct service_tls *tls, char *why, size_t why_size);

/* The peer's certificate must name host, a name or a number (IPv6 also in brackets). Returns the
 * name for SNI, or NULL for a number; the caller frees it. */
char *service_tls_expect(X509_VERIFY_PARAM *param, const char *host);

#endif
