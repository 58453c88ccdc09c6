#include "net/wpa_join.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/wpa.h"

#define OUR_MARK "\"atmodemd\"" /* as GET_NETWORK gives a text back */

enum { NETWORKS_MAX = 64 };

/* In their order; each but AWAIT is a command, and its answer brings the next. */
enum step {
    ATTACH,  /* tell us what happens */
    LIST,    /* which networks are there? */
    WHOSE,   /* is the last one of the list ours? */
    REMOVE,  /* then away with it */
    ADD,     /* a new one */
    MARK,    /* as ours */
    NAME,    /* its ssid */
    HIDDEN,  /* look for it by name, too */
    KEY,     /* its pass phrase, or that it has none */
    SELECT,  /* join it, and no other */
    AWAIT,   /* what happens? */
    SIGNAL,  /* how strong is it? */
    FINISHED /* over() is called */
};

struct wpa_join {
    struct wpa *wpa;
    struct log *log;
    char *ssid;
    char *psk;
    wpa_join_over over;
    void *ctx;
    enum step step;
    int listed[NETWORKS_MAX]; /* still to be looked at */
    size_t listed_count;
    int network; /* -1: not there yet */
    unsigned not_found;
    bool done; /* the network stays */
};

static void finish(struct wpa_join *join, enum wifi_outcome outcome, int rssi)
{
    join->step = FINISHED;
    join->done = outcome == WIFI_DONE;
    join->over(join->ctx, outcome, rssi);
}

/* ---- commands ---- */

static void add_key(const struct wpa_join *join, struct buf *command)
{
    size_t len = strlen(join->psk);
    if (len == 0) {
        buf_printf(command, "SET_NETWORK %d key_mgmt NONE", join->network);
    } else if (len == WIFI_PSK_MAX && strspn(join->psk, "0123456789abcdefABCDEF") == len) {
        /* the key itself */
        buf_printf(command, "SET_NETWORK %d psk %s", join->network, join->psk);
    } else { /* up to the last quote, so that none inside needs an escape */
        buf_printf(command, "SET_NETWORK %d psk \"%s\"", join->network, join->psk);
    }
}

static void add_name(const struct wpa_join *join, struct buf *command)
{
    buf_printf(command, "SET_NETWORK %d ssid ", join->network);
    for (const char *at = join->ssid; *at; at++) {
        buf_printf(command, "%02x", (unsigned)(unsigned char)*at);
    }
}

static void ask(struct wpa_join *join, enum step step)
{
    struct buf command = {0};
    int last = join->listed_count ? join->listed[join->listed_count - 1] : -1;
    join->step = step;
    switch (step) {
    case ATTACH:
        buf_add_text(&command, "ATTACH");
        break;
    case LIST:
        buf_add_text(&command, "LIST_NETWORKS");
        break;
    case WHOSE:
        buf_printf(&command, "GET_NETWORK %d id_str", last);
        break;
    case REMOVE:
        buf_printf(&command, "REMOVE_NETWORK %d", last);
        break;
    case ADD:
        buf_add_text(&command, "ADD_NETWORK");
        break;
    case MARK:
        buf_printf(&command, "SET_NETWORK %d id_str " OUR_MARK, join->network);
        break;
    case NAME:
        add_name(join, &command);
        break;
    case HIDDEN:
        buf_printf(&command, "SET_NETWORK %d scan_ssid 1", join->network);
        break;
    case KEY:
        add_key(join, &command);
        break;
    case SELECT:
        buf_printf(&command, "SELECT_NETWORK %d", join->network);
        break;
    case SIGNAL:
        buf_add_text(&command, "SIGNAL_POLL");
        break;
    case AWAIT:
    case FINISHED:
        return;
    }
    wpa_ask(join->wpa, buf_text(&command));
    mem_wipe(command.memory, command.size);
    buf_free(&command);
}

/* ---- answers ---- */

/* "network id / ssid / bssid / flags", then a line for each. */
static void take_list(struct wpa_join *join, const char *text)
{
    for (const char *line = strchr(text, '\n'); line; line = strchr(line + 1, '\n')) {
        char *end;
        long id = strtol(line + 1, &end, 10);
        if (end != line + 1 && *end == '\t' && id >= 0 && id < 100000 &&
            join->listed_count < NETWORKS_MAX) {
            join->listed[join->listed_count++] = (int)id;
        }
    }
}

static void look_at_next(struct wpa_join *join)
{
    ask(join, join->listed_count ? WHOSE : ADD);
}

static bool take_number(struct wpa_join *join, const char *text)
{
    char *end;
    long id = strtol(text, &end, 10);
    if (end == text || *end || id < 0 || id > 100000) {
        return false;
    }
    join->network = (int)id;
    return true;
}

/* "RSSI=-61", a line of several. */
static int signal_of(const char *text)
{
    const char *at = strstr(text, "RSSI=");
    long rssi = at ? strtol(at + strlen("RSSI="), NULL, 10) : 0;
    return rssi < 0 && rssi >= -140 ? (int)rssi : 0;
}

static void refused(struct wpa_join *join, const char *what)
{
    log_warning(join->log, "wpa_supplicant refuses %s", what);
    finish(join, WIFI_NO_RADIO, 0);
}

