#include "tests/net/air.h"

#include "base/mem.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

static void react(struct air *air, enum air_event event)
{
    assert_false(air->inside);
    if (air->rejoin_in == event) {
        air->rejoin_in = AIR_NOTHING;
        air_join(air, "again", "psk");
    }
    if (air->rescan_in == event) {
        air->rescan_in = AIR_NOTHING;
        air_scan(air);
    }
    if (air->destroy_in == event) {
        air_stop(air);
    }
}

static void on_changed(void *ctx)
{
    struct air *air = ctx;
    air->changed++;
    react(air, AIR_CHANGED);
}

static void on_joined(void *ctx, enum wifi_outcome outcome)
{
    struct air *air = ctx;
    air->joined++;
    air->join_outcome = outcome;
    react(air, AIR_JOINED);
}

static void on_scanned(void *ctx, enum wifi_outcome outcome, const struct wifi_ap *aps,
                       size_t count)
{
    struct air *air = ctx;
    air->scanned++;
    air->scan_outcome = outcome;
    air->ap_count = count;
    assert_true(count <= AIR_APS);
    if (count) {
        memcpy(air->aps, aps, count * sizeof *aps);
    }
    react(air, AIR_SCANNED);
}

int air_create(void **state)
{
    struct air *air = mem_zeroed(sizeof *air);
    air->loop = ev_loop_new(EVFLAG_AUTO);
    air->log = logged_create(&air->log_lines);
    log_set_detail(air->log, 2);
    air->folder = temp_folder();
    air->file = temp_path(air->folder, "aps.ini");
    air->settings = (struct network_settings){.rssi = -71,
                                              .ip = "192.168.40.13",
                                              .interface = "",
                                              .access_points = "",
                                              .wpa_dir = air->folder};
    air->options = (struct wifi_options){.settings = &air->settings, .name = "ttyAT0", .mac = ""};
    *state = air;
    return 0;
}

int air_destroy(void **state)
{
    struct air *air = *state;
    wifi_destroy(air->wifi);
    log_destroy(air->log);
    buf_free(&air->log_lines);
    ev_loop_destroy(air->loop);
    free(air->file);
    temp_remove(air->folder);
    free(air);
    return 0;
}

void air_start(struct air *air)
{
    static const struct wifi_events events = {
        .changed = on_changed, .joined = on_joined, .scanned = on_scanned};
    air->inside = true;
    air->wifi = wifi_create(air->loop, air->log, &air->options, &events, air);
    air->inside = false;
}

void air_stop(struct air *air)
{
    wifi_destroy(air->wifi);
    air->wifi = NULL;
}

void air_write(struct air *air, const char *text)
{
    temp_write(air->file, text, strlen(text));
    air->settings.access_points = air->file;
}

void air_join(struct air *air, const char *ssid, const char *psk)
{
    air->inside = true;
    assert_true(wifi_join(air->wifi, ssid, psk));
    air->inside = false;
    assert_true(wifi_joining(air->wifi) || air->settings.provider == NETWORK_HOST);
}

void air_scan(struct air *air)
{
    air->inside = true;
    wifi_scan(air->wifi);
    air->inside = false;
}

struct wanted {
    const struct air *air;
    unsigned changed, joined, scanned;
};

static bool reached(void *ctx)
{
    const struct wanted *wanted = ctx;
    const struct air *air = wanted->air;
    return air->changed >= wanted->changed && air->joined >= wanted->joined &&
           air->scanned >= wanted->scanned;
}

void air_expect(struct air *air, unsigned changed, unsigned joined, unsigned scanned)
{
    struct wanted wanted = {air, changed, joined, scanned};
    loop_until(air->loop, reached, &wanted);
    assert_int_equal(air->changed, changed);
    assert_int_equal(air->joined, joined);
    assert_int_equal(air->scanned, scanned);
}

void air_expect_join(struct air *air, const char *ssid, const char *psk, enum wifi_outcome outcome)
{
    struct wanted wanted = {air, air->changed, air->joined + 1, air->scanned};
    air_join(air, ssid, psk);
    assert_true(loop_until(air->loop, reached, &wanted));
    assert_int_equal(air->joined, wanted.joined);
    assert_string_equal(wifi_outcome_text(air->join_outcome), wifi_outcome_text(outcome));
    assert_false(wifi_joining(air->wifi));
}

void air_expect_state(const struct air *air, enum wifi_state state, const char *ip)
{
    assert_int_equal(wifi_state(air->wifi), state);
    assert_string_equal(wifi_ip(air->wifi), state == WIFI_JOINED ? ip : "0.0.0.0");
}

void air_expect_sleep(struct air *air)
{
    loop_wakes(air->loop, 0.05); /* what is left to do */
    assert_true(loop_wakes(air->loop, 0.2) <= 2);
}

bool air_logged(struct air *air, const char *text)
{
    return strstr(buf_text(&air->log_lines), text) != NULL;
}
