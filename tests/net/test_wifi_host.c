/* The host's Wi-Fi through wpa_supplicant, with a stand-in for it. The interface is a veth in a
 * namespace of the test's own, or loopback where there can be none. */
#include "tests/net/air.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/wpa_results.h"
#include "tests/net/netns.h"
#include "tests/net/supplicant.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static bool own_network;

struct bench {
    struct air *air;
    struct supplicant supplicant;
};

static const char connected[] =
    "<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=7 id_str=atmodemd]";
static const char not_found[] = "<3>CTRL-EVENT-NETWORK-NOT-FOUND ";

static int create(void **state)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    void *air;
    air_create(&air);
    bench->air = air;
    bench->air->settings.provider = NETWORK_HOST;
    bench->air->settings.interface = "lo";
    if (own_network) {
        netns_ip("link set lo up");
    }
    supplicant_start(&bench->supplicant, bench->air->loop, bench->air->folder, "lo");
    *state = bench;
    return 0;
}

static int destroy(void **state)
{
    struct bench *bench = *state;
    void *air = bench->air;
    supplicant_stop(&bench->supplicant);
    if (own_network) {
        netns_ip("link del w0 2>/dev/null");
    }
    air_destroy(&air);
    free(bench);
    return 0;
}

static void start(struct bench *bench)
{
    air_start(bench->air);
    air_expect(bench->air, 1, 0, 0); /* loopback is there */
}

static bool none_attached(void *ctx)
{
    struct bench *bench = ctx;
    return supplicant_attached(&bench->supplicant) == 0;
}

/* The stand-in has heard what the object has sent, and nobody listens any more. */
static void expect_ended(struct bench *bench)
{
    assert_true(loop_until(bench->air->loop, none_attached, bench));
}

static void expect_quiet(struct bench *bench)
{
    expect_ended(bench);
    air_expect_sleep(bench->air);
}

static void expect_trace(struct bench *bench, const char *trace)
{
    expect_quiet(bench);
    assert_string_equal(buf_text(&bench->supplicant.trace), trace);
    buf_clear(&bench->supplicant.trace);
}

/* ---- joining ---- */

static void test_joins(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    start(bench);
    air_expect_join(bench->air, "My \"net\"", "correct \"horse\\", WIFI_DONE);
    assert_string_equal(wifi_ssid(bench->air->wifi), "My \"net\"");
    assert_int_equal(wifi_rssi(bench->air->wifi), -61);
    assert_int_equal(bench->air->changed, 2);
    expect_trace(bench, "ATTACH\nLIST_NETWORKS\nADD_NETWORK\n"
                        "SET_NETWORK 7 id_str \"atmodemd\"\n"
                        "SET_NETWORK 7 ssid 4d7920226e657422\n"
                        "SET_NETWORK 7 scan_ssid 1\n"
                        "SET_NETWORK 7 psk \"correct \"horse\\\"\n"
                        "SELECT_NETWORK 7\nSIGNAL_POLL\nDETACH\n");
    assert_false(air_logged(bench->air, "horse"));
    wifi_leave(bench->air->wifi);
    expect_trace(bench, "DISCONNECT\n");
    air_stop(bench->air); /* nothing is taken back */
    expect_trace(bench, "");
}

static void test_keys(void **state)
{
    static const char *const rows[][2] = {
        {"", "SET_NETWORK 7 key_mgmt NONE\n"},
        {"0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD",
         "SET_NETWORK 7 psk 0123456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD\n"},
        {"ext:456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD",
         "SET_NETWORK 7 psk "
         "\"ext:456789abcdefABCDEF0123456789abcdefABCDEF0123456789abcdefABCD\"\n"},
    };
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    start(bench);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        air_expect_join(bench->air, "n", rows[i][0], WIFI_DONE);
        assert_true(supplicant_got(&bench->supplicant, rows[i][1]));
        buf_clear(&bench->supplicant.trace);
    }
}

