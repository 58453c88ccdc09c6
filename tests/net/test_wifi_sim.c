/* The simulated Wi-Fi: joins, scans, files of access points, a link that drops. */
#include "tests/net/air.h"

#include <stdio.h>

#include "base/mem.h"
#include "net/access_points.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static const char two[] = "[kitchen]\nssid = Kitchen\npsk = correct horse\n"
                          "bssid = 02:00:00:00:0a:01\nrssi = -48\nchannel = 11\n"
                          "security = wpa-wpa2\njoin_ms = 20\nip = 192.168.7.2\n"
                          "[cafe]\nssid = Cafe\njoin_ms = 20\n";

/* ---- without a file ---- */

static void test_any_name(void **state)
{
    struct air *air = *state;
    air_start(air);
    air_expect_state(air, WIFI_NEVER, NULL);
    assert_string_equal(wifi_ssid(air->wifi), "");
    assert_int_equal(wifi_rssi(air->wifi), 0);
    double before = ev_time();
    air_join(air, "whatever", "12345678");
    air_expect_state(air, WIFI_NEVER, NULL);
    assert_true(wifi_joining(air->wifi));
    air_expect(air, 1, 1, 0);
    assert_true(ev_time() - before > 0.15 && ev_time() - before < 1.);
    assert_int_equal(air->join_outcome, WIFI_DONE);
    assert_false(wifi_joining(air->wifi));
    air_expect_state(air, WIFI_JOINED, "192.168.40.13");
    assert_string_equal(wifi_ssid(air->wifi), "whatever");
    assert_int_equal(wifi_rssi(air->wifi), -71);

    /* A new join while joined: told again, though everything is as it was. */
    air_join(air, "whatever", NULL);
    air_expect_state(air, WIFI_JOINED, "192.168.40.13");
    air_expect(air, 2, 2, 0);

    air->inside = true;
    wifi_leave(air->wifi);
    air->inside = false;
    air_expect_state(air, WIFI_LOST, NULL);
    assert_string_equal(wifi_ssid(air->wifi), "");
    air_expect(air, 3, 2, 0);
    wifi_leave(air->wifi); /* nothing to leave */
    air_expect_sleep(air);
    air_expect(air, 3, 2, 0);
}

static void test_lengths(void **state)
{
    struct air *air = *state;
    char name[34];
    char psk[66];
    memset(name, 'n', sizeof name);
    memset(psk, 'p', sizeof psk);
    name[33] = psk[65] = '\0';
    air_start(air);
    assert_false(wifi_join(air->wifi, "", "psk"));
    assert_false(wifi_join(air->wifi, name, "psk"));
    assert_false(wifi_join(air->wifi, "n", psk));
    assert_false(wifi_joining(air->wifi));
    air_expect_sleep(air);
    air_expect(air, 0, 0, 0);
    air_expect_join(air, name + 1, psk + 1, WIFI_DONE);
    assert_string_equal(wifi_ssid(air->wifi), name + 1);
}

static void test_one_in_a_scan(void **state)
{
    struct air *air = *state;
    air_start(air);
    air_scan(air);
    air_scan(air); /* adds nothing */
    air_expect(air, 0, 0, 1);
    assert_int_equal(air->scan_outcome, WIFI_DONE);
    assert_int_equal(air->ap_count, 1);
    assert_string_equal(air->aps[0].ssid, "atmodemd");
    assert_int_equal(air->aps[0].rssi, -71);
    assert_int_equal(air->aps[0].channel, 6);
    assert_int_equal(air->aps[0].security, WIFI_WPA2);
    assert_int_equal(strlen(air->aps[0].bssid), 17);

    /* While joining. */
    air_join(air, "Home", "");
    air_scan(air);
    air_expect(air, 1, 1, 2);
    assert_string_equal(air->aps[0].ssid, "Home");
    assert_int_equal(air->aps[0].security, WIFI_OPEN);
    air_expect_sleep(air);
}

/* A scan that is asked for when one is over, but not told yet, is that one. */
static void test_scan_between(void **state)
{
    struct air *air = *state;
    air_start(air);
    air->rescan_in = AIR_JOINED;
    air_join(air, "Home", ""); /* both take 200 ms */
    air_scan(air);
    air_expect(air, 1, 1, 1);
    air_expect_sleep(air);
    loop_wakes(air->loop, 0.1);
    air_expect(air, 1, 1, 1);
    air->rescan_in = AIR_SCANNED; /* behind its event there is another one */
    air_scan(air);
    air_expect(air, 1, 1, 3);
}

