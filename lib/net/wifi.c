#include "net/wifi.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/mac.h"
#include "net/wifi_provider.h"

enum { JOIN_LIMIT_MS = 30000, SCAN_LIMIT_MS = 15000 };

/* What wifi_events.changed() is about. */
struct shown {
    enum wifi_state state;
    char ip[INET6_ADDRSTRLEN];
    char mac[WIFI_MAC_TEXT];
};

struct wifi {
    struct ev_loop *loop;
    struct log *log;
    const struct network_settings *settings;
    double join_limit;
    double scan_limit;
    const struct wifi_provider *provider;
    void *self;
    const struct wifi_events *events;
    void *ctx;
    bool mac_given;
    struct shown now;
    char ssid[WIFI_SSID_MAX + 1];
    int rssi;
    bool joining;
    bool scanning;

    /* What the next turn of the loop tells. */
    ev_timer soon;
    struct shown told;
    bool joined_again; /* changed() even if nothing differs */
    bool join_over;
    enum wifi_outcome join_outcome;
    bool scan_over;
    enum wifi_outcome scan_outcome;
    struct wifi_ap *aps;
    size_t ap_count;
    bool *gone; /* while a callback runs: set by wifi_destroy() */
};

const char *wifi_outcome_text(enum wifi_outcome outcome)
{
    static const char *const texts[] = {
        [WIFI_DONE] = "done",
        [WIFI_NO_AP] = "no such access point",
        [WIFI_WRONG_PSK] = "wrong pass phrase",
        [WIFI_TIMEOUT] = "time-out",
        [WIFI_NO_RADIO] = "no radio",
    };
    return texts[outcome];
}

/* ---- telling ---- */

static void tell_soon(struct wifi *wifi)
{
    if (!ev_is_active(&wifi->soon)) {
        ev_timer_set(&wifi->soon, 0., 0.);
        ev_timer_start(wifi->loop, &wifi->soon);
    }
}

static bool differs(const struct shown *a, const struct shown *b)
{
    return a->state != b->state || strcmp(a->ip, b->ip) != 0 || strcmp(a->mac, b->mac) != 0;
}

static void tell_change(struct wifi *wifi)
{
    if (!wifi->joined_again && !differs(&wifi->now, &wifi->told)) {
        return;
    }
    wifi->joined_again = false;
    wifi->told = wifi->now;
    if (wifi->events->changed) {
        wifi->events->changed(wifi->ctx);
    }
}

static void tell_join(struct wifi *wifi)
{
    if (!wifi->join_over) {
        return;
    }
    wifi->join_over = false;
    if (wifi->events->joined) {
        wifi->events->joined(wifi->ctx, wifi->join_outcome);
    }
}

static void tell_scan(struct wifi *wifi)
{
    if (!wifi->scan_over) {
        return;
    }
    struct wifi_ap *aps = wifi->aps; /* the callee may scan again, or destroy */
    wifi->aps = NULL;
    wifi->scan_over = false;
    if (wifi->events->scanned) {
        wifi->events->scanned(wifi->ctx, wifi->scan_outcome, aps, wifi->ap_count);
    }
    free(aps);
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    static void (*const tell[])(struct wifi *) = {tell_change, tell_join, tell_scan};
    struct wifi *wifi = timer->data;
    bool gone = false;
    wifi->gone = &gone;
    for (size_t i = 0; i < sizeof tell / sizeof *tell && !gone; i++) {
        tell[i](wifi);
    }
    if (!gone) {
        wifi->gone = NULL;
    }
}

/* ---- what providers call ---- */

struct ev_loop *wifi_loop(const struct wifi *wifi)
{
    return wifi->loop;
}

struct log *wifi_log(const struct wifi *wifi)
{
    return wifi->log;
}

const struct network_settings *wifi_settings(const struct wifi *wifi)
{
    return wifi->settings;
}

double wifi_join_limit(const struct wifi *wifi)
{
    return wifi->join_limit;
}

double wifi_scan_limit(const struct wifi *wifi)
{
    return wifi->scan_limit;
}

static void copy_text(char *room, size_t size, const char *text)
{
    snprintf(room, size, "%s", text);
}

void wifi_is_joined(struct wifi *wifi, const char *ssid, const char *ip, int rssi)
{
    if (wifi->now.state != WIFI_JOINED || strcmp(wifi->now.ip, ip) != 0) {
        log_write(wifi->log, LEVEL_STATE, "wifi: joined, address %s", ip);
    }
    wifi->now.state = WIFI_JOINED;
    copy_text(wifi->now.ip, sizeof wifi->now.ip, ip);
    copy_text(wifi->ssid, sizeof wifi->ssid, ssid);
    wifi->rssi = rssi;
    tell_soon(wifi);
}

void wifi_is_lost(struct wifi *wifi)
{
    if (wifi->now.state != WIFI_JOINED) {
        return;
    }
    log_write(wifi->log, LEVEL_STATE, "wifi: not joined any more");
    wifi->now.state = WIFI_LOST;
    copy_text(wifi->now.ip, sizeof wifi->now.ip, "0.0.0.0");
    wifi->ssid[0] = '\0';
    wifi->rssi = 0;
    tell_soon(wifi);
}

