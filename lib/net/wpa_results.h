/* The answer to wpa_supplicant's SCAN_RESULTS. Private to lib/net. */
#ifndef NET_WPA_RESULTS_H
#define NET_WPA_RESULTS_H

#include <stddef.h>

#include "net/wifi.h"

enum { WPA_RESULTS_MAX = 256 };

/* One line: "BSSID<tab>FREQUENCY<tab>SIGNAL<tab>FLAGS<tab>SSID". False: it is none (the heading, or
 * nonsense, which whoever runs an access point may have a part in). */
bool wpa_results_line(const char *line, size_t len, struct wifi_ap *ap);

/* The access points of the whole answer; at most room of them. */
size_t wpa_results(const char *text, struct wifi_ap *aps, size_t room);

#endif
