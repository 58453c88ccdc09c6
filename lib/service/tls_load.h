/* What struct service_tls names, loaded into OpenSSL: TLS and DTLS, every service but those whose
 * library takes the file names. */
#ifndef SERVICE_TLS_LOAD_H
#define SERVICE_TLS_LOAD_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/tls.h"

/* Trust (unless tls->insecure) and client certificate. Never asks for a pass phrase. False: why
 * names the file and the reason. */
bool service_tls_load(SSL_CTX *context, const struct service_tls *tls, char *why, size_t why_size);

/* The peer's certificate must name host, a name or a number (IPv6 also in brackets). Returns the
 * name for SNI, or NULL for a number; the caller frees it. */
char *service_tls_expect(X509_VERIFY_PARAM *param, const char *host);

#endif
