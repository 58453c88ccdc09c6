/* Private to the CoAP service: a path with query as a host writes it, to options (RFC 7252 6.4). */
#ifndef SERVICE_COAP_COAP_PATH_H
#define SERVICE_COAP_COAP_PATH_H

#include <stdbool.h>
#include <stddef.h>

/* number is that of Uri-Path or Uri-Query; bytes, at most 255, are decoded. */
typedef void (*coap_path_part)(void *ctx, unsigned number, const char *bytes, size_t len);

/* Calls part() for each segment and each argument in turn. False: the path is not valid, part() may
 * have been called for what stands before the fault. part may be NULL. */
bool coap_path_split(const char *path, size_t len, coap_path_part part, void *ctx);

#endif