static void test_no_signal(void **state)
{
    struct air *air = *state;
    air->settings.rssi = 0;
    air_start(air);
    air_expect_join(air, "x", "12345678", WIFI_NO_AP);
    air_expect_state(air, WIFI_NEVER, NULL);
    air_scan(air);
    air_expect(air, 0, 1, 1);
    assert_int_equal(air->ap_count, 0);
}

/* ---- MAC ---- */

static void test_mac(void **state)
{
    struct air *air = *state;
    char first[WIFI_MAC_TEXT];
    air_start(air);
    snprintf(first, sizeof first, "%s", wifi_mac(air->wifi));
    assert_int_equal(strlen(first), 17);
    unsigned high = (unsigned)strtoul(first, NULL, 16);
    assert_int_equal(high & 3, 2); /* locally administered, of one station */
    for (const char *at = first; *at; at++) {
        assert_non_null(strchr("0123456789ABCDEF:", *at));
    }
    air_stop(air);

    air_start(air); /* the same name */
    assert_string_equal(wifi_mac(air->wifi), first);
    air_stop(air);
    air->options.name = "ttyAT1";
    air_start(air);
    assert_string_not_equal(wifi_mac(air->wifi), first);
    air_stop(air);
    air->options.mac = "b8:4d:43:35:a6:06";
    air_start(air);
    assert_string_equal(wifi_mac(air->wifi), "B8:4D:43:35:A6:06");
    air_expect_sleep(air);
    air_expect(air, 0, 0, 0);
}

/* ---- with a file ---- */

static void test_file(void **state)
{
    struct air *air = *state;
    air_write(air, two);
    air_start(air);
    air_expect_join(air, "Kitchen", "correct horse", WIFI_DONE);
    air_expect_state(air, WIFI_JOINED, "192.168.7.2");
    assert_int_equal(wifi_rssi(air->wifi), -48);
    air_expect_join(air, "Kitchen", "wrong horse", WIFI_WRONG_PSK);
    air_expect_state(air, WIFI_LOST, NULL);
    air_expect_join(air, "Kitchen", "", WIFI_WRONG_PSK);
    air_expect_join(air, "kitchen", "correct horse", WIFI_NO_AP);
    air_expect_join(air, "Cafe", "", WIFI_DONE);
    air_expect_state(air, WIFI_JOINED, "192.168.40.13");
    air_expect_join(air, "Cafe", "a key for an open one", WIFI_WRONG_PSK);
    assert_false(air_logged(air, "horse"));
}

static void test_file_in_a_scan(void **state)
{
    struct air *air = *state;
    air_write(air, two);
    air_start(air);
    air_scan(air);
    air_expect(air, 0, 0, 1);
    assert_int_equal(air->ap_count, 2);
    const struct wifi_ap *ap = &air->aps[0]; /* the stronger one */
    assert_string_equal(ap->ssid, "Kitchen");
    assert_string_equal(ap->bssid, "02:00:00:00:0A:01");
    assert_int_equal(ap->rssi, -48);
    assert_int_equal(ap->channel, 11);
    assert_int_equal(ap->security, WIFI_WPA_WPA2);
    assert_string_equal(air->aps[1].ssid, "Cafe");
    assert_int_equal(air->aps[1].rssi, -71);
    assert_int_equal(air->aps[1].security, WIFI_OPEN);

    /* Read again; one without a name. */
    air_write(air, "[x]\nssid=X\nhidden=1\npsk=12345678\njoin_ms=1\n");
    air_scan(air);
    air_expect(air, 0, 0, 2);
    assert_int_equal(air->ap_count, 1);
    assert_string_equal(air->aps[0].ssid, "");
    assert_int_equal(air->aps[0].security, WIFI_WPA2);
    air_expect_join(air, "X", "12345678", WIFI_DONE);
}

static void test_strongest(void **state)
{
    struct air *air = *state;
    air_write(air, "[a]\nssid=N\nrssi=-80\nip=10.0.0.1\njoin_ms=1\n"
                   "[b]\nssid=N\nrssi=-40\nip=10.0.0.2\njoin_ms=1\n"
                   "[c]\nssid=N\nrssi=-60\nip=10.0.0.3\njoin_ms=1\n");
    air_start(air);
    air_expect_join(air, "N", "", WIFI_DONE);
    air_expect_state(air, WIFI_JOINED, "10.0.0.2");
}

