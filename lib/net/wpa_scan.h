/* A host looks around through wpa_supplicant. Private to lib/net. */
#ifndef NET_WPA_SCAN_H
#define NET_WPA_SCAN_H

#include "net/wifi.h"

struct wpa_scan;

/* Once, from the loop; aps are valid during the call, which may destroy the scan. There is no time
 * limit: whoever scans has one. */
typedef void (*wpa_scan_over)(void *ctx, enum wifi_outcome outcome, const struct wifi_ap *aps,
                              size_t count);

/* NULL with the reason in the log: nobody can be spoken to. */
struct wpa_scan *wpa_scan_create(struct ev_loop *loop, struct log *log, const char *folder,
                                 const char *interface, wpa_scan_over over, void *ctx);
/* NULL is fine. */
void wpa_scan_destroy(struct wpa_scan *scan);

#endif
