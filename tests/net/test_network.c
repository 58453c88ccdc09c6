/* The simulated network: what its settings give in the numbers of 27.007. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "net/network.h"
#include "settings/settings.h"

static void test_registration(void **state)
{
    (void)state;
    static const int stats[] = {[NETWORK_HOME] = 1,
                                [NETWORK_ROAMING] = 5,
                                [NETWORK_SEARCHING] = 2,
                                [NETWORK_DENIED] = 3,
                                [NETWORK_NONE] = 0};
    for (int i = NETWORK_HOME; i <= NETWORK_NONE; i++) {
        struct network_settings settings = {.registration = i, .rssi = -71};
        struct network *network = network_create(&settings, true);
        assert_int_equal(network_registration(network), i);
        assert_int_equal(network_creg_stat(network), stats[i]);
        network_destroy(network);
    }
}

static void test_signal(void **state)
{
    (void)state;
    static const int rows[][2] = {{-140, 0}, {-114, 0}, {-113, 0}, {-111, 1}, {-109, 2},
                                  {-71, 21}, {-53, 30}, {-51, 31}, {-10, 31}, {0, 99}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct network_settings settings = {.rssi = rows[i][0]};
        struct network *network = network_create(&settings, true);
        assert_int_equal(network_csq_rssi(network), rows[i][1]);
        network_destroy(network);
    }
}

static void expect(const struct network *network, int stat, bool usable)
{
    assert_int_equal(network_creg_stat(network), stat);
    assert_int_equal(network_usable(network), usable);
}

/* Without SIM, radio or signal nothing is granted. */
static void test_obstacles(void **state)
{
    (void)state;
    struct network_settings settings = {.registration = NETWORK_HOME, .rssi = -71};
    struct network *network = network_create(&settings, false);
    expect(network, 0, false);
    network_destroy(network);
    network = network_create(&settings, true);
    expect(network, 1, true);
    network_set_rssi(network, 0);
    expect(network, 2, false);
    network_set_rssi(network, -100);
    expect(network, 1, true);
    network_set_radio(network, false);
    expect(network, 0, false);
    assert_int_equal(network_csq_rssi(network), 99);
    network_set_radio(network, true);
    network_set_registration(network, NETWORK_DENIED);
    expect(network, 3, false);
    network_destroy(network);
}

struct hearer {
    struct network_listener listener;
    struct network *network;
    int heard;
    bool leaves;
};

static void hear(void *ctx)
{
    struct hearer *hearer = ctx;
    hearer->heard++;
    if (hearer->leaves) {
        network_unlisten(hearer->network, &hearer->listener);
    }
}

static void test_listeners(void **state)
{
    (void)state;
    struct network_settings settings = {.registration = NETWORK_HOME, .rssi = -71};
    struct network *network = network_create(&settings, true);
    struct hearer hearers[3] = {{.leaves = false}, {.leaves = true}, {.leaves = false}};
    for (size_t i = 0; i < 3; i++) {
        hearers[i].listener = (struct network_listener){.changed = hear, .ctx = &hearers[i]};
        hearers[i].network = network;
        network_listen(network, &hearers[i].listener);
    }
    network_set_rssi(network, -71); /* no change */
    network_set_rssi(network, -72);
    network_set_registration(network, NETWORK_ROAMING);
    assert_int_equal(hearers[0].heard, 2);
    assert_int_equal(hearers[1].heard, 1);
    assert_int_equal(hearers[2].heard, 2);
    network_destroy(network);
}

static void test_settings(void **state)
{
    (void)state;
    const struct settings_group *const groups[] = {&network_settings_group};
    struct settings *settings = settings_create(groups, 1);
    char *error = NULL;
    assert_true(settings_set(settings, "network", "registration", "roaming", "test", &error));
    assert_true(settings_set(settings, "network", "ip", "10.0.0.1", "test", &error));
    const struct network_settings *values = settings_of(settings, &network_settings_group);
    struct network *network = network_create(values, true);
    assert_int_equal(network_creg_stat(network), 5);
    assert_string_equal(network_ip(network), "10.0.0.1");
    network_destroy(network);
    assert_int_equal(values->provider, NETWORK_SIM);
    assert_string_equal(values->wpa_dir, "/run/wpa_supplicant");
    assert_true(settings_set(settings, "network", "provider", "host", "test", &error));
    assert_int_equal(values->provider, NETWORK_HOST);
    static const char *const wrong[][2] = {
        {"ip", "10.0.0.256"}, {"provider", "radio"}, {"interface", "sixteen_bytes_00"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(settings_set(settings, "network", wrong[i][0], wrong[i][1], "test", &error));
        free(error);
    }
    settings_destroy(settings);
}

/* A tunnel: what the settings and commands said is there again behind it. */
static void test_coverage(void **state)
{
    (void)state;
    static const struct network_settings settings = {.registration = NETWORK_ROAMING, .rssi = -80};
    enum network_registration found;
    struct network *network = network_create(&settings, true);
    network_set_coverage(network, false);
    assert_int_equal(network_rssi(network), 0);
    assert_int_equal(network_csq_rssi(network), 99);
    assert_int_equal(network_registration(network), NETWORK_SEARCHING);
    assert_false(network_usable(network));
    network_set_rssi(network, -90);
    assert_int_equal(network_rssi(network), 0);
    network_set_coverage(network, true);
    assert_int_equal(network_rssi(network), -90);
    assert_int_equal(network_registration(network), NETWORK_ROAMING);
    assert_true(network_usable(network));
    network_destroy(network);
    assert_true(network_usable(NULL));
    assert_string_equal(network_registration_word(NETWORK_DENIED), "denied");
    assert_true(network_registration_find("searching", &found));
    assert_int_equal(found, NETWORK_SEARCHING);
    assert_false(network_registration_find("Home", &found));
}

static void test_operators(void **state)
{
    (void)state;
    char why[80] = "";
    static const char *const good[] = {"46000", "460001", "46000,26242,310410"};
    static const char *const bad[] = {"",       "4600",         "4600011", "46000,",
                                      ",46000", "46000, 26242", "4600a"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(network_check_operators(good[i], why, sizeof why));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        *why = '\0';
        assert_false(network_check_operators(bad[i], why, sizeof why));
        assert_true(*why);
    }
    static const struct network_settings settings = {.operators = "46000,310410"};
    struct network *network = network_create(&settings, true);
    char plmn[NETWORK_PLMN_SIZE];
    assert_true(network_operator(network, 0, plmn));
    assert_string_equal(plmn, "46000");
    assert_true(network_operator(network, 1, plmn));
    assert_string_equal(plmn, "310410");
    assert_false(network_operator(network, 2, plmn));
    assert_false(network_operator(network, 9, plmn));
    network_destroy(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_registration), cmocka_unit_test(test_signal),
        cmocka_unit_test(test_obstacles),    cmocka_unit_test(test_listeners),
        cmocka_unit_test(test_coverage),     cmocka_unit_test(test_settings),
        cmocka_unit_test(test_operators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
