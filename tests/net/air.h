/* A Wi-Fi object on a bench: what it tells is kept for a test to look at. */
#ifndef TESTS_NET_AIR_H
#define TESTS_NET_AIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>

#include "base/buf.h"
#include "net/wifi.h"
#include "tests/support/logged.h"

enum air_event { AIR_NOTHING, AIR_CHANGED, AIR_JOINED, AIR_SCANNED };

enum { AIR_APS = 300 };

struct air {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    char *folder;
    char *file; /* in it, for access points */
    struct network_settings settings;
    struct wifi_options options;
    struct wifi *wifi; /* NULL: not created, or destroyed in an event */
    unsigned changed, joined, scanned;
    enum wifi_outcome join_outcome, scan_outcome;
    struct wifi_ap aps[AIR_APS];
    size_t ap_count;
    enum air_event destroy_in;
    enum air_event rejoin_in; /* once */
    enum air_event rescan_in; /* once */
    bool inside;              /* a call is under way: no event may come */
};

/* As cmocka's set-up and tear-down: *state is the bench, with default settings, without wifi. */
int air_create(void **state);
int air_destroy(void **state);

/* Creates wifi with the bench's options. */
void air_start(struct air *air);
void air_stop(struct air *air);

/* Writes the file of access points, and names it in the settings. */
void air_write(struct air *air, const char *text);

/* wifi_join() that must not tell anything by itself. */
void air_join(struct air *air, const char *ssid, const char *psk);
void air_scan(struct air *air);

/* Runs the loop until the counters have these values; fails if they do not, or go beyond. */
void air_expect(struct air *air, unsigned changed, unsigned joined, unsigned scanned);
/* Joins and expects this outcome, however many changes come with it. */
void air_expect_join(struct air *air, const char *ssid, const char *psk, enum wifi_outcome outcome);

/* State, and the address if it is joined. */
void air_expect_state(const struct air *air, enum wifi_state state, const char *ip);

/* Nothing wakes the loop. */
void air_expect_sleep(struct air *air);

bool air_logged(struct air *air, const char *text);

#endif