static void on_answer(void *ctx, const char *text)
{
    struct wpa_join *join = ctx;
    bool ok = strcmp(text, "OK") == 0;
    switch (join->step) {
    case ATTACH:
        ok ? ask(join, LIST) : refused(join, "to be listened to");
        break;
    case LIST:
        take_list(join, text);
        look_at_next(join);
        break;
    case WHOSE:
        if (strcmp(text, OUR_MARK) == 0) {
            ask(join, REMOVE);
            break;
        }
        join->listed_count--;
        look_at_next(join);
        break;
    case REMOVE:
        join->listed_count--;
        look_at_next(join);
        break;
    case ADD:
        take_number(join, text) ? ask(join, MARK) : refused(join, "a further network");
        break;
    case MARK:
        ok ? ask(join, NAME) : refused(join, "a network's id_str");
        break;
    case NAME:
        ok ? ask(join, HIDDEN) : refused(join, "a network's ssid");
        break;
    case HIDDEN: /* what it does not know, it does not need */
        ask(join, KEY);
        break;
    case KEY:
        ok ? ask(join, SELECT) : finish(join, WIFI_WRONG_PSK, 0);
        break;
    case SELECT:
        ok ? ask(join, AWAIT) : refused(join, "to select a network");
        break;
    case SIGNAL:
        finish(join, WIFI_DONE, signal_of(text));
        break;
    case AWAIT:
    case FINISHED:
        break;
    }
}

/* ---- what it tells ---- */

/* The text behind the name of an event, or NULL. */
static const char *event_of(const char *text, const char *name)
{
    size_t len = strlen(name);
    return strncmp(text, name, len) == 0 && (text[len] == ' ' || !text[len]) ? text + len : NULL;
}

/* Whether the text behind `mark` is our network's number. */
static bool is_ours(const struct wpa_join *join, const char *text, const char *mark)
{
    const char *id = strstr(text, mark);
    return id && strtol(id + strlen(mark), NULL, 10) == join->network;
}

/* `id=3 ssid="Kitchen" auth_failures=1 duration=10 reason=WRONG_KEY`: the name is somebody else's
 * choice, so the number is the first and the reason stands behind the last quote. */
static bool is_wrong_key(const struct wpa_join *join, const char *text)
{
    const char *quote = strrchr(text, '"');
    return is_ours(join, text, " id=") && strstr(quote ? quote : text, "reason=WRONG_KEY");
}

static void take_event(struct wpa_join *join, const char *text)
{
    const char *at;
    if ((at = event_of(text, "CTRL-EVENT-CONNECTED"))) {
        if (is_ours(join, at, "[id=")) {
            ask(join, SIGNAL);
        }
    } else if ((at = event_of(text, "CTRL-EVENT-SSID-TEMP-DISABLED"))) {
        if (is_wrong_key(join, at)) {
            finish(join, WIFI_WRONG_PSK, 0);
        }
    } else if (join->not_found >= 2) {
        finish(join, WIFI_NO_AP, 0);
    }
}

static void on_told(void *ctx, const char *text)
{
    struct wpa_join *join = ctx;
    if (join->step != FINISHED && event_of(text, "CTRL-EVENT-TERMINATING")) {
        log_warning(join->log, "wpa_supplicant ends");
        finish(join, WIFI_NO_RADIO, 0);
        return;
    }
    /* The first may come of the results of an older scan, even before SELECT is answered. */
    if (join->step == SELECT || join->step == AWAIT) {
        join->not_found += event_of(text, "CTRL-EVENT-NETWORK-NOT-FOUND") != NULL;
    }
    if (join->step == AWAIT) { /* before, events belong to what was before */
        take_event(join, text);
    }
}

static void on_gone(void *ctx)
{
    struct wpa_join *join = ctx;
    if (join->step != FINISHED) {
        finish(join, WIFI_NO_RADIO, 0);
    }
}

/* ---- life ---- */

struct wpa_join *wpa_join_create(struct ev_loop *loop, struct log *log, const char *folder,
                                 const char *interface, const char *ssid, const char *psk,
                                 wpa_join_over over, void *ctx)
{
    static const struct wpa_events events = {.answer = on_answer, .told = on_told, .gone = on_gone};
    struct wpa_join *join = mem_zeroed(sizeof *join);
    join->wpa = wpa_open(loop, log, folder, interface, &events, join);
    if (!join->wpa) {
        free(join);
        return NULL;
    }
    join->log = log;
    join->ssid = mem_string(ssid);
    join->psk = mem_string(psk);
    join->over = over;
    join->ctx = ctx;
    join->network = -1;
    ask(join, ATTACH);
    return join;
}

void wpa_join_destroy(struct wpa_join *join, bool restore)
{
    if (!join) {
        return;
    }
    if (join->network >= 0 && !join->done) {
        char command[64];
        snprintf(command, sizeof command, "REMOVE_NETWORK %d", join->network);
        wpa_say(join->wpa, command);
        if (restore) {
            wpa_say(join->wpa, "ENABLE_NETWORK all");
        }
    }
    wpa_say(join->wpa, "DETACH");
    wpa_close(join->wpa);
    mem_wipe(join->psk, strlen(join->psk));
    free(join->psk);
    free(join->ssid);
    free(join);
}
