/* What stands behind net/wifi.h, and what it tells. Private to lib/net. */
#ifndef NET_WIFI_PROVIDER_H
#define NET_WIFI_PROVIDER_H

#include <ev.h>

#include "net/wifi.h"

/* self is what create() returned. */
struct wifi_provider {
    void *(*create)(struct wifi *wifi);
    void (*destroy)(void *self);
    /* Lengths are good. Whatever was under way is given up without an outcome. */
    void (*join)(void *self, const char *ssid, const char *psk);
    void (*leave)(void *self);
    /* None is under way. */
    void (*scan)(void *self);
    void (*link)(void *self, bool up); /* NULL: there is none that could be dropped */
};

extern const struct wifi_provider wifi_sim;
extern const struct wifi_provider wifi_host;

/* ---- what a provider works with ---- */

struct ev_loop *wifi_loop(const struct wifi *wifi);
struct log *wifi_log(const struct wifi *wifi);
const struct network_settings *wifi_settings(const struct wifi *wifi);
double wifi_join_limit(const struct wifi *wifi); /* s */
double wifi_scan_limit(const struct wifi *wifi); /* s */

/* ---- what a provider tells; no event comes before the loop runs again ---- */

/* Joined: the network's name ("": not known), the address, the signal (0: not known). */
void wifi_is_joined(struct wifi *wifi, const char *ssid, const char *ip, int rssi);
/* Not joined, or not any more. */
void wifi_is_lost(struct wifi *wifi);
/* The interface's MAC; ignored if the settings have given one. */
void wifi_has_mac(struct wifi *wifi, const char *mac);

/* The outcome of join(), after the change of state that it brings. */
void wifi_join_over(struct wifi *wifi, enum wifi_outcome outcome);
/* The outcome of scan(); aps are copied. */
void wifi_scan_over(struct wifi *wifi, enum wifi_outcome outcome, const struct wifi_ap *aps,
                    size_t count);

#endif