static void test_bad_files(void **state)
{
    static const struct {
        const char *text;
        const char *reason;
    } rows[] = {
        {"[a]\npsk=12345678\n", ":2: [a]: the ssid is missing"},
        {"[a]\nssid=A\nrssi=5\n", ":3: access point.rssi: "},
        {"[a]\nssid=A\nsecurity=wpa9\n", ":3: access point.security: "},
        {"[a]\nssid=A\nsecurity=open\npsk=secretly\n", "an open network has no psk"},
        {"[a]\nssid=A\nsecurity=wpa3\n", "the psk is missing"},
        {"[a]\nssid=A\nbssid=1:2:3:4:5:6\n", ":3: access point.bssid: "},
        {"[a]\nssid=A\nip=10.0.0\n", ":3: access point.ip: not an IPv4 address"},
        {"[a]\nssid=123456789012345678901234567890123\n", ":2: access point.ssid: "},
        {"[a]\nssid=A\nsecrt=secretly\n", "there is no such setting"},
        {"[a]\nssid=A\npsk=secretlysecretlysecretlysecretlysecretlysecretlysecretlysecretly!\n",
         ":3: access point.psk: "},
        {"ssid=A\n", "stands before any [section]"},
        {"[a]\nssid=A\n[b]\n[a]\nssid=B\n", "given before in line 2"},
    };
    struct air *air = *state;
    air_start(air);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        buf_clear(&air->log_lines);
        air_write(air, rows[i].text);
        air_expect_join(air, "A", "12345678", WIFI_NO_AP);
        assert_true(air_logged(air, "error: no access point is there: "));
        if (!air_logged(air, rows[i].reason)) {
            fail_msg("%s: %s", rows[i].reason, buf_text(&air->log_lines));
        }
        assert_false(air_logged(air, "secretly"));
    }
    air->settings.access_points = "/nonexistent/aps";
    air_scan(air);
    air_expect(air, 0, air->joined, 1);
    assert_int_equal(air->ap_count, 0);
    assert_true(air_logged(air, "/nonexistent/aps: No such file"));
}

static void test_too_many(void **state)
{
    struct air *air = *state;
    struct buf text = {0};
    for (int i = 0; i < ACCESS_POINTS_MAX; i++) {
        buf_printf(&text, "[n%d]\nssid=N%d\n", i, i);
    }
    air_write(air, buf_text(&text));
    air_start(air);
    air_scan(air);
    air_expect(air, 0, 0, 1);
    assert_int_equal(air->ap_count, ACCESS_POINTS_MAX);
    buf_add_text(&text, "[more]\nssid=more\n");
    air_write(air, buf_text(&text));
    buf_free(&text);
    air_scan(air);
    air_expect(air, 0, 0, 2);
    assert_int_equal(air->ap_count, 0);
    assert_true(air_logged(air, "more than 256 access points"));
}

static void test_time_limit(void **state)
{
    struct air *air = *state;
    air_write(air, "[a]\nssid=A\njoin_ms=60000\n");
    air->options.join_limit_ms = 60;
    air_start(air);
    air_expect_join(air, "A", "", WIFI_TIMEOUT);
    air_expect_state(air, WIFI_NEVER, NULL);
}

/* ---- joins that overtake each other ---- */

static void test_replaced(void **state)
{
    struct air *air = *state;
    air_write(air, "[a]\nssid=A\njoin_ms=30\nip=10.0.0.1\n[b]\nssid=B\njoin_ms=60\nip=10.0.0.2\n");
    air_start(air);
    air_join(air, "A", "");
    air_join(air, "nowhere", "");
    air_join(air, "B", "");
    air_expect(air, 1, 1, 0);
    assert_int_equal(air->join_outcome, WIFI_DONE);
    air_expect_state(air, WIFI_JOINED, "10.0.0.2");
    air_expect_sleep(air);
    air_expect(air, 1, 1, 0);
}

