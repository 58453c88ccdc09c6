/* The HTTP family of commands. */
#ifndef DIALECT_DX_CT11_HTTP_H
#define DIALECT_DX_CT11_HTTP_H

#include "base/buf.h"
#include "dialect/dx_ct11/fields.h"
#include "service/http/http.h"

struct dx;

enum { DX_HEADERS_MAX = 16 };

struct dx_http {
    struct http *service;
    struct dx_fields server; /* HTTPPARA */
    struct dx_header {
        char *key, *value;
    } headers[DX_HEADERS_MAX];
    size_t header_count;
    struct buf body;
};

void dx_http_power_on(struct dx *dx);
void dx_http_power_off(struct dx *dx);

/* http_action.c */
at_result dx_httpaction_set(void *ctx, struct at_call *call);

#endif
