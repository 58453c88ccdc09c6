/* A host joins a Wi-Fi network through wpa_supplicant. The network becomes one of wpa_supplicant's
 * own, marked as ours by its id_str, and is selected; nothing is written to wpa_supplicant's
 * configuration. Networks that earlier joins have left there are removed. Private to lib/net. */
#ifndef NET_WPA_JOIN_H
#define NET_WPA_JOIN_H

#include "net/wifi.h"

struct wpa_join;

/* The outcome, once, from the loop: WIFI_DONE with the signal (0: not known), or why not. The join
 * does nothing more and waits for wpa_join_destroy(), which may be called from here. There is no
 * time limit: whoever joins has one. */
typedef void (*wpa_join_over)(void *ctx, enum wifi_outcome outcome, int rssi);

/* NULL with the reason in the log: nobody can be spoken to. The texts are copied. */
struct wpa_join *wpa_join_create(struct ev_loop *loop, struct log *log, const char *folder,
                                 const char *interface, const char *ssid, const char *psk,
                                 wpa_join_over over, void *ctx);

/* Unless it has ended with WIFI_DONE, the network is removed; restore: and the host's own ones are
 * enabled again, which selecting had disabled. NULL is fine. */
void wpa_join_destroy(struct wpa_join *join, bool restore);

#endif