static void test_earlier_networks_go(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    bench->supplicant.networks = "0\tHome\tany\t[CURRENT]\n2\told\tany\t[DISABLED]\n"
                                 "nonsense\n-1\tx\tany\t\n99999999999999\tx\tany\t\n"
                                 "5\tolder\tany\t[DISABLED]\n";
    bench->supplicant.ours = ",2,5,";
    start(bench);
    air_expect_join(bench->air, "n", "12345678", WIFI_DONE);
    assert_true(supplicant_got(&bench->supplicant, "REMOVE_NETWORK 2\n"));
    assert_true(supplicant_got(&bench->supplicant, "REMOVE_NETWORK 5\n"));
    assert_true(supplicant_got(&bench->supplicant, "GET_NETWORK 0 id_str\n"));
    assert_false(supplicant_got(&bench->supplicant, "REMOVE_NETWORK 0\n"));
    assert_false(supplicant_got(&bench->supplicant, "GET_NETWORK -1"));
}

/* What the join leaves behind when it fails. */
static const char restored[] = "REMOVE_NETWORK 7\nENABLE_NETWORK all\nDETACH\n";

static void test_fails(void **state)
{
    static const struct {
        const char *told;
        enum wifi_outcome outcome;
    } rows[] = {
        {"<3>CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"n\" auth_failures=1 duration=10 "
         "reason=WRONG_KEY",
         WIFI_WRONG_PSK},
        {"<3>CTRL-EVENT-NETWORK-NOT-FOUND \n<3>CTRL-EVENT-SCAN-STARTED \n"
         "<3>CTRL-EVENT-NETWORK-NOT-FOUND",
         WIFI_NO_AP},
        {"<3>CTRL-EVENT-TERMINATING ", WIFI_NO_RADIO},
        {"<3>CTRL-EVENT-TERMINATING \n<3>CTRL-EVENT-TERMINATING ", WIFI_NO_RADIO},
        {not_found, WIFI_TIMEOUT}, /* one may be of an older scan */
        {"", WIFI_TIMEOUT},
        /* What is about other networks, or only looks as if. */
        {"<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=71 id_str=]\n"
         "<3>CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:01 completed [id=0 id_str=]\n"
         "<3>CTRL-EVENT-CONNECTED\n<3>CTRL-EVENT-CONNECTED - [id=\n"
         "<3>CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"o\" auth_failures=1 duration=10 "
         "reason=WRONG_KEY\n"
         "<3>CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"reason=WRONG_KEY\" auth_failures=1 "
         "duration=10 reason=CONN_FAILED\n"
         "<3>CTRL-EVENT-SSID-TEMP-DISABLED\n"
         "<3>CTRL-EVENT-NETWORK-NOT-FOUNDX\n<3>CTRL-EVENT-NETWORK-NOT-FOUNDX\n"
         "CTRL-EVENT-TERMINATING \nOK\nFAIL\n\1\n<\1>\n",
         WIFI_TIMEOUT},
    };
    struct bench *bench = *state;
    bench->air->options.join_limit_ms = 150;
    start(bench);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench->supplicant.after_select = rows[i].told;
        air_expect_join(bench->air, "n", "12345678", rows[i].outcome);
        expect_ended(bench);
        const char *trace = buf_text(&bench->supplicant.trace);
        assert_non_null(strstr(trace, restored));
        buf_clear(&bench->supplicant.trace);
    }
    air_expect_state(bench->air, WIFI_JOINED, "127.0.0.1"); /* the kernel's word */
    assert_string_equal(wifi_ssid(bench->air->wifi), "");
    assert_int_equal(bench->air->changed, 1);
}