void wifi_has_mac(struct wifi *wifi, const char *mac)
{
    if (!wifi->mac_given) {
        mac_copy(mac, wifi->now.mac);
        tell_soon(wifi);
    }
}

void wifi_join_over(struct wifi *wifi, enum wifi_outcome outcome)
{
    log_write(wifi->log, LEVEL_REQUEST, "wifi: join: %s", wifi_outcome_text(outcome));
    wifi->joining = false;
    wifi->join_over = true;
    wifi->join_outcome = outcome;
    if (outcome == WIFI_DONE) {
        wifi->joined_again = true;
    }
    tell_soon(wifi);
}

static int by_strength(const void *a, const void *b)
{
    return ((const struct wifi_ap *)b)->rssi - ((const struct wifi_ap *)a)->rssi;
}

void wifi_scan_over(struct wifi *wifi, enum wifi_outcome outcome, const struct wifi_ap *aps,
                    size_t count)
{
    log_write(wifi->log, LEVEL_REQUEST, "wifi: scan: %s, %zu access points",
              wifi_outcome_text(outcome), count);
    wifi->scanning = false;
    wifi->scan_over = true;
    wifi->scan_outcome = outcome;
    wifi->ap_count = count;
    if (count) {
        wifi->aps = (struct wifi_ap *)mem_copy(aps, count * sizeof *aps);
        qsort(wifi->aps, count, sizeof *wifi->aps, by_strength);
    }
    tell_soon(wifi);
}

/* ---- the interface ---- */

static void make_mac(struct wifi *wifi, const char *name)
{
    char host[256] = "";
    gethostname(host, sizeof host - 1);
    char *names = mem_printf("%s/%s", host, name);
    mac_make(names, wifi->now.mac);
    free(names);
}

static double limit(unsigned ms, unsigned usual)
{
    return (ms ? ms : usual) / 1000.;
}

struct wifi *wifi_create(struct ev_loop *loop, struct log *log, const struct wifi_options *options,
                         const struct wifi_events *events, void *ctx)
{
    struct wifi *wifi = mem_zeroed(sizeof *wifi);
    wifi->loop = loop;
    wifi->log = log;
    wifi->settings = options->settings;
    wifi->join_limit = limit(options->join_limit_ms, JOIN_LIMIT_MS);
    wifi->scan_limit = limit(options->scan_limit_ms, SCAN_LIMIT_MS);
    wifi->events = events;
    wifi->ctx = ctx;
    ev_timer_init(&wifi->soon, on_soon, 0., 0.);
    wifi->soon.data = wifi;

    copy_text(wifi->now.ip, sizeof wifi->now.ip, "0.0.0.0");
    wifi->told = wifi->now;
    wifi->mac_given = options->mac && *options->mac;
    if (wifi->mac_given) {
        mac_copy(options->mac, wifi->now.mac);
    } else {
        make_mac(wifi, options->name);
    }
    wifi->provider = options->settings->provider == NETWORK_HOST ? &wifi_host : &wifi_sim;
    wifi->self = wifi->provider->create(wifi);
    /* The MAC that is there from the beginning is no change. */
    copy_text(wifi->told.mac, sizeof wifi->told.mac, wifi->now.mac);
    return wifi;
}

void wifi_destroy(struct wifi *wifi)
{
    if (!wifi) {
        return;
    }
    if (wifi->gone) {
        *wifi->gone = true;
    }
    wifi->provider->destroy(wifi->self);
    ev_timer_stop(wifi->loop, &wifi->soon);
    free(wifi->aps);
    free(wifi);
}

enum wifi_state wifi_state(const struct wifi *wifi)
{
    return wifi->now.state;
}

bool wifi_joining(const struct wifi *wifi)
{
    return wifi->joining;
}

const char *wifi_ip(const struct wifi *wifi)
{
    return wifi->now.ip;
}

const char *wifi_mac(const struct wifi *wifi)
{
    return wifi->now.mac;
}

const char *wifi_ssid(const struct wifi *wifi)
{
    return wifi->ssid;
}

int wifi_rssi(const struct wifi *wifi)
{
    return wifi->rssi;
}

bool wifi_join(struct wifi *wifi, const char *ssid, const char *psk)
{
    size_t len = strlen(ssid);
    if (len == 0 || len > WIFI_SSID_MAX || (psk && strlen(psk) > WIFI_PSK_MAX)) {
        return false;
    }
    wifi->joining = true;
    wifi->join_over = false;
    wifi->provider->join(wifi->self, ssid, psk ? psk : "");
    return true;
}

void wifi_leave(struct wifi *wifi)
{
    wifi->joining = false;
    wifi->join_over = false;
    wifi->provider->leave(wifi->self);
}

void wifi_scan(struct wifi *wifi)
{
    if (!wifi->scanning && !wifi->scan_over) {
        wifi->scanning = true;
        wifi->provider->scan(wifi->self);
    }
}

bool wifi_sim_link(struct wifi *wifi, bool up)
{
    if (!wifi->provider->link) {
        return false;
    }
    wifi->provider->link(wifi->self, up);
    return true;
}
