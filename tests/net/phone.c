#include "tests/net/phone.h"

#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/provision_crypto.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"

const char phone_default_key[] = "atmodemd-default";
const char phone_other_key[] = "1234567890abcdef";
const char phone_ok[] = "{\"result\":\"ok\"}";
const char phone_invalid[] = "{\"result\":\"invalid\"}";
const char phone_good[] = "{\"ssid\": \"Kitchen\", \"psk\": \"correct horse\"}";

static void on_given(void *ctx, const char *ssid, const char *psk)
{
    struct phone *phone = ctx;
    assert_false(phone->inside);
    assert_int_equal(provision_state(phone->provision), PROVISION_IDLE);
    phone->given++;
    snprintf(phone->ssid, sizeof phone->ssid, "%s", ssid);
    snprintf(phone->psk, sizeof phone->psk, "%s", psk);
    if (phone->stop_in_event) {
        provision_stop(phone->provision);
    }
    if (phone->restart_in_event) {
        provision_start(phone->provision, &phone->options);
    }
    if (phone->destroy_in_event) {
        provision_destroy(phone->provision);
        phone->provision = NULL;
    }
}

const struct provision_events phone_events = {.given = on_given};

int phone_create(void **state)
{
    struct phone *phone = mem_zeroed(sizeof *phone);
    phone->loop = ev_loop_new(EVFLAG_AUTO);
    phone->log = logged_create(&phone->log_lines);
    phone->settings.listen = "127.0.0.1:0";
    phone->options.kind = PROVISION_BLE;
    phone->provision =
        provision_create(phone->loop, phone->log, &phone->settings, &phone_events, phone);
    phone->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *state = phone;
    return phone->fd < 0;
}

int phone_destroy(void **state)
{
    struct phone *phone = *state;
    provision_destroy(phone->provision);
    log_destroy(phone->log);
    buf_free(&phone->log_lines);
    ev_loop_destroy(phone->loop);
    close(phone->fd);
    free(phone);
    return 0;
}

void phone_start(struct phone *phone)
{
    phone->inside = true;
    provision_start(phone->provision, &phone->options);
    phone->inside = false;
    assert_int_equal(provision_state(phone->provision), phone->options.kind);
}

bool phone_logged(struct phone *phone, const char *text)
{
    return strstr(buf_text(&phone->log_lines), text) != NULL;
}

static bool has_given(void *ctx)
{
    return ((struct phone *)ctx)->given > 0;
}

void phone_expect_given(struct phone *phone, const char *ssid, const char *psk)
{
    assert_true(loop_until(phone->loop, has_given, phone));
    assert_int_equal(phone->given, 1);
    assert_string_equal(phone->ssid, ssid);
    assert_string_equal(phone->psk, psk);
    phone->given = 0;
}

void phone_expect_nothing(struct phone *phone)
{
    loop_wakes(phone->loop, 0.05);
    assert_int_equal(phone->given, 0);
}

void phone_expect_sleep(struct phone *phone)
{
    loop_wakes(phone->loop, 0.05);
    assert_true(loop_wakes(phone->loop, 0.2) <= 2);
}

/* ---- the phone's side ---- */

int phone_port(const struct phone *phone)
{
    const char *colon = strrchr(provision_address(phone->provision), ':');
    assert_non_null(colon);
    return atoi(colon + 1);
}

void phone_send(const struct phone *phone, int port, const void *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(sendto(phone->fd, bytes, len, 0, (struct sockaddr *)&to, sizeof to), len);
}

size_t phone_seal(const char *key, const char *text, unsigned char *sealed)
{
    assert_true(
        provision_seal(key, (struct provision_context){NULL, 0}, text, strlen(text), sealed));
    return strlen(text) + PROVISION_OVERHEAD;
}

static bool has_answer(void *ctx)
{
    char byte;
    return recv(((struct phone *)ctx)->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

void phone_expect_answer(struct phone *phone, const char *key, const void *nonce,
                         const char *wanted)
{
    unsigned char sealed[2048];
    char text[2048];
    struct provision_context context = {nonce, PROVISION_NONCE_LEN};
    assert_true(loop_until(phone->loop, has_answer, phone));
    ssize_t got = recv(phone->fd, sealed, sizeof sealed, 0);
    assert_true(got > 0);
    assert_false(
        provision_open(key, (struct provision_context){NULL, 0}, sealed, (size_t)got, text));
    assert_true(provision_open(key, context, sealed, (size_t)got, text));
    assert_string_equal(text, wanted);
}

void phone_expect_no_answer(struct phone *phone)
{
    loop_wakes(phone->loop, 0.1);
    assert_false(has_answer(phone));
}
