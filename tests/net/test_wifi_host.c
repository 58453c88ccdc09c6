/* The host joins through wpa_supplicant, for which there is a stand-in. */
#include "tests/net/host.h"

#include <unistd.h>

#include "tests/support/loop.h"
#include "tests/support/netns.h"
#include "tests/support/ports.h"

static const char not_found[] = "<3>CTRL-EVENT-NETWORK-NOT-FOUND ";

/* ---- joining ---- */

static void test_joins(void **state)
{
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host_start(host);
    air_expect_join(host->air, "My \"net\"", "correct \"horse\\", WIFI_DONE);
    assert_string_equal(wifi_ssid(host->air->wifi), "My \"net\"");
    assert_int_equal(wifi_rssi(host->air->wifi), -61);
    assert_int_equal(host->air->changed, 2);
    host_expect_trace(host, "ATTACH\nLIST_NETWORKS\nADD_NETWORK\n"
                            "SET_NETWORK 7 id_str \"atmodemd\"\n"
                            "SET_NETWORK 7 ssid 4d7920226e657422\n"
                            "SET_NETWORK 7 scan_ssid 1\n"
                            "SET_NETWORK 7 psk \"correct \"horse\\\"\n"
                            "SELECT_NETWORK 7\nSIGNAL_POLL\nDETACH\n");
    assert_false(air_logged(host->air, "horse"));
    wifi_leave(host->air->wifi);
    assert_string_equal(wifi_ssid(host->air->wifi), "");
    host_expect_trace(host, "DISCONNECT\n");
    air_expect_join(host->air, "n", "12345678", WIFI_DONE);
    host->supplicant.refuse = "ADD_NETWORK";
    air_expect_join(host->air, "n", "12345678", WIFI_NO_RADIO);
    assert_string_equal(wifi_ssid(host->air->wifi), ""); /* whose it is now, nobody knows */
    host_expect_quiet(host);
    buf_clear(&host->supplicant.trace);
    air_stop(host->air); /* nothing is taken back */
    host_expect_trace(host, "");
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
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host_start(host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        air_expect_join(host->air, "n", rows[i][0], WIFI_DONE);
        assert_true(supplicant_got(&host->supplicant, rows[i][1]));
        buf_clear(&host->supplicant.trace);
    }
}

static void test_earlier_networks_go(void **state)
{
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host->supplicant.networks = "0\tHome\tany\t[CURRENT]\n2\told\tany\t[DISABLED]\n"
                                "nonsense\n-1\tx\tany\t\n99999999999999\tx\tany\t\n"
                                "5\tolder\tany\t[DISABLED]\n";
    host->supplicant.ours = ",2,5,";
    host_start(host);
    air_expect_join(host->air, "n", "12345678", WIFI_DONE);
    assert_true(supplicant_got(&host->supplicant, "REMOVE_NETWORK 2\n"));
    assert_true(supplicant_got(&host->supplicant, "REMOVE_NETWORK 5\n"));
    assert_true(supplicant_got(&host->supplicant, "GET_NETWORK 0 id_str\n"));
    assert_false(supplicant_got(&host->supplicant, "REMOVE_NETWORK 0\n"));
    assert_false(supplicant_got(&host->supplicant, "GET_NETWORK -1"));
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
    struct host *host = *state;
    host->air->options.join_limit_ms = 150;
    host_start(host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        host->supplicant.after_select = rows[i].told;
        air_expect_join(host->air, "n", "12345678", rows[i].outcome);
        host_expect_ended(host);
        const char *trace = buf_text(&host->supplicant.trace);
        assert_non_null(strstr(trace, restored));
        buf_clear(&host->supplicant.trace);
    }
    air_expect_state(host->air, WIFI_JOINED, "127.0.0.1"); /* the kernel's word */
    assert_string_equal(wifi_ssid(host->air->wifi), "");
    assert_int_equal(host->air->changed, 1);
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
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host_start(host);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        host->supplicant.refuse = rows[i].command;
        host->supplicant.refuse_with = rows[i].answer;
        air_expect_join(host->air, "n", "12345678", rows[i].outcome);
        if (strcmp(rows[i].command, "SIGNAL_POLL") == 0) {
            assert_int_equal(wifi_rssi(host->air->wifi), 0);
        }
        host_expect_ended(host);
    }
}

