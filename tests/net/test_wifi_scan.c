/* The host looks around through wpa_supplicant, for which there is a stand-in. */
#include "tests/net/host.h"

#include "tests/support/loop.h"
#include "tests/support/netns.h"

/* ---- scanning ---- */

static const char results[] =
    "02:00:00:00:0a:01\t2412\t-70\t[WPA-PSK-CCMP][WPA2-PSK-CCMP][ESS]\tKitchen\n"
    "02:00:00:00:0a:02\t5180\t-40\t[WPA2-SAE-CCMP][ESS]\tA \\\"b\\\" \\\\ \\xe4\\xbd\\xa0\n"
    "garbage\n"
    "02:00:00:00:0a:03\t2484\t200\t[ESS]\t\n";

static void test_scan(void **state)
{
    struct host *host = *state;
    host->supplicant.results = results;
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-STARTED \n<3>CTRL-EVENT-SCAN-RESULTS ";
    host_start(host);
    air_scan(host->air);
    air_scan(host->air);
    air_expect(host->air, 1, 0, 1);
    assert_int_equal(host->air->scan_outcome, WIFI_DONE);
    assert_int_equal(host->air->ap_count, 3);
    const struct wifi_ap *aps = host->air->aps; /* strongest first */
    assert_string_equal(aps[0].ssid, "A \"b\" \\ \xe4\xbd\xa0");
    assert_int_equal(aps[0].channel, 36);
    assert_int_equal(aps[0].security, WIFI_WPA3);
    assert_string_equal(aps[1].ssid, "");
    assert_int_equal(aps[1].rssi, -56);
    assert_int_equal(aps[1].channel, 14);
    assert_string_equal(aps[2].bssid, "02:00:00:00:0A:01");
    assert_int_equal(aps[2].security, WIFI_WPA_WPA2);
    host_expect_trace(host, "ATTACH\nSCAN\nSCAN_RESULTS\nDETACH\n");

    host->supplicant.refuse = "SCAN";
    host->supplicant.refuse_with = "FAIL-BUSY\n";
    host->supplicant.results = "";
    host->supplicant.after_scan = "";
    air_scan(host->air);
    loop_wakes(host->air->loop, 0.1);
    host->supplicant.refuse = NULL;
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    supplicant_tell(&host->supplicant, host->supplicant.after_scan,
                    strlen(host->supplicant.after_scan));
    air_expect(host->air, 1, 0, 2);
    assert_int_equal(host->air->scan_outcome, WIFI_DONE);
    assert_int_equal(host->air->ap_count, 0);
}

static void test_scan_fails(void **state)
{
    struct host *host = *state;
    host->air->options.scan_limit_ms = 60;
    host_start(host);
    air_scan(host->air); /* nothing comes */
    air_expect(host->air, 1, 0, 1);
    assert_int_equal(host->air->scan_outcome, WIFI_TIMEOUT);
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-FAILED ret=-22";
    air_scan(host->air);
    air_expect(host->air, 1, 0, 2);
    assert_int_equal(host->air->scan_outcome, WIFI_NO_RADIO);
    host->supplicant.after_scan = "<3>CTRL-EVENT-TERMINATING ";
    air_scan(host->air);
    air_expect(host->air, 1, 0, 3);
    assert_int_equal(host->air->scan_outcome, WIFI_NO_RADIO);
    host->supplicant.refuse = "SCAN";
    air_scan(host->air);
    air_expect(host->air, 1, 0, 4);
    assert_int_equal(host->air->scan_outcome, WIFI_NO_RADIO);
    host->supplicant.refuse = "ATTACH";
    air_scan(host->air);
    air_expect(host->air, 1, 0, 5);
    assert_int_equal(host->air->scan_outcome, WIFI_NO_RADIO);
    host_expect_quiet(host);
}

static void test_scan_while_joining(void **state)
{
    struct host *host = *state;
    host->supplicant.results = results;
    host->supplicant.after_scan = "<3>CTRL-EVENT-SCAN-RESULTS ";
    host_start(host);
    air_join(host->air, "n", "12345678");
    loop_wakes(host->air->loop, 0.1);
    air_scan(host->air);
    air_expect(host->air, 1, 0, 1);
    assert_int_equal(host->air->ap_count, 3);
    supplicant_tell(&host->supplicant, host_connected, strlen(host_connected));
    air_expect(host->air, 2, 1, 1);
    host_expect_quiet(host);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, host_create, host_destroy)

int main(void)
{
    netns_enter();
    const struct CMUnitTest tests[] = {
        TEST(test_scan),
        TEST(test_scan_fails),
        TEST(test_scan_while_joining),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
