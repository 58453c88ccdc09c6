/* A device's access to Alibaba Cloud over CoAP: authenticates, seals requests and unseals answers,
 * and authenticates again when the cloud wants it. Texts and bytes: aliyun_coap.h. */
#ifndef CLOUD_COAP_ACCESS_H
#define CLOUD_COAP_ACCESS_H

#include "cloud/aliyun_coap.h"
#include "service/coap/coap_client.h"

struct coap_access;
struct service_env;

/* server and device are copied; env outlives the object. mode ALIYUN_COAP_DTLS goes with a server
 * that is spoken to with DTLS. */
struct coap_access *coap_access_create(const struct service_env *env,
                                       const struct coap_client_options *server,
                                       enum aliyun_coap_mode mode,
                                       const struct aliyun_device *device);
/* Callbacks are not called any more. Also from inside one. NULL is fine. */
void coap_access_destroy(struct coap_access *access);

typedef void (*coap_access_authenticated)(void *ctx, bool accepted);

/* Authenticates (POST /auth). done comes from the loop, exactly once, within timeout_ms. Not while
 * another call has no outcome yet. */
void coap_access_auth(struct coap_access *access, unsigned timeout_ms,
                      coap_access_authenticated done, void *ctx);

/* Sends a request to /topic<path>, as coap_client_send(); formats and options are put in here. A
 * device without a session authenticates first; an answer 4.01 or 4.02 lets it authenticate again
 * once and send once more, all within timeout_ms. The number is the token of the first datagram (of
 * the first one sent to the cloud at all). Answers come unsealed; one that cannot be is
 * COAP_CLIENT_BROKEN. */
uint16_t coap_access_send(struct coap_access *access, const struct coap_client_request *request,
                          coap_client_done done, void *ctx);

size_t coap_access_outstanding(const struct coap_access *access);

#endif
