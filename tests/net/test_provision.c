/* Provisioning as a state machine: how it starts and ends, and credentials that come without a
 * datagram. */
#include "tests/net/phone.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "net/provision_crypto.h"
#include "settings/settings.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

/* ---- the state machine ---- */

static void test_by_hand(void **state)
{
    struct phone *phone = *state;
    assert_false(provision_give(phone->provision, "x", "y")); /* not started */
    phone->options = (struct provision_options){
        .kind = PROVISION_AP, .ap_ssid = "BL60X_uAP_118CC9", .ap_psk = "passwd"};
    phone_start(phone);
    assert_true(phone_logged(phone, "started as soft-AP BL60X_uAP_118CC9, with a password"));
    assert_false(phone_logged(phone, "passwd"));
    assert_false(provision_give(phone->provision, "", "y"));
    assert_false(provision_give(phone->provision, "123456789012345678901234567890123", "y"));
    int port = phone_port(phone);
    phone->inside = true;
    assert_true(provision_give(phone->provision, "Kitchen", "secretly"));
    phone->inside = false;
    assert_int_equal(provision_state(phone->provision), PROVISION_IDLE);
    assert_false(provision_give(phone->provision, "Cafe", "")); /* the first wins */
    assert_false(ports_bound(port));
    phone_expect_given(phone, "Kitchen", "secretly");
    phone_expect_sleep(phone);
    assert_int_equal(phone->given, 0);

    phone_start(phone);
    assert_true(provision_give(phone->provision, "Cafe", NULL));
    phone_expect_given(phone, "Cafe", "");
    assert_false(phone_logged(phone, "secretly"));
}

static void test_from_the_settings(void **state)
{
    struct phone *phone = *state;
    phone->options.ssid = "Kitchen";
    phone->options.psk = "secretly";
    double before = ev_time();
    phone_start(phone);
    int port = phone_port(phone);
    phone_expect_given(phone, "Kitchen", "secretly");
    assert_true(ev_time() - before > 0.95 && ev_time() - before < 3.);
    assert_false(ports_bound(port));
    assert_false(phone_logged(phone, "secretly"));
    phone_expect_sleep(phone);

    phone->options.ssid = "a name that is much longer than thirty-two bytes";
    phone_start(phone);
    assert_true(phone_logged(phone, "too long"));
    phone->options.ssid = "";
    phone_start(phone);
    phone_expect_sleep(phone);
    assert_int_equal(provision_state(phone->provision), PROVISION_BLE);
}

static void test_stop(void **state)
{
    struct phone *phone = *state;
    provision_stop(phone->provision);
    phone_start(phone);
    int port = phone_port(phone);
    assert_true(ports_bound(port));
    provision_stop(phone->provision);
    assert_int_equal(provision_state(phone->provision), PROVISION_IDLE);
    assert_string_equal(provision_address(phone->provision), "");
    assert_false(ports_bound(port));

    /* What has come, but is not told yet, is dropped; so is what would come by itself. */
    phone->options.ssid = "Home";
    phone_start(phone);
    assert_true(provision_give(phone->provision, "Kitchen", ""));
    provision_stop(phone->provision);
    phone_start(phone);
    provision_stop(phone->provision);
    loop_wakes(phone->loop, 1.2);
    assert_int_equal(phone->given, 0);
}

static void test_one_kind_at_a_time(void **state)
{
    struct phone *phone = *state;
    phone_start(phone);
    int port = phone_port(phone);
    phone->options.kind = PROVISION_AP;
    phone_start(phone);
    assert_false(phone_port(phone) != port && ports_bound(port));
    assert_true(provision_give(phone->provision, "Kitchen", ""));
    phone->options.kind = PROVISION_BLE;
    phone_start(phone); /* what the kind before had got is dropped */
    phone_expect_nothing(phone);
    assert_int_equal(provision_state(phone->provision), PROVISION_BLE);
}

