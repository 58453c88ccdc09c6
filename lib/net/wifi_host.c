/* Wi-Fi as the host has it: the kernel tells how it is, wpa_supplicant does what is asked. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/netlink.h"
#include "net/wifi_provider.h"
#include "net/wpa.h"
#include "net/wpa_join.h"
#include "net/wpa_scan.h"

struct host {
    struct wifi *wifi;
    struct ev_loop *loop;
    struct netlink *netlink;

    struct wpa_join *join;
    bool associated; /* the join now waits for an address */
    ev_timer join_limit;
    char ssid[WIFI_SSID_MAX + 1]; /* of the last join */
    int rssi;
    bool ours; /* that join succeeded: it is the network of which the kernel tells */

    struct wpa_scan *scan;
    ev_timer scan_limit;
};

static const char *interface_of(const struct host *host)
{
    return netlink_view(host->netlink)->interface;
}

static const char *folder_of(const struct host *host)
{
    return wifi_settings(host->wifi)->wpa_dir;
}

/* ---- what the kernel tells ---- */

static void show(struct host *host)
{
    const struct netlink_view *view = netlink_view(host->netlink);
    if (view->has_mac) {
        char mac[WIFI_MAC_TEXT];
        mac_print(view->mac, mac);
        wifi_has_mac(host->wifi, mac);
    }
    if (view->up) {
        wifi_is_joined(host->wifi, host->ours ? host->ssid : "", view->ip,
                       host->ours ? host->rssi : 0);
    } else {
        wifi_is_lost(host->wifi);
    }
}

/* ---- joining ---- */

/* Gives up what is under way. */
static void drop_join(struct host *host, bool restore)
{
    ev_timer_stop(host->loop, &host->join_limit);
    wpa_join_destroy(host->join, restore);
    host->join = NULL;
    host->associated = false;
}

static void end_join(struct host *host, enum wifi_outcome outcome)
{
    drop_join(host, true);
    wifi_join_over(host->wifi, outcome);
}

/* The join is done when the kernel has an address, too. */
static void try_end(struct host *host)
{
    show(host);
    if (host->associated && netlink_view(host->netlink)->up) {
        end_join(host, WIFI_DONE);
    }
}

static void on_joined(void *ctx, enum wifi_outcome outcome, int rssi)
{
    struct host *host = ctx;
    if (outcome != WIFI_DONE) {
        end_join(host, outcome);
        return;
    }
    wpa_join_destroy(host->join, false);
    host->join = NULL;
    host->associated = true;
    host->ours = true;
    host->rssi = rssi;
    try_end(host);
}

static void on_join_limit(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct host *host = timer->data;
    log_warning(wifi_log(host->wifi), "the join has come to no end: %s",
                host->associated ? "no address" : "nothing from wpa_supplicant");
    end_join(host, WIFI_TIMEOUT);
}

static bool has_interface(const struct host *host)
{
    bool has = *interface_of(host) != '\0';
    if (!has) {
        log_warning(wifi_log(host->wifi), "there is no network interface");
    }
    return has;
}

/* The network that the kernel tells of is not, or soon not any more, the one that was joined here.
 */
static void disown(struct host *host)
{
    drop_join(host, false);
    host->ours = false;
    show(host);
}

static void host_join(void *self, const char *ssid, const char *psk)
{
    struct host *host = self;
    disown(host);
    snprintf(host->ssid, sizeof host->ssid, "%s", ssid);
    if (has_interface(host)) {
        host->join = wpa_join_create(host->loop, wifi_log(host->wifi), folder_of(host),
                                     interface_of(host), ssid, psk, on_joined, host);
    }
    if (!host->join) {
        wifi_join_over(host->wifi, WIFI_NO_RADIO);
        return;
    }
    ev_timer_set(&host->join_limit, wifi_join_limit(host->wifi), 0.);
    ev_timer_start(host->loop, &host->join_limit);
}

static void ignore(void *ctx)
{
    (void)ctx;
}

static void ignore_text(void *ctx, const char *text)
{
    (void)ctx;
    (void)text;
}

static void host_leave(void *self)
{
    static const struct wpa_events nothing = {
        .answer = ignore_text, .told = ignore_text, .gone = ignore};
    struct host *host = self;
    disown(host);
    if (!has_interface(host)) {
        return;
    }
    struct wpa *wpa = wpa_open(host->loop, wifi_log(host->wifi), folder_of(host),
                               interface_of(host), &nothing, NULL);
    if (wpa) {
        wpa_say(wpa, "DISCONNECT");
        wpa_close(wpa);
    }
}

/* ---- scanning ---- */

static void drop_scan(struct host *host)
{
    ev_timer_stop(host->loop, &host->scan_limit);
    wpa_scan_destroy(host->scan);
    host->scan = NULL;
}

static void on_scanned(void *ctx, enum wifi_outcome outcome, const struct wifi_ap *aps,
                       size_t count)
{
    struct host *host = ctx;
    wifi_scan_over(host->wifi, outcome, aps, count);
    drop_scan(host);
}

static void on_scan_limit(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct host *host = timer->data;
    drop_scan(host);
    wifi_scan_over(host->wifi, WIFI_TIMEOUT, NULL, 0);
}

static void host_scan(void *self)
{
    struct host *host = self;
    if (has_interface(host)) {
        host->scan = wpa_scan_create(host->loop, wifi_log(host->wifi), folder_of(host),
                                     interface_of(host), on_scanned, host);
    }
    if (!host->scan) {
        wifi_scan_over(host->wifi, WIFI_NO_RADIO, NULL, 0);
        return;
    }
    ev_timer_set(&host->scan_limit, wifi_scan_limit(host->wifi), 0.);
    ev_timer_start(host->loop, &host->scan_limit);
}

/* ---- life ---- */

static void on_network(void *ctx)
{
    try_end(ctx);
}

static void *host_create(struct wifi *wifi)
{
    struct host *host = mem_zeroed(sizeof *host);
    host->wifi = wifi;
    host->loop = wifi_loop(wifi);
    ev_timer_init(&host->join_limit, on_join_limit, 0., 0.);
    host->join_limit.data = host;
    ev_timer_init(&host->scan_limit, on_scan_limit, 0., 0.);
    host->scan_limit.data = host;
    host->netlink = netlink_create(host->loop, wifi_log(wifi), wifi_settings(wifi)->interface,
                                   on_network, host);
    show(host);
    return host;
}

static void host_destroy(void *self)
{
    struct host *host = self;
    drop_join(host, true);
    drop_scan(host);
    netlink_destroy(host->netlink);
    free(host);
}

const struct wifi_provider wifi_host = {
    .create = host_create,
    .destroy = host_destroy,
    .join = host_join,
    .leave = host_leave,
    .scan = host_scan,
};
