/* Private to the HTTP service: redirects that are followed (RFC 9110 section 15.4). */
#ifndef SERVICE_HTTP_HTTP_REDIRECT_H
#define SERVICE_HTTP_HTTP_REDIRECT_H

#include <stdbool.h>

struct http_transfer;

/* Makes the transfer, whose response was a redirect, one to where it leads. False: it leads to no
 * http(s) URL, which is noted. */
bool http_redirect_follow(struct http_transfer *transfer);

#endif