static void test_left_while_joining(void **state)
{
    struct air *air = *state;
    air_start(air);
    air_join(air, "A", "");
    wifi_leave(air->wifi);
    assert_false(wifi_joining(air->wifi));
    air_expect_sleep(air);
    air_expect(air, 0, 0, 0);
    air_expect_state(air, WIFI_NEVER, NULL);

    /* Left and joined again before the loop has told of it: told once, at the end. */
    air_expect_join(air, "A", "", WIFI_DONE);
    wifi_leave(air->wifi);
    air_join(air, "A", "");
    air_expect(air, 3, 2, 0); /* lost, then joined */
}

static void test_rejoined_in_an_event(void **state)
{
    struct air *air = *state;
    air_start(air);
    air->rejoin_in = AIR_CHANGED;
    air_join(air, "first", "");
    air_expect(air, 2, 1, 0); /* the first join's outcome is dropped: it is replaced */
    assert_string_equal(wifi_ssid(air->wifi), "again");
    air->rejoin_in = AIR_JOINED;
    air_join(air, "third", "");
    air_expect(air, 4, 3, 0);
    assert_string_equal(wifi_ssid(air->wifi), "again");
}

/* ---- the link ---- */

static void test_link(void **state)
{
    struct air *air = *state;
    air_start(air);
    air_expect_join(air, "Home", "12345678", WIFI_DONE);
    assert_true(wifi_sim_link(air->wifi, true)); /* it is */
    assert_true(wifi_sim_link(air->wifi, false));
    air_expect_state(air, WIFI_LOST, NULL);
    assert_true(wifi_sim_link(air->wifi, false));
    air_expect(air, 2, 1, 0);
    air_scan(air);
    air_expect(air, 2, 1, 1);
    assert_int_equal(air->ap_count, 0);
    assert_true(wifi_sim_link(air->wifi, true));
    assert_false(wifi_joining(air->wifi));
    air_expect(air, 3, 1, 1); /* joined, and nobody had asked */
    assert_string_equal(wifi_ssid(air->wifi), "Home");

    /* Down while joining, and a join while it is down. */
    air_join(air, "Home", "12345678");
    wifi_sim_link(air->wifi, false);
    air_expect(air, 4, 2, 1);
    assert_int_equal(air->join_outcome, WIFI_NO_AP);
    air_expect_join(air, "Home", "12345678", WIFI_NO_AP);
    wifi_sim_link(air->wifi, true);
    air_expect_sleep(air);
    air_expect_state(air, WIFI_LOST, NULL); /* a join that has failed is not taken up again */

    /* Left while down: not taken up either. */
    air_expect_join(air, "Home", "12345678", WIFI_DONE);
    wifi_sim_link(air->wifi, false);
    wifi_leave(air->wifi);
    wifi_sim_link(air->wifi, true);
    air_expect_sleep(air);
    air_expect_state(air, WIFI_LOST, NULL);
}

/* ---- ends ---- */

static bool destroyed(void *ctx)
{
    return !((struct air *)ctx)->wifi;
}

static void test_destroyed_in_events(void **state)
{
    struct air *air = *state;
    for (enum air_event event = AIR_CHANGED; event <= AIR_SCANNED; event++) {
        air->destroy_in = event;
        air_start(air);
        air_join(air, "A", "");
        air_scan(air);
        assert_true(loop_until(air->loop, destroyed, air));
    }
    air_expect_sleep(air);
}

static void test_many_lives(void **state)
{
    struct air *air = *state;
    air_write(air, two);
    int before = ports_descriptors();
    for (int i = 0; i < 300; i++) {
        air_start(air);
        air_join(air, i % 2 ? "Kitchen" : "Cafe", i % 3 ? "correct horse" : "");
        air_scan(air);
        if (i % 30 == 0) {
            air_expect(air, 1, 1, 1);
        }
        air->changed = air->joined = air->scanned = 0;
        air_stop(air);
    }
    assert_int_equal(ports_descriptors(), before);
    wifi_destroy(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, air_create, air_destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_any_name),
        TEST(test_lengths),
        TEST(test_one_in_a_scan),
        TEST(test_scan_between),
        TEST(test_no_signal),
        TEST(test_mac),
        TEST(test_file),
        TEST(test_file_in_a_scan),
        TEST(test_strongest),
        TEST(test_bad_files),
        TEST(test_too_many),
        TEST(test_time_limit),
        TEST(test_replaced),
        TEST(test_left_while_joining),
        TEST(test_rejoined_in_an_event),
        TEST(test_link),
        TEST(test_destroyed_in_events),
        TEST(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