static void test_refused(void **state)
{
    static const struct {
        const char *command;
        const char *answer;
        enum wifi_outcome outcome;
    } rows[] = {
        {"ATTACH", "FAIL\n", WIFI_NO_RADIO},
        {"ADD_NETWORK", "FAIL\n", WIFI_NO_RADIO},
        {"ADD_NETWORK", "", WIFI_NO_RADIO},
        {"ADD_NETWORK", "7x\n", WIFI_NO_RADIO},
        {"ADD_NETWORK", "-7\n", WIFI_NO_RADIO},
        {"ADD_NETWORK", "99999999999999999999\n", WIFI_NO_RADIO},
        {"SET_NETWORK 7 id_str", "FAIL\n", WIFI_NO_RADIO},
        {"SET_NETWORK 7 ssid", "FAIL\n", WIFI_NO_RADIO},
        {"SET_NETWORK 7 scan_ssid", "FAIL\n", WIFI_DONE},
        {"SET_NETWORK 7 psk", "FAIL\n", WIFI_WRONG_PSK},
        {"SELECT_NETWORK", "FAIL\n", WIFI_NO_RADIO},
        {"SIGNAL_POLL", "RSSI=0\n", WIFI_DONE},
        {"SIGNAL_POLL", "RSSI=-999999999999\n", WIFI_DONE},
        {"LIST_NETWORKS", "UNKNOWN COMMAND\n", WIFI_DONE},
        {"LIST_NETWORKS", "\n\n\n\t\t\n", WIFI_DONE},
    };
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    start(bench);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench->supplicant.refuse = rows[i].command;
        bench->supplicant.refuse_with = rows[i].answer;
        air_expect_join(bench->air, "n", "12345678", rows[i].outcome);
        if (strcmp(rows[i].command, "SIGNAL_POLL") == 0) {
            assert_int_equal(wifi_rssi(bench->air->wifi), 0);
        }
        expect_ended(bench);
    }
}

static void test_mute(void **state)
{
    static const char *const commands[] = {"ATTACH", "LIST_NETWORKS", "SET_NETWORK 7 psk",
                                           "SIGNAL_POLL"};
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    bench->air->options.join_limit_ms = 50;
    start(bench);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        bench->supplicant.mute = commands[i];
        air_expect_join(bench->air, "n", "12345678", WIFI_TIMEOUT);
        expect_ended(bench);
    }
}

static void test_noise(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    bench->supplicant.noise = true;
    start(bench);
    air_expect_join(bench->air, "n", "12345678", WIFI_DONE);
    expect_quiet(bench);
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    air_scan(bench->air);
    air_expect(bench->air, 2, 1, 1);
    assert_int_equal(bench->air->scan_outcome, WIFI_DONE);
}

static void test_replaced(void **state)
{
    struct bench *bench = *state;
    start(bench);
    air_join(bench->air, "first", "12345678");
    loop_wakes(bench->air->loop, 0.1); /* selected */
    assert_true(supplicant_got(&bench->supplicant, "SELECT_NETWORK 7\n"));
    buf_clear(&bench->supplicant.trace);
    bench->supplicant.next_network = 8;
    air_join(bench->air, "second", "12345678");
    loop_wakes(bench->air->loop, 0.1);
    assert_true(supplicant_got(&bench->supplicant, "REMOVE_NETWORK 7\n"));
    assert_false(supplicant_got(&bench->supplicant, "ENABLE_NETWORK"));
    supplicant_tell(&bench->supplicant, connected, strlen(connected)); /* the first's */
    loop_wakes(bench->air->loop, 0.1);
    assert_int_equal(bench->air->joined, 0);
    static const char second[] = "<3>CTRL-EVENT-CONNECTED - [id=8 id_str=]";
    supplicant_tell(&bench->supplicant, second, strlen(second));
    air_expect(bench->air, 2, 1, 0);
    assert_string_equal(wifi_ssid(bench->air->wifi), "second");

    /* Left, and destroyed, while joining. */
    air_join(bench->air, "third", "12345678");
    loop_wakes(bench->air->loop, 0.1);
    wifi_leave(bench->air->wifi);
    expect_quiet(bench);
    assert_true(supplicant_got(&bench->supplicant, "REMOVE_NETWORK 8\n"));
    assert_true(supplicant_got(&bench->supplicant, "DISCONNECT\n"));
    air_join(bench->air, "fourth", "12345678");
    loop_wakes(bench->air->loop, 0.1);
    buf_clear(&bench->supplicant.trace);
    air_stop(bench->air);
    expect_trace(bench, "REMOVE_NETWORK 8\nENABLE_NETWORK all\nDETACH\n");
    assert_int_equal(bench->air->joined, 1);
}

