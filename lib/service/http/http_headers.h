/* Private to the HTTP service: the header lines of a request. */
#ifndef SERVICE_HTTP_HTTP_HEADERS_H
#define SERVICE_HTTP_HTTP_HEADERS_H

#include <stdbool.h>
#include <stdint.h>

struct curl_slist;

/* Copies "Name: value" lines (NULL at the end; NULL: none) in the form that libcurl wants. What
 * only the transfer itself can know (Content-Length, Transfer-Encoding) is left out. False: one of
 * them is no header line, and nothing is copied. */
bool http_headers_copy(struct curl_slist **copy, const char *const *lines);

/* Takes out those with a name of the list (NULL at the end); a name that ends in "-" stands for all
 * that begin so. */
void http_headers_drop(struct curl_slist **headers, const char *const *names);

/* All that libcurl is to send or not to send: the given ones and what belongs to every request. The
 * caller frees. range_from -1: no Range. */
struct curl_slist *http_headers_complete(const struct curl_slist *given, bool keep_alive,
                                         int64_t range_from);

#endif
