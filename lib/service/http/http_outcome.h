/* Private to the HTTP service: what became of a transfer, from what libcurl says. */
#ifndef SERVICE_HTTP_HTTP_OUTCOME_H
#define SERVICE_HTTP_HTTP_OUTCOME_H

#include <curl/curl.h>
#include <stdbool.h>

struct http_transfer;

/* Notes the outcome, unless there is one already. connected: the request was about to go out. */
void http_outcome_note(struct http_transfer *transfer, CURLcode code, bool connected);

/* What a transfer under way waits for, in words. */
const char *http_outcome_waiting(const struct http_transfer *transfer);

#endif
