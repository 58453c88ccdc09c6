/* What TLS and DTLS trust and show: the same for every service. */
#ifndef SERVICE_TLS_H
#define SERVICE_TLS_H

#include <stdbool.h>

struct service_tls {
    const char *ca_file;   /* PEM; NULL or "": the system's store */
    const char *cert_file; /* PEM, client certificate; NULL or "": none */
    const char *key_file;  /* PEM, its key; NULL or "": in cert_file */
    bool insecure;         /* neither chain nor name is checked */
};

#endif
