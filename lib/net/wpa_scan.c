#include "net/wpa_scan.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/wpa.h"
#include "net/wpa_results.h"

enum step { ATTACH, SCAN, AWAIT, RESULTS, FINISHED };

struct wpa_scan {
    struct wpa *wpa;
    struct log *log;
    wpa_scan_over over;
    void *ctx;
    enum step step;
};

static void finish(struct wpa_scan *scan, enum wifi_outcome outcome, const struct wifi_ap *aps,
                   size_t count)
{
    scan->step = FINISHED;
    scan->over(scan->ctx, outcome, aps, count);
}

static void refused(struct wpa_scan *scan, const char *what)
{
    log_warning(scan->log, "wpa_supplicant %s", what);
    finish(scan, WIFI_NO_RADIO, NULL, 0);
}

static void ask(struct wpa_scan *scan, enum step step, const char *command)
{
    scan->step = step;
    wpa_ask(scan->wpa, command);
}

static void take_results(struct wpa_scan *scan, const char *text)
{
    struct wifi_ap *aps = mem_zeroed(WPA_RESULTS_MAX * sizeof *aps);
    size_t count = wpa_results(text, aps, WPA_RESULTS_MAX);
    finish(scan, WIFI_DONE, aps, count);
    free(aps);
}

static void on_answer(void *ctx, const char *text)
{
    struct wpa_scan *scan = ctx;
    bool ok = strcmp(text, "OK") == 0;
    switch (scan->step) {
    case ATTACH:
        ok ? ask(scan, SCAN, "SCAN") : refused(scan, "refuses to be listened to");
        break;
    case SCAN:
        if (ok || strcmp(text, "FAIL-BUSY") == 0) { /* another's scan does as well */
            scan->step = AWAIT;
        } else {
            refused(scan, "refuses to scan");
        }
        break;
    case RESULTS:
        take_results(scan, text);
        break;
    case AWAIT:
    case FINISHED:
        break;
    }
}

static bool begins(const char *text, const char *name)
{
    return strncmp(text, name, strlen(name)) == 0;
}

static void on_told(void *ctx, const char *text)
{
    struct wpa_scan *scan = ctx;
    if (scan->step == FINISHED) {
        return;
    }
    if (begins(text, "CTRL-EVENT-TERMINATING")) {
        refused(scan, "ends");
    } else if (scan->step == AWAIT && begins(text, "CTRL-EVENT-SCAN-RESULTS")) {
        ask(scan, RESULTS, "SCAN_RESULTS");
    } else if (scan->step == AWAIT && begins(text, "CTRL-EVENT-SCAN-FAILED")) {
        refused(scan, "could not scan");
    }
}

static void on_gone(void *ctx)
{
    struct wpa_scan *scan = ctx;
    if (scan->step != FINISHED) {
        finish(scan, WIFI_NO_RADIO, NULL, 0);
    }
}

struct wpa_scan *wpa_scan_create(struct ev_loop *loop, struct log *log, const char *folder,
                                 const char *interface, wpa_scan_over over, void *ctx)
{
    static const struct wpa_events events = {.answer = on_answer, .told = on_told, .gone = on_gone};
    struct wpa_scan *scan = mem_zeroed(sizeof *scan);
    scan->wpa = wpa_open(loop, log, folder, interface, &events, scan);
    if (!scan->wpa) {
        free(scan);
        return NULL;
    }
    scan->log = log;
    scan->over = over;
    scan->ctx = ctx;
    ask(scan, ATTACH, "ATTACH");
    return scan;
}

void wpa_scan_destroy(struct wpa_scan *scan)
{
    if (scan) {
        wpa_say(scan->wpa, "DETACH");
        wpa_close(scan->wpa);
        free(scan);
    }
}