static void test_mute(void **state)
{
    static const char *const commands[] = {"ATTACH", "LIST_NETWORKS", "SET_NETWORK 7 psk",
                                           "SIGNAL_POLL"};
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host->air->options.join_limit_ms = 50;
    host_start(host);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        host->supplicant.mute = commands[i];
        air_expect_join(host->air, "n", "12345678", WIFI_TIMEOUT);
        host_expect_ended(host);
    }
}

static void test_noise(void **state)
{
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host->supplicant.noise = true;
    host_start(host);
    air_expect_join(host->air, "n", "12345678", WIFI_DONE);
    host_expect_quiet(host);
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    air_scan(host->air);
    air_expect(host->air, 2, 1, 1);
    assert_int_equal(host->air->scan_outcome, WIFI_DONE);
}

static void test_replaced(void **state)
{
    struct host *host = *state;
    host_start(host);
    air_join(host->air, "first", "12345678");
    loop_wakes(host->air->loop, 0.1); /* selected */
    assert_true(supplicant_got(&host->supplicant, "SELECT_NETWORK 7\n"));
    buf_clear(&host->supplicant.trace);
    host->supplicant.next_network = 8;
    air_join(host->air, "second", "12345678");
    loop_wakes(host->air->loop, 0.1);
    assert_true(supplicant_got(&host->supplicant, "REMOVE_NETWORK 7\n"));
    assert_false(supplicant_got(&host->supplicant, "ENABLE_NETWORK"));
    supplicant_tell(&host->supplicant, host_connected, strlen(host_connected)); /* the first's */
    if (netns_entered()) { /* and what the kernel tells is no outcome */
        assert_true(netns_ip("addr add 192.0.2.9/32 dev lo"));
    }
    loop_wakes(host->air->loop, 0.2);
    assert_int_equal(host->air->joined, 0);
    if (netns_entered()) {
        assert_true(netns_ip("addr del 192.0.2.9/32 dev lo"));
    }
    static const char second[] = "<3>CTRL-EVENT-CONNECTED - [id=8 id_str=]";
    supplicant_tell(&host->supplicant, second, strlen(second));
    air_expect(host->air, 2, 1, 0);
    assert_string_equal(wifi_ssid(host->air->wifi), "second");

    /* Left, and destroyed, while joining. */
    air_join(host->air, "third", "12345678");
    loop_wakes(host->air->loop, 0.1);
    wifi_leave(host->air->wifi);
    host_expect_quiet(host);
    assert_true(supplicant_got(&host->supplicant, "REMOVE_NETWORK 8\n"));
    assert_true(supplicant_got(&host->supplicant, "DISCONNECT\n"));
    air_join(host->air, "fourth", "12345678");
    loop_wakes(host->air->loop, 0.1);
    buf_clear(&host->supplicant.trace);
    air_stop(host->air);
    host_expect_trace(host, "REMOVE_NETWORK 8\nENABLE_NETWORK all\nDETACH\n");
    assert_int_equal(host->air->joined, 1);
}

static void test_supplicant_goes(void **state)
{
    struct host *host = *state;
    host_start(host);
    supplicant_stop(&host->supplicant); /* the socket is not there */
    air_expect_join(host->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(host->air, "No such file or directory"));

    /* It ends without a word between two commands. */
    supplicant_start(&host->supplicant, host->air->loop, host->air->folder, "lo");
    host->supplicant.mute = "SELECT";
    air_join(host->air, "n", "12345678");
    loop_wakes(host->air->loop, 0.1);
    assert_true(supplicant_got(&host->supplicant, "SELECT_NETWORK"));
    ev_io_stop(host->air->loop, &host->supplicant.io);
    close(host->supplicant.fd);
    host->supplicant.fd = -1;
    air_expect_join(host->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(host->air, "Connection refused"));
    air_expect_sleep(host->air);

    host->air->settings.wpa_dir =
        "/tmp/a-folder-whose-name-is-so-long-that-no-socket-address-can-hold-it-which-is-more-than-"
        "a-hundred-and-seven-bytes";
    air_expect_join(host->air, "n", "12345678", WIFI_NO_RADIO);
    assert_true(air_logged(host->air, "File name too long"));
}

