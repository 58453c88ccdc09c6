/* The HTTP family of commands. */
#ifndef DIALECT_ICA_HTTP_H
#define DIALECT_ICA_HTTP_H

#include "dialect/ica/auth.h"
#include "dialect/ica/reply.h"
#include "service/http/http.h"

/* <status> of the standard. */
enum ica_http_status {
    ICA_HTTP_SUCCESS = 0,
    ICA_HTTP_TOKEN_EXPIRED = 1,
    ICA_HTTP_TOKEN_EMPTY = 2,
    ICA_HTTP_TOKEN_WRONG = 3,
    ICA_HTTP_SEND_FAILED = 4,
    ICA_HTTP_TOO_OFTEN = 5,
    ICA_HTTP_OTHER_ERROR = 255,
};

/* The three send commands. */
enum ica_http_send { ICA_HTTP_SEND, ICA_HTTP_SENDREQ, ICA_HTTP_SENDBIN, ICA_HTTP_SENDS };

struct ica_http_request;

/* Its part of a module's state. */
struct ica_http {
    struct http *service;
    struct ica_auth auth;
    char token[256];                   /* the cloud's; "": none */
    struct ica_http_request *requests; /* without outcome, in order; the first is under way */
    struct http_transfer *transfer;    /* of the first */
    uint16_t last_token;
    struct ica_last sent[ICA_HTTP_SENDS], received, received_binary;
};

extern const struct at_table ica_http_table;

void ica_http_power_on(struct ica *ica);
void ica_http_power_off(struct ica *ica);
/* Requests without outcome. */
size_t ica_http_outstanding(const struct ica *ica);
/* What HTTPS trusts, for requests of the module's own too. */
struct service_tls ica_http_tls(const struct ica *ica);

/* ---- between the files of the family ---- */

/* http_server.c */
/* The URL of a path, which begins with "/". The caller frees it. */
char *ica_http_url(const struct ica *ica, const char *path);
/* Whether the server is Alibaba Cloud (or a stand-in for it). */
bool ica_http_to_cloud(const struct ica *ica);

/* http_request.c */
at_result ica_http_text_read(void *ctx, struct at_call *call);
at_result ica_http_text_set(void *ctx, struct at_call *call);
at_result ica_http_binary_read(void *ctx, struct at_call *call);
at_result ica_http_binary_set(void *ctx, struct at_call *call);
at_result ica_http_binary_data(void *ctx, struct at_call *call, const char *bytes, size_t len);
at_result ica_http_rcvrsp_read(void *ctx, struct at_call *call);
at_result ica_http_rcvbin_read(void *ctx, struct at_call *call);
at_result ica_http_disconnect(void *ctx, struct at_call *call);
void ica_http_drop_requests(struct ica *ica);

#endif