static void test_supplicant_goes(void **state)
{
    struct bench *bench = *state;
    start(bench);
    supplicant_stop(&bench->supplicant); /* the socket is not there */
    air_expect_join(bench->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(bench->air, "No such file or directory"));

    /* It ends without a word between two commands. */
    supplicant_start(&bench->supplicant, bench->air->loop, bench->air->folder, "lo");
    bench->supplicant.mute = "SELECT";
    air_join(bench->air, "n", "12345678");
    loop_wakes(bench->air->loop, 0.1);
    assert_true(supplicant_got(&bench->supplicant, "SELECT_NETWORK"));
    ev_io_stop(bench->air->loop, &bench->supplicant.io);
    close(bench->supplicant.fd);
    bench->supplicant.fd = -1;
    air_expect_join(bench->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(bench->air, "Connection refused"));
    air_expect_sleep(bench->air);

    bench->air->settings.wpa_dir =
        "/tmp/a-folder-whose-name-is-so-long-that-no-socket-address-can-hold-it-which-is-more-than-"
        "a-hundred-and-seven-bytes";
    air_expect_join(bench->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(bench->air, "File name too long"));
}

static void test_waits_for_an_address(void **state)
{
    struct bench *bench = *state;
    if (!own_network) {
        skip();
    }
    assert_true(netns_ip("link add w0 type veth peer name w1"));
    assert_true(netns_ip("link set w1 up"));
    assert_true(netns_ip("link set w0 up"));
    supplicant_stop(&bench->supplicant);
    supplicant_start(&bench->supplicant, bench->air->loop, bench->air->folder, "w0");
    bench->supplicant.after_select = connected;
    bench->air->settings.interface = "w0";
    bench->air->options.join_limit_ms = 1000;
    air_start(bench->air);
    air_join(bench->air, "Kitchen", "12345678");
    expect_quiet(bench);
    assert_int_equal(bench->air->joined, 0);
    assert_true(wifi_joining(bench->air->wifi));
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    air_expect(bench->air, 1, 1, 0);
    assert_int_equal(bench->air->join_outcome, WIFI_DONE);
    air_expect_state(bench->air, WIFI_JOINED, "192.0.2.5");
    assert_string_equal(wifi_ssid(bench->air->wifi), "Kitchen");

    assert_true(netns_ip("addr del 192.0.2.5/24 dev w0"));
    air_expect(bench->air, 2, 1, 0);
    air_expect_state(bench->air, WIFI_LOST, NULL);
    assert_string_equal(wifi_ssid(bench->air->wifi), "");
    air_expect_join(bench->air, "Kitchen", "12345678", WIFI_TIMEOUT); /* none comes */
    assert_true(air_logged(bench->air, "no address"));
    assert_false(supplicant_got(&bench->supplicant, "ENABLE_NETWORK"));
}

static void test_no_interface(void **state)
{
    struct bench *bench = *state;
    bench->air->settings.interface = "nosuch0";
    air_start(bench->air);
    air_expect_join(bench->air, "n", "12345678", WIFI_NO_RADIO);
    air_scan(bench->air);
    wifi_leave(bench->air->wifi);
    air_expect(bench->air, 0, 1, 1);
    assert_int_equal(bench->air->scan_outcome, WIFI_NO_RADIO);
    assert_true(air_logged(bench->air, "there is no network interface"));
}

/* ---- scanning ---- */

static const char results[] =
    "02:00:00:00:0a:01\t2412\t-70\t[WPA-PSK-CCMP][WPA2-PSK-CCMP][ESS]\tKitchen\n"
    "02:00:00:00:0a:02\t5180\t-40\t[WPA2-SAE-CCMP][ESS]\tA \\\"b\\\" \\\\ \\xe4\\xbd\\xa0\n"
    "garbage\n"
    "02:00:00:00:0a:03\t2484\t200\t[ESS]\t\n";

