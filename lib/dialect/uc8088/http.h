/* The HTTP family of commands. */
#ifndef DIALECT_UC8088_HTTP_H
#define DIALECT_UC8088_HTTP_H

#include "at/at.h"
#include "base/buf.h"
#include "service/http/http.h"

struct uc;

enum { UC_HEADERS_MAX = 64 };

struct uc_http {
    struct http *service;
    bool tls;
    char *url, *path; /* NULL: not set */
    int port;         /* 0: not set */
    int timeout_s;
    int mode;
    char *headers[UC_HEADERS_MAX]; /* "Name: value" */
    size_t header_count;
    struct buf body;
    bool answered;
    struct buf answer;
};

void uc_http_power_on(struct uc *uc);
void uc_http_power_off(struct uc *uc);
/* What HTTPPARA and HTTPDATA have set, and the answer, are forgotten. */
void uc_http_forget(struct uc *uc);

/* http_request.c: where HTTPACTION goes, or NULL if that is no URL. The caller frees. */
char *uc_http_url(const struct uc_http *http);
/* Whether text can be a URL parameter. */
bool uc_http_url_valid(const char *text);
at_result uc_httpaction_set(void *ctx, struct at_call *call);
at_result uc_httpread(void *ctx, struct at_call *call);

/* http_para.c */
extern const struct at_param uc_httppara_params[1];
at_result uc_httppara_read(void *ctx, struct at_call *call);
at_result uc_httppara_set(void *ctx, struct at_call *call);

#endif