static void test_cannot_listen(void **state)
{
    struct phone *phone = *state;
    char listen[32];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_int_equal(bind(phone->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(phone->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", ntohs(address.sin_port));
    phone->settings.listen = listen;
    phone_start(phone);
    assert_true(phone_logged(phone, "error: provisioning: cannot listen on 127.0.0.1:"));
    assert_string_equal(provision_address(phone->provision), "");
    assert_true(provision_give(phone->provision, "Kitchen", "")); /* the other ways work */
    phone_expect_given(phone, "Kitchen", "");

    phone->settings.listen = "";
    int before = ports_descriptors();
    phone_start(phone);
    assert_int_equal(ports_descriptors(), before);
    assert_string_equal(provision_address(phone->provision), "");
    phone_expect_sleep(phone);
}

static void test_addresses(void **state)
{
    (void)state;
    static const char *const fine[] = {"", "127.0.0.1:0", "0.0.0.0:65535", "[::1]:8266", "[::]:1"};
    static const char *const wrong[] = {"127.0.0.1",
                                        "127.0.0.1:",
                                        ":8266",
                                        "8266",
                                        "::1:8266",
                                        "127.0.0.1:65536",
                                        "[::1]",
                                        "localhost:1",
                                        "[]:1",
                                        "127.0.0.1:+1",
                                        "[127.0.0.1:1",
                                        "10.0.0:x",
                                        "127.0.0.1:000001",
                                        "a.b.c.d:1"};
    const struct settings_group *const groups[] = {&provision_settings_group};
    struct settings *settings = settings_create(groups, 1);
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        char *error = NULL;
        if (!settings_set(settings, "provision", "listen", fine[i], "test", &error)) {
            fail_msg("%s", error);
        }
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *error = NULL;
        if (settings_set(settings, "provision", "listen", wrong[i], "test", &error)) {
            fail_msg("%s", wrong[i]);
        }
        free(error);
    }
    settings_destroy(settings);
}

/* ---- ends ---- */

static void test_in_the_event(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    for (int i = 0; i < 2; i++) {
        phone->stop_in_event = i == 0;
        phone->restart_in_event = i == 1;
        phone_start(phone);
        phone_send(phone, phone_port(phone), sealed,
                   phone_seal(phone_default_key, phone_good, sealed));
        phone_expect_given(phone, "Kitchen", "correct horse");
    }
    assert_int_equal(provision_state(phone->provision), PROVISION_BLE); /* by the restart */
    phone->restart_in_event = false;
    phone->destroy_in_event = true;
    phone_send(phone, phone_port(phone), sealed, phone_seal(phone_default_key, phone_good, sealed));
    phone_expect_given(phone, "Kitchen", "correct horse");
    assert_null(phone->provision);
}

static void test_many_lives(void **state)
{
    struct phone *phone = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    int before = ports_descriptors();
    for (int i = 0; i < 300; i++) {
        provision_destroy(phone->provision);
        phone->provision =
            provision_create(phone->loop, phone->log, &phone->settings, &phone_events, phone);
        if (i % 4) {
            phone_start(phone);
        }
        if (i % 4 == 2) {
            phone_send(phone, phone_port(phone), sealed,
                       phone_seal(phone_default_key, phone_good, sealed));
            ev_run(phone->loop, EVRUN_NOWAIT);
        } else if (i % 4 == 3) {
            provision_give(phone->provision, "x", "y");
        }
    }
    provision_destroy(phone->provision);
    phone->provision = NULL;
    provision_destroy(NULL);
    assert_int_equal(ports_descriptors(), before);
    phone_expect_sleep(phone);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, phone_create, phone_destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_by_hand),       TEST(test_from_the_settings),
        TEST(test_stop),          TEST(test_one_kind_at_a_time),
        TEST(test_cannot_listen), cmocka_unit_test(test_addresses),
        TEST(test_in_the_event),  TEST(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