static void test_scan(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.results = results;
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-STARTED \n<3>CTRL-EVENT-SCAN-RESULTS ";
    start(bench);
    air_scan(bench->air);
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 1);
    assert_int_equal(bench->air->scan_outcome, WIFI_DONE);
    assert_int_equal(bench->air->ap_count, 3);
    const struct wifi_ap *aps = bench->air->aps; /* strongest first */
    assert_string_equal(aps[0].ssid, "A \"b\" \\ \xe4\xbd\xa0");
    assert_int_equal(aps[0].channel, 36);
    assert_int_equal(aps[0].security, WIFI_WPA3);
    assert_string_equal(aps[1].ssid, "");
    assert_int_equal(aps[1].rssi, -56);
    assert_int_equal(aps[1].channel, 14);
    assert_string_equal(aps[2].bssid, "02:00:00:00:0A:01");
    assert_int_equal(aps[2].security, WIFI_WPA_WPA2);
    expect_trace(bench, "ATTACH\nSCAN\nSCAN_RESULTS\nDETACH\n");

    bench->supplicant.refuse = "SCAN";
    bench->supplicant.refuse_with = "FAIL-BUSY\n";
    bench->supplicant.results = "";
    bench->supplicant.after_scan = "";
    air_scan(bench->air);
    loop_wakes(bench->air->loop, 0.1);
    bench->supplicant.refuse = NULL;
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    supplicant_tell(&bench->supplicant, bench->supplicant.after_scan,
                    strlen(bench->supplicant.after_scan));
    air_expect(bench->air, 1, 0, 2);
    assert_int_equal(bench->air->scan_outcome, WIFI_DONE);
    assert_int_equal(bench->air->ap_count, 0);
}

static void test_scan_fails(void **state)
{
    struct bench *bench = *state;
    bench->air->options.scan_limit_ms = 60;
    start(bench);
    air_scan(bench->air); /* nothing comes */
    air_expect(bench->air, 1, 0, 1);
    assert_int_equal(bench->air->scan_outcome, WIFI_TIMEOUT);
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-FAILED ret=-22";
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 2);
    assert_int_equal(bench->air->scan_outcome, WIFI_NO_RADIO);
    bench->supplicant.after_scan = "<3>CTRL-EVENT-TERMINATING ";
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 3);
    assert_int_equal(bench->air->scan_outcome, WIFI_NO_RADIO);
    bench->supplicant.refuse = "SCAN";
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 4);
    assert_int_equal(bench->air->scan_outcome, WIFI_NO_RADIO);
    bench->supplicant.refuse = "ATTACH";
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 5);
    assert_int_equal(bench->air->scan_outcome, WIFI_NO_RADIO);
    expect_quiet(bench);
}

static void test_scan_while_joining(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.results = results;
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    start(bench);
    air_join(bench->air, "n", "12345678");
    loop_wakes(bench->air->loop, 0.1);
    air_scan(bench->air);
    air_expect(bench->air, 1, 0, 1);
    assert_int_equal(bench->air->ap_count, 3);
    supplicant_tell(&bench->supplicant, connected, strlen(connected));
    air_expect(bench->air, 2, 1, 1);
    expect_quiet(bench);
}

