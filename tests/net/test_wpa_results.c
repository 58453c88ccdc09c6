/* What wpa_supplicant tells of the access points around, good and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/wpa_results.h"

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

static const char results[] =
    "02:00:00:00:0a:01\t2412\t-70\t[WPA-PSK-CCMP][WPA2-PSK-CCMP][ESS]\tKitchen\n"
    "02:00:00:00:0a:02\t5180\t-40\t[WPA2-SAE-CCMP][ESS]\tA \\\"b\\\" \\\\ \\xe4\\xbd\\xa0\n"
    "garbage\n"
    "02:00:00:00:0a:03\t2484\t200\t[ESS]\t\n";

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result_lines),
        cmocka_unit_test(test_damaged_results),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
