/* The CoAP family of commands. */
#ifndef DIALECT_ICA_COAP_H
#define DIALECT_ICA_COAP_H

#include "cloud/coap_access.h"
#include "dialect/ica/auth.h"
#include "dialect/ica/reply.h"
#include "service/coap/coap_client.h"

/* The four send commands. */
enum ica_coap_send { ICA_SENDREQ, ICA_SENDBIN, ICA_SENDREQN, ICA_SENDNBIN, ICA_COAP_SENDS };

struct ica_coap_request;

/* Its part of a module's state. */
struct ica_coap {
    struct coap_client *plain;     /* the server of coap.uri, where that needs no cloud */
    char *prefix;                  /* path of coap.uri, or "" */
    struct coap_access *cloud;     /* of the device that authenticated last */
    struct coap_access *candidate; /* of the one that is authenticating */
    struct ica_triple device;      /* whose cloud is */
    struct ica_auth auth;
    struct ica_coap_request *requests; /* without outcome */
    struct ica_last sent[ICA_COAP_SENDS], received, received_binary;
};

extern const struct at_table ica_coap_table;

void ica_coap_power_on(struct ica *ica);
void ica_coap_power_off(struct ica *ica);
/* Requests without outcome. */
size_t ica_coap_outstanding(const struct ica *ica);

/* ---- between the files of the family ---- */

/* coap_server.c */
void ica_coap_load_server(struct ica *ica);
void ica_coap_unload_server(struct ica *ica);
/* Whether a request has somewhere to go. */
bool ica_coap_ready(const struct ica *ica);
/* Sends it there: request->path is the host's, with a "/" before it. The token, or 0. */
uint16_t ica_coap_send(struct ica *ica, const struct coap_client_request *request,
                       coap_client_done done, void *ctx);

/* coap_request.c */
at_result ica_coap_text_read(void *ctx, struct at_call *call);
at_result ica_coap_text_set(void *ctx, struct at_call *call);
at_result ica_coap_binary_read(void *ctx, struct at_call *call);
at_result ica_coap_binary_set(void *ctx, struct at_call *call);
at_result ica_coap_binary_data(void *ctx, struct at_call *call, const char *bytes, size_t len);
at_result ica_coap_rcvrsp_read(void *ctx, struct at_call *call);
at_result ica_coap_rcvbin_read(void *ctx, struct at_call *call);
/* Requests under way on an access that goes end with "other error", or without a word. */
void ica_coap_end_requests(struct ica *ica, bool told);

#endif
