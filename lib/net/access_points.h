/* The access points of the simulated Wi-Fi: the INI file `network.access_points`, a section for
 * each of them, whose name only has to differ from the others'.
 *
 *     [kitchen]
 *     ssid = Kitchen         ; 1..32 bytes; needed
 *     psk = correct horse    ; up to 64 bytes; empty: an open network
 *     bssid = 02:00:00:00:00:01  ; made from the section's name
 *     rssi = -48             ; dBm; network.rssi
 *     channel = 11           ; 1..233; 6
 *     security = wpa2        ; open, wep, wpa, wpa2, wpa-wpa2, wpa2-enterprise, wpa3, wpa2-wpa3;
 *                            ; by itself wpa2, without a psk open
 *     join_ms = 1500         ; how long a join takes; 200
 *     ip = 192.168.7.2       ; the address that it gives; network.ip
 *     hidden = 1             ; a scan shows it without its name; 0
 */
#ifndef NET_ACCESS_POINTS_H
#define NET_ACCESS_POINTS_H

#include <stdbool.h>
#include <stddef.h>

#include "net/wifi.h"

enum { ACCESS_POINTS_MAX = 256, ACCESS_POINT_JOIN_MS = 200 };

struct access_point {
    struct wifi_ap air; /* with its name, also if hidden */
    char psk[WIFI_PSK_MAX + 1];
    char ip[16];
    int join_ms;
    bool hidden;
};

struct access_points {
    struct access_point *rows;
    size_t count;
};

/* Those of the file that the settings name, or the one that has any name: its own name is empty.
 * False with "PATH:LINE: reason" in *error, which the caller frees; then there is none. End with
 * access_points_free() in both cases. */
bool access_points_load(const struct network_settings *settings, struct access_points *points,
                        char **error);
void access_points_free(struct access_points *points);

/* The strongest of this name, or NULL. */
const struct access_point *access_points_find(const struct access_points *points, const char *ssid);

#endif
