/* Private to the HTTP service: what libcurl is told about the present hop of a transfer. */
#ifndef SERVICE_HTTP_HTTP_OPTIONS_H
#define SERVICE_HTTP_HTTP_OPTIONS_H

struct http_transfer;

/* The easy handle is fresh or reset, callbacks aside. */
void http_options_set(struct http_transfer *transfer);

#endif