static void test_result_lines(void **state)
{
    (void)state;
    static const struct {
        const char *line;
        bool good;
        struct wifi_ap ap;
    } rows[] = {
        {"02:00:00:00:0a:01\t2462\t-50\t[WPA2-PSK-CCMP][WPS][ESS]\tn",
         true,
         {.ssid = "n", .rssi = -50, .channel = 11, .security = WIFI_WPA2}},
        {"02:00:00:00:0a:01\t5955\t-500\t[WPA2-PSK+SAE-CCMP]\t\\x00\\x00",
         true,
         {.rssi = -140, .channel = 1, .security = WIFI_WPA2_WPA3}},
        {"02:00:00:00:0a:01\t1\t7\t[WEP][ESS]\ta\\tb\\n\\r\\e",
         true,
         {.ssid = "a\tb\n\r\x1b", .rssi = -1, .security = WIFI_WEP}},
        {"02:00:00:00:0a:01\t2412\t-9\t[WPA-PSK-TKIP][ESS]\tn\tm",
         true,
         {.ssid = "n\tm", .rssi = -9, .channel = 1, .security = WIFI_WPA}},
        {"02:00:00:00:0a:01\t2412\t-9\t[RSN-EAP-CCMP][ESS]\tn",
         true,
         {.ssid = "n", .rssi = -9, .channel = 1, .security = WIFI_WPA2_ENTERPRISE}},
        {"02:00:00:00:0a:01\t2412\t-9\t[WPA2-OWE-CCMP][ESS]\tn",
         true,
         {.ssid = "n", .rssi = -9, .channel = 1, .security = WIFI_OPEN}},
        {"bssid / frequency / signal level / flags / ssid", false, {.rssi = 0}},
        {"", false, {.rssi = 0}},
        {"\t\t\t\t", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t-9\t[ESS]", false, {.rssi = 0}},
        {"02:00:00:00:0a:0\t2412\t-9\t[ESS]\tn", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t24x\t-9\t[ESS]\tn", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t\t[ESS]\tn", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t-9\t[ESS]\t\\", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t-9\t[ESS]\t\\x1", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t-9\t[ESS]\t\\q", false, {.rssi = 0}},
        {"02:00:00:00:0a:01\t2412\t-9\t[ESS]\t123456789012345678901234567890123",
         false,
         {.rssi = 0}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct wifi_ap ap = {0};
        size_t len = strlen(rows[i].line);
        char *exact = mem_zeroed(len);
        memcpy(exact, rows[i].line, len);
        if (wpa_results_line(exact, len, &ap) != rows[i].good) {
            fail_msg("%s", rows[i].line);
        }
        free(exact);
        if (rows[i].good) {
            assert_string_equal(ap.ssid, rows[i].ap.ssid);
            assert_int_equal(ap.rssi, rows[i].ap.rssi);
            assert_int_equal(ap.channel, rows[i].ap.channel);
            assert_int_equal(ap.security, rows[i].ap.security);
            assert_string_equal(ap.bssid, "02:00:00:00:0A:01");
        }
    }
}

static void test_damaged_results(void **state)
{
    (void)state;
    srand(1);
    for (unsigned i = 0; i < 100000; i++) {
        struct wifi_ap aps[2];
        size_t len = (size_t)rand() % sizeof results;
        char *copy = mem_copy(results, len);
        for (unsigned n = 0; len && n < i % 6; n++) {
            static const char bytes[] = "\t\n\\x[]\"-1:\xff";
            copy[(size_t)rand() % len] = bytes[(size_t)rand() % (sizeof bytes - 1)];
        }
        size_t count = wpa_results(copy, aps, 2);
        assert_true(count <= 2);
        for (size_t k = 0; k < count; k++) {
            assert_true(strlen(aps[k].ssid) <= WIFI_SSID_MAX && aps[k].rssi < 0);
        }
        free(copy);
    }
}

/* ---- ends ---- */

static bool destroyed(void *ctx)
{
    return !((struct air *)ctx)->wifi;
}

static void test_destroyed_in_events(void **state)
{
    struct bench *bench = *state;
    bench->supplicant.after_select = connected;
    bench->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    for (enum air_event event = AIR_CHANGED; event <= AIR_SCANNED; event++) {
        bench->air->destroy_in = event;
        air_start(bench->air);
        air_join(bench->air, "n", "12345678");
        air_scan(bench->air);
        assert_true(loop_until(bench->air->loop, destroyed, bench->air));
        expect_quiet(bench);
    }
}

static void test_many_lives(void **state)
{
    struct bench *bench = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 200; i++) {
        air_start(bench->air);
        air_join(bench->air, "n", "12345678");
        air_scan(bench->air);
        for (int turn = 0; turn < i % 20; turn++) {
            ev_run(bench->air->loop, EVRUN_NOWAIT);
        }
        air_stop(bench->air);
        assert_true(loop_until(bench->air->loop, none_attached, bench));
        loop_wakes(bench->air->loop, 0.001);
    }
    assert_int_equal(ports_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    own_network = netns_enter();
    const struct CMUnitTest tests[] = {
        TEST(test_joins),
        TEST(test_keys),
        TEST(test_earlier_networks_go),
        TEST(test_fails),
        TEST(test_refused),
        TEST(test_mute),
        TEST(test_noise),
        TEST(test_replaced),
        TEST(test_supplicant_goes),
        TEST(test_waits_for_an_address),
        TEST(test_no_interface),
        TEST(test_scan),
        TEST(test_scan_fails),
        TEST(test_scan_while_joining),
        cmocka_unit_test(test_result_lines),
        cmocka_unit_test(test_damaged_results),
        TEST(test_destroyed_in_events),
        TEST(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
