/* Private to the CoAP service: the DTLS side of a session. libcoap drives the handshake; who is
 * trusted, by which name, and with what we identify ourselves is set on its SSL object, as libcoap
 * checks no name, takes no hashed directory and no certificate chain, and says no reasons. */
#ifndef SERVICE_COAP_COAP_SECURE_H
#define SERVICE_COAP_COAP_SECURE_H

#include <coap3/coap.h>
#include <stdbool.h>
#include <stddef.h>

#include "service/coap/coap_client.h"

struct coap_secure;
struct log;

/* Reads the files that options name. NULL: bad files or keys, why says which. */
struct coap_secure *coap_secure_create(const struct coap_client_options *options, char *why,
                                       size_t why_size);
/* After the context of its session is freed. NULL is fine. */
void coap_secure_destroy(struct coap_secure *secure);

/* The session, its ClientHello sent; NULL: errno may say why. */
coap_session_t *coap_secure_session(struct coap_secure *secure, coap_context_t *context,
                                    const coap_address_t *to);

/* What went wrong, in words; during COAP_EVENT_DTLS_ERROR, or later for what is known by then. */
const char *coap_secure_reason(struct coap_secure *secure);

/* To be called at COAP_EVENT_DTLS_CLOSED. Whether the peer has ended the session with an alert. */
bool coap_secure_closed(struct coap_secure *secure);

/* The log line of a handshake that is done. */
void coap_secure_log(const struct coap_secure *secure, struct log *log);

#endif