static void test_waits_for_an_address(void **state)
{
    struct host *host = *state;
    if (!netns_entered()) {
        skip();
    }
    assert_true(netns_ip("link add w0 type veth peer name w1"));
    assert_true(netns_ip("link set w1 up"));
    assert_true(netns_ip("link set w0 up"));
    supplicant_stop(&host->supplicant);
    supplicant_start(&host->supplicant, host->air->loop, host->air->folder, "w0");
    host->supplicant.after_select = host_connected;
    host->air->settings.interface = "w0";
    host->air->options.join_limit_ms = 1000;
    air_start(host->air);
    air_join(host->air, "Kitchen", "12345678");
    host_expect_quiet(host);
    assert_int_equal(host->air->joined, 0);
    assert_true(wifi_joining(host->air->wifi));
    assert_true(netns_ip("addr add 192.0.2.5/24 dev w0"));
    air_expect(host->air, 1, 1, 0);
    assert_int_equal(host->air->join_outcome, WIFI_DONE);
    air_expect_state(host->air, WIFI_JOINED, "192.0.2.5");
    assert_string_equal(wifi_ssid(host->air->wifi), "Kitchen");

    assert_true(netns_ip("addr del 192.0.2.5/24 dev w0"));
    air_expect(host->air, 2, 1, 0);
    air_expect_state(host->air, WIFI_LOST, NULL);
    assert_string_equal(wifi_ssid(host->air->wifi), "");
    air_expect_join(host->air, "Kitchen", "12345678", WIFI_TIMEOUT); /* none comes */
    assert_true(air_logged(host->air, "no address"));
    assert_false(supplicant_got(&host->supplicant, "ENABLE_NETWORK"));
}

static void test_no_interface(void **state)
{
    struct host *host = *state;
    host->air->settings.interface = "nosuch0";
    air_start(host->air);
    air_expect_join(host->air, "n", "12345678", WIFI_NO_RADIO);
    air_scan(host->air);
    wifi_leave(host->air->wifi);
    air_expect(host->air, 0, 1, 1);
    assert_int_equal(host->air->scan_outcome, WIFI_NO_RADIO);
    assert_true(air_logged(host->air, "there is no network interface"));
}

/* ---- ends ---- */

static bool destroyed(void *ctx)
{
    return !((struct air *)ctx)->wifi;
}

static void test_destroyed_in_events(void **state)
{
    struct host *host = *state;
    host->supplicant.after_select = host_connected;
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    for (enum air_event event = AIR_CHANGED; event <= AIR_SCANNED; event++) {
        host->air->destroy_in = event;
        air_start(host->air);
        air_join(host->air, "n", "12345678");
        air_scan(host->air);
        assert_true(loop_until(host->air->loop, destroyed, host->air));
        host_expect_quiet(host);
    }
}

static void test_many_lives(void **state)
{
    struct host *host = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 200; i++) {
        air_start(host->air);
        air_join(host->air, "n", "12345678");
        air_scan(host->air);
        for (int turn = 0; turn < i % 20; turn++) {
            ev_run(host->air->loop, EVRUN_NOWAIT);
        }
        air_stop(host->air);
        host_expect_ended(host);
        loop_wakes(host->air->loop, 0.001);
    }
    assert_int_equal(ports_descriptors(), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_create, host_destroy)

int main(void)
{
    netns_enter();
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
        TEST(test_destroyed_in_events),
        TEST(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
