/* Private to the PPP service: what each negotiated protocol tells the peer that it is part of. */
#ifndef SERVICE_PPP_PPP_LAYER_H
#define SERVICE_PPP_PPP_LAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ppp_layer_events {
    void (*opened)(void *ctx);
    void (*lowered)(void *ctx);
    void (*over)(void *ctx, bool by_host, const char *why);
    void (*send)(void *ctx, uint16_t protocol, const void *bytes, size_t len);
};

#endif
