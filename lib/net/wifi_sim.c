/* Wi-Fi without a radio: the access points of a file, read again at each join and each scan. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/access_points.h"
#include "net/wifi_provider.h"

enum { SCAN_MS = 200 };

/* The access point that has any name shows one in a scan. */
#define ANY_NAME "atmodemd"

struct sim {
    struct wifi *wifi;
    bool down; /* the link is dropped */

    /* The join under way, or what it was. */
    ev_timer join;
    bool asked; /* its outcome is waited for */
    char *ssid; /* of the network that is joined, or would be if the link were up; or NULL */
    char *psk;
    enum wifi_outcome outcome;
    struct wifi_ap air;
    char ip[16];

    ev_timer scan;
};

static struct access_points load(const struct sim *sim)
{
    struct access_points points = {0};
    char *error = NULL;
    if (sim->down) {
        return points;
    }
    if (!access_points_load(wifi_settings(sim->wifi), &points, &error)) {
        log_error(wifi_log(sim->wifi), "no access point is there: %s", error);
        free(error);
    }
    return points;
}

/* ---- joining ---- */

static void forget(struct sim *sim)
{
    ev_timer_stop(wifi_loop(sim->wifi), &sim->join);
    if (sim->psk) {
        mem_wipe(sim->psk, strlen(sim->psk));
    }
    free(sim->ssid);
    free(sim->psk);
    sim->ssid = NULL;
    sim->psk = NULL;
    sim->asked = false;
}

static void end_join(struct sim *sim, enum wifi_outcome outcome)
{
    bool asked = sim->asked;
    sim->asked = false;
    if (outcome == WIFI_DONE) {
        wifi_is_joined(sim->wifi, sim->ssid, sim->ip, sim->air.rssi);
    } else {
        wifi_is_lost(sim->wifi);
        if (asked) {
            forget(sim);
        }
    }
    if (asked) {
        wifi_join_over(sim->wifi, outcome);
    }
}

static void on_join(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct sim *sim = timer->data;
    end_join(sim, sim->outcome);
}

static bool takes(const struct access_point *point, const char *psk)
{
    return !*point->air.ssid || strcmp(point->psk, psk) == 0;
}

/* Decides at once how the join ends, and when that is told. */
static void start_join(struct sim *sim)
{
    struct access_points points = load(sim);
    const struct access_point *point = access_points_find(&points, sim->ssid);
    double limit = wifi_join_limit(sim->wifi);
    double delay = (point ? point->join_ms : ACCESS_POINT_JOIN_MS) / 1000.;
    if (delay > limit) {
        sim->outcome = WIFI_TIMEOUT;
        delay = limit;
    } else if (!point) {
        sim->outcome = WIFI_NO_AP;
    } else if (!takes(point, sim->psk)) {
        sim->outcome = WIFI_WRONG_PSK;
    } else {
        sim->outcome = WIFI_DONE;
        sim->air = point->air;
        memcpy(sim->ip, point->ip, sizeof sim->ip);
    }
    access_points_free(&points);
    ev_timer_set(&sim->join, delay, 0.);
    ev_timer_start(wifi_loop(sim->wifi), &sim->join);
}

static void sim_join(void *self, const char *ssid, const char *psk)
{
    struct sim *sim = self;
    char *new_ssid = mem_string(ssid);
    char *new_psk = mem_string(psk);
    forget(sim);
    sim->ssid = new_ssid;
    sim->psk = new_psk;
    sim->asked = true;
    start_join(sim);
}

static void sim_leave(void *self)
{
    struct sim *sim = self;
    forget(sim);
    wifi_is_lost(sim->wifi);
}

static void sim_link(void *self, bool up)
{
    struct sim *sim = self;
    if (up == !sim->down) {
        return;
    }
    sim->down = !up;
    log_info(wifi_log(sim->wifi), "wifi: the simulated link is %s", up ? "up" : "down");
    if (!sim->ssid) {
        return;
    }
    if (up) {
        if (!sim->asked) {
            start_join(sim);
        }
    } else {
        ev_timer_stop(wifi_loop(sim->wifi), &sim->join);
        end_join(sim, WIFI_NO_AP);
    }
}

/* ---- scanning ---- */

static struct wifi_ap seen(const struct sim *sim, const struct access_point *point)
{
    struct wifi_ap ap = point->air;
    if (point->hidden) {
        ap.ssid[0] = '\0';
    } else if (!*ap.ssid) {
        bool named = sim->ssid != NULL;
        strncpy(ap.ssid, named ? sim->ssid : ANY_NAME, sizeof ap.ssid - 1);
        ap.security = named && !*sim->psk ? WIFI_OPEN : ap.security;
    }
    return ap;
}

static void on_scan(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct sim *sim = timer->data;
    struct access_points points = load(sim);
    struct wifi_ap *aps = mem_zeroed(points.count * sizeof *aps);
    for (size_t i = 0; i < points.count; i++) {
        aps[i] = seen(sim, &points.rows[i]);
    }
    wifi_scan_over(sim->wifi, WIFI_DONE, aps, points.count);
    free(aps);
    access_points_free(&points);
}

static void sim_scan(void *self)
{
    struct sim *sim = self;
    ev_timer_set(&sim->scan, SCAN_MS / 1000., 0.);
    ev_timer_start(wifi_loop(sim->wifi), &sim->scan);
}

/* ---- life ---- */

static void *sim_create(struct wifi *wifi)
{
    struct sim *sim = mem_zeroed(sizeof *sim);
    sim->wifi = wifi;
    ev_timer_init(&sim->join, on_join, 0., 0.);
    sim->join.data = sim;
    ev_timer_init(&sim->scan, on_scan, 0., 0.);
    sim->scan.data = sim;
    return sim;
}

static void sim_destroy(void *self)
{
    struct sim *sim = self;
    forget(sim);
    ev_timer_stop(wifi_loop(sim->wifi), &sim->scan);
    free(sim);
}

const struct wifi_provider wifi_sim = {
    .create = sim_create,
    .destroy = sim_destroy,
    .join = sim_join,
    .leave = sim_leave,
    .scan = sim_scan,
    .link = sim_link,
};
