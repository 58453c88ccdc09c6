/* Provisioning: the ways in which credentials come, datagrams of strangers, and the program that
 * people send them with (scripts/provision), which has its cryptography from elsewhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/provision.h"
#include "net/provision_crypto.h"
#include "net/provision_message.h"
#include "net/provision_udp.h"
#include "settings/settings.h"
#include "tests/support/logged.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"

static const char default_key[] = "atmodemd-default";
static const char other_key[] = "1234567890abcdef";

struct bench {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct provision_settings settings;
    struct provision_options options;
    struct provision *provision;
    unsigned given;
    char ssid[64];
    char psk[80];
    bool stop_in_event, restart_in_event, destroy_in_event;
    bool inside; /* a call is under way: no event may come */
    int fd;      /* the sender's socket */
};

static void on_given(void *ctx, const char *ssid, const char *psk)
{
    struct bench *bench = ctx;
    assert_false(bench->inside);
    assert_int_equal(provision_state(bench->provision), PROVISION_IDLE);
    bench->given++;
    snprintf(bench->ssid, sizeof bench->ssid, "%s", ssid);
    snprintf(bench->psk, sizeof bench->psk, "%s", psk);
    if (bench->stop_in_event) {
        provision_stop(bench->provision);
    }
    if (bench->restart_in_event) {
        provision_start(bench->provision, &bench->options);
    }
    if (bench->destroy_in_event) {
        provision_destroy(bench->provision);
        bench->provision = NULL;
    }
}

static const struct provision_events events = {.given = on_given};

static int create(void **state)
{
    struct bench *bench = mem_zeroed(sizeof *bench);
    bench->loop = ev_loop_new(EVFLAG_AUTO);
    bench->log = logged_create(&bench->log_lines);
    bench->settings.listen = "127.0.0.1:0";
    bench->options.kind = PROVISION_BLE;
    bench->provision = provision_create(bench->loop, bench->log, &bench->settings, &events, bench);
    bench->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    *state = bench;
    return bench->fd < 0;
}

static int destroy(void **state)
{
    struct bench *bench = *state;
    provision_destroy(bench->provision);
    log_destroy(bench->log);
    buf_free(&bench->log_lines);
    ev_loop_destroy(bench->loop);
    close(bench->fd);
    free(bench);
    return 0;
}

static void start(struct bench *bench)
{
    bench->inside = true;
    provision_start(bench->provision, &bench->options);
    bench->inside = false;
    assert_int_equal(provision_state(bench->provision), bench->options.kind);
}

static bool logged(struct bench *bench, const char *text)
{
    return strstr(buf_text(&bench->log_lines), text) != NULL;
}

static bool has_given(void *ctx)
{
    return ((struct bench *)ctx)->given > 0;
}

static void expect_given(struct bench *bench, const char *ssid, const char *psk)
{
    assert_true(loop_until(bench->loop, has_given, bench));
    assert_int_equal(bench->given, 1);
    assert_string_equal(bench->ssid, ssid);
    assert_string_equal(bench->psk, psk);
    bench->given = 0;
}

static void expect_nothing(struct bench *bench)
{
    loop_wakes(bench->loop, 0.05);
    assert_int_equal(bench->given, 0);
}

static void expect_sleep(struct bench *bench)
{
    loop_wakes(bench->loop, 0.05);
    assert_true(loop_wakes(bench->loop, 0.2) <= 2);
}

/* ---- the sender's side ---- */

static int port_of(const struct bench *bench)
{
    const char *colon = strrchr(provision_address(bench->provision), ':');
    assert_non_null(colon);
    return atoi(colon + 1);
}

static void send_to(const struct bench *bench, int port, const void *bytes, size_t len)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(sendto(bench->fd, bytes, len, 0, (struct sockaddr *)&to, sizeof to), len);
}

static size_t seal(const char *key, const char *text, unsigned char *sealed)
{
    assert_true(
        provision_seal(key, (struct provision_context){NULL, 0}, text, strlen(text), sealed));
    return strlen(text) + PROVISION_OVERHEAD;
}

static bool has_answer(void *ctx)
{
    char byte;
    return recv(((struct bench *)ctx)->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
}

/* An answer to the datagram that begins with this nonce. */
static void expect_answer(struct bench *bench, const char *key, const void *nonce,
                          const char *wanted)
{
    unsigned char sealed[2048];
    char text[2048];
    struct provision_context context = {nonce, PROVISION_NONCE_LEN};
    assert_true(loop_until(bench->loop, has_answer, bench));
    ssize_t got = recv(bench->fd, sealed, sizeof sealed, 0);
    assert_true(got > 0);
    assert_false(
        provision_open(key, (struct provision_context){NULL, 0}, sealed, (size_t)got, text));
    assert_true(provision_open(key, context, sealed, (size_t)got, text));
    assert_string_equal(text, wanted);
}

static void expect_no_answer(struct bench *bench)
{
    loop_wakes(bench->loop, 0.1);
    assert_false(has_answer(bench));
}

static const char ok[] = "{\"result\":\"ok\"}";
static const char invalid[] = "{\"result\":\"invalid\"}";
static const char good[] = "{\"ssid\": \"Kitchen\", \"psk\": \"correct horse\"}";

/* ---- cryptography ---- */

/* Test case 4 of McGrew and Viega, "The Galois/Counter Mode of Operation" (GCM), appendix B. */
static void test_known_answer(void **state)
{
    (void)state;
    static const unsigned char key[] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
                                        0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
    static const unsigned char context[] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe,
                                            0xef, 0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad,
                                            0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
    static const unsigned char sealed[] = {
        0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88, 0x42, 0x83, 0x1e,
        0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7, 0x84, 0xd0, 0xd4, 0x9c, 0xe3, 0xaa,
        0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1, 0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21,
        0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93, 0x1c, 0x7d, 0x8f, 0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05,
        0x1b, 0xa3, 0x0b, 0x39, 0x6a, 0x0a, 0xac, 0x97, 0x3d, 0x58, 0xe0, 0x91, 0x5b, 0xc9, 0x4f,
        0xbc, 0x32, 0x21, 0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47};
    static const unsigned char plain[] = {
        0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5, 0xaf, 0xf5, 0x26,
        0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda, 0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31,
        0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95, 0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49,
        0xa6, 0xb5, 0x25, 0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
    char text[sizeof plain + 1];
    assert_true(provision_open(key, (struct provision_context){context, sizeof context}, sealed,
                               sizeof sealed, text));
    assert_memory_equal(text, plain, sizeof plain);
}

static void test_seal_and_open(void **state)
{
    (void)state;
    static const struct provision_context none = {NULL, 0};
    unsigned char sealed[PROVISION_SEALED_MAX];
    unsigned char again[PROVISION_SEALED_MAX];
    char text[PROVISION_SEALED_MAX];
    char longest[PROVISION_SEALED_MAX];
    size_t len = seal(default_key, good, sealed);
    seal(default_key, good, again);
    assert_memory_not_equal(sealed, again, PROVISION_NONCE_LEN);
    assert_true(provision_open(default_key, none, sealed, len, text));
    assert_string_equal(text, good);
    assert_false(provision_open(other_key, none, sealed, len, text));
    assert_string_equal(text, "");
    assert_false(
        provision_open(default_key, (struct provision_context){"x", 1}, sealed, len, text));
    for (size_t i = 0; i < len; i++) { /* each byte counts, and so does each length */
        sealed[i] ^= 1;
        assert_false(provision_open(default_key, none, sealed, len, text));
        sealed[i] ^= 1;
        assert_false(provision_open(default_key, none, sealed, i, text));
    }
    assert_int_equal(seal(default_key, "", sealed), PROVISION_OVERHEAD);
    assert_true(provision_open(default_key, none, sealed, PROVISION_OVERHEAD, text));

    memset(longest, 'x', sizeof longest);
    size_t most = PROVISION_SEALED_MAX - PROVISION_OVERHEAD;
    assert_false(provision_seal(default_key, none, longest, most + 1, sealed));
    assert_true(provision_seal(default_key, none, longest, most, sealed));
    assert_true(provision_open(default_key, none, sealed, sizeof sealed, text));
    assert_memory_equal(text, longest, most);
}

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *ssid; /* NULL: no good */
        const char *psk;
    } rows[] = {
        {good, "Kitchen", "correct horse"},
        {"{\"ssid\":\"x\"}", "x", ""},
        {"{\"ssid\":\"x\",\"psk\":\"\",\"token\":\"t\",\"more\":[{}]}", "x", ""},
        {"{\"psk\":\"p\",\"ssid\":\"\\u4f60 \\\"q\\\"\"}", "\xe4\xbd\xa0 \"q\"", "p"},
        {"{\"ssid\":\"12345678901234567890123456789012\"}", "12345678901234567890123456789012", ""},
        {"{\"ssid\":\"123456789012345678901234567890123\"}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":"
         "\"1234567890123456789012345678901234567890123456789012345678901234\"}",
         "x", "1234567890123456789012345678901234567890123456789012345678901234"},
        {"{\"ssid\":\"x\",\"psk\":"
         "\"12345678901234567890123456789012345678901234567890123456789012345\"}",
         NULL, NULL},
        {"{\"ssid\":\"\"}", NULL, NULL},
        {"{\"psk\":\"p\"}", NULL, NULL},
        {"{\"SSID\":\"x\"}", NULL, NULL},
        {"{\"ssid\":7}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":7}", NULL, NULL},
        {"{\"ssid\":\"x\",\"psk\":null}", NULL, NULL},
        {"{\"ssid\":\"x\\u0000y\"}", NULL, NULL},
        {"{\"ssid\":\"x\"", NULL, NULL},
        {"[\"ssid\",\"x\"]", NULL, NULL},
        {"\"ssid\"", NULL, NULL},
        {"", NULL, NULL},
        {"{\"result\":\"ok\"}", NULL, NULL}, /* our own answer, sent back */
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", NULL, NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct provision_credentials credentials;
        size_t len = strlen(rows[i].text);
        char *exact = mem_zeroed(len);
        memcpy(exact, rows[i].text, len);
        bool read = provision_credentials_read(&credentials, exact, len);
        free(exact);
        if (read != (rows[i].ssid != NULL)) {
            fail_msg("%s", rows[i].text);
        }
        if (read) {
            assert_string_equal(credentials.ssid, rows[i].ssid);
            assert_string_equal(credentials.psk, rows[i].psk);
        }
    }
    struct provision_credentials credentials;
    assert_false(provision_credentials_read(&credentials, "{\"ssid\":\"x\0y\"}", 14));
}

/* ---- the state machine ---- */

static void test_by_hand(void **state)
{
    struct bench *bench = *state;
    assert_false(provision_give(bench->provision, "x", "y")); /* not started */
    bench->options = (struct provision_options){
        .kind = PROVISION_AP, .ap_ssid = "BL60X_uAP_118CC9", .ap_psk = "passwd"};
    start(bench);
    assert_true(logged(bench, "started as soft-AP BL60X_uAP_118CC9, with a password"));
    assert_false(logged(bench, "passwd"));
    assert_false(provision_give(bench->provision, "", "y"));
    assert_false(provision_give(bench->provision, "123456789012345678901234567890123", "y"));
    int port = port_of(bench);
    bench->inside = true;
    assert_true(provision_give(bench->provision, "Kitchen", "secretly"));
    bench->inside = false;
    assert_int_equal(provision_state(bench->provision), PROVISION_IDLE);
    assert_false(provision_give(bench->provision, "Cafe", "")); /* the first wins */
    assert_false(ports_bound(port));
    expect_given(bench, "Kitchen", "secretly");
    expect_sleep(bench);
    assert_int_equal(bench->given, 0);

    start(bench);
    assert_true(provision_give(bench->provision, "Cafe", NULL));
    expect_given(bench, "Cafe", "");
    assert_false(logged(bench, "secretly"));
}

static void test_from_the_settings(void **state)
{
    struct bench *bench = *state;
    bench->options.ssid = "Kitchen";
    bench->options.psk = "secretly";
    double before = ev_time();
    start(bench);
    int port = port_of(bench);
    expect_given(bench, "Kitchen", "secretly");
    assert_true(ev_time() - before > 0.95 && ev_time() - before < 3.);
    assert_false(ports_bound(port));
    assert_false(logged(bench, "secretly"));
    expect_sleep(bench);

    bench->options.ssid = "a name that is much longer than thirty-two bytes";
    start(bench);
    assert_true(logged(bench, "too long"));
    bench->options.ssid = "";
    start(bench);
    expect_sleep(bench);
    assert_int_equal(provision_state(bench->provision), PROVISION_BLE);
}

static void test_stop(void **state)
{
    struct bench *bench = *state;
    provision_stop(bench->provision);
    start(bench);
    int port = port_of(bench);
    assert_true(ports_bound(port));
    provision_stop(bench->provision);
    assert_int_equal(provision_state(bench->provision), PROVISION_IDLE);
    assert_string_equal(provision_address(bench->provision), "");
    assert_false(ports_bound(port));

    /* What has come, but is not told yet, is dropped; so is what would come by itself. */
    bench->options.ssid = "Home";
    start(bench);
    assert_true(provision_give(bench->provision, "Kitchen", ""));
    provision_stop(bench->provision);
    start(bench);
    provision_stop(bench->provision);
    loop_wakes(bench->loop, 1.2);
    assert_int_equal(bench->given, 0);
}

static void test_one_kind_at_a_time(void **state)
{
    struct bench *bench = *state;
    start(bench);
    int port = port_of(bench);
    bench->options.kind = PROVISION_AP;
    start(bench);
    assert_false(port_of(bench) != port && ports_bound(port));
    assert_true(provision_give(bench->provision, "Kitchen", ""));
    bench->options.kind = PROVISION_BLE;
    start(bench); /* what the kind before had got is dropped */
    expect_nothing(bench);
    assert_int_equal(provision_state(bench->provision), PROVISION_BLE);
}

/* ---- datagrams ---- */

static void test_datagram(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    unsigned char other[PROVISION_SEALED_MAX];
    start(bench);
    assert_true(logged(bench, "credentials are taken at 127.0.0.1:"));
    int port = port_of(bench);
    size_t len = seal(default_key, good, sealed);
    send_to(bench, port, sealed, len);
    expect_answer(bench, default_key, sealed, ok);
    expect_given(bench, "Kitchen", "correct horse");
    assert_int_equal(provision_state(bench->provision), PROVISION_IDLE);
    assert_string_equal(provision_address(bench->provision), "");
    assert_false(logged(bench, "horse"));

    /* The answer was lost: it is repeated, and nothing happens twice. Others get nothing. */
    send_to(bench, port, sealed, len);
    expect_answer(bench, default_key, sealed, ok);
    size_t other_len = seal(default_key, good, other);
    send_to(bench, port, other, other_len);
    send_to(bench, port, "", 0);
    expect_no_answer(bench);
    expect_nothing(bench);
    expect_sleep(bench);

    /* A replay in the next provisioning is what docs/provisioning.md says it is. */
    start(bench);
    send_to(bench, port_of(bench), sealed, len);
    expect_answer(bench, default_key, sealed, ok);
    expect_given(bench, "Kitchen", "correct horse");
}

static bool is_free(void *port)
{
    return !ports_bound(*(int *)port);
}

static void test_closes_at_last(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    start(bench);
    int port = port_of(bench);
    send_to(bench, port, sealed, seal(default_key, good, sealed));
    expect_given(bench, "Kitchen", "correct horse");
    assert_true(ports_bound(port));
    double before = ev_time();
    assert_true(loop_until_within(bench->loop, is_free, &port, 8.));
    assert_true(ev_time() - before > 4.);
    expect_sleep(bench);
}

static void test_given_key(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    char key[PROVISION_KEY_LEN];
    memcpy(key, other_key, sizeof key);
    bench->options.key = key;
    start(bench);
    memset(key, 0, sizeof key); /* it was copied */
    send_to(bench, port_of(bench), sealed, seal(default_key, good, sealed));
    expect_no_answer(bench);
    assert_true(logged(bench, "warning: provisioning: 1 datagrams that the key does not open"));
    send_to(bench, port_of(bench), sealed, seal(other_key, good, sealed));
    expect_answer(bench, other_key, sealed, ok);
    expect_given(bench, "Kitchen", "correct horse");
}

static void test_strangers(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    char noise[2000];
    srand(1);
    start(bench);
    for (int i = 0; i < 500; i++) {
        size_t len = (size_t)rand() % sizeof noise;
        for (size_t k = 0; k < len; k++) {
            noise[k] = (char)rand();
        }
        send_to(bench, port_of(bench), noise, len);
        if (i % 50 == 0) {
            loop_wakes(bench->loop, 0.001);
        }
    }
    send_to(bench, port_of(bench), "", 0);
    expect_no_answer(bench);
    const char *first = strstr(buf_text(&bench->log_lines), "does not open");
    assert_non_null(first);
    assert_null(strstr(first + 1, "does not open")); /* one line for all */

    send_to(bench, port_of(bench), sealed, seal(default_key, "{\"ssid\":\"\"}", sealed));
    expect_answer(bench, default_key, sealed, invalid);
    send_to(bench, port_of(bench), sealed, seal(default_key, "", sealed));
    expect_answer(bench, default_key, sealed, invalid);
    expect_nothing(bench);
    assert_int_equal(provision_state(bench->provision), PROVISION_BLE);
    send_to(bench, port_of(bench), sealed, seal(default_key, good, sealed));
    expect_answer(bench, default_key, sealed, ok);
    expect_given(bench, "Kitchen", "correct horse");
}

static void test_only_while_provisioning(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    int port = ports_free();
    char listen[32];
    snprintf(listen, sizeof listen, "127.0.0.1:%d", port);
    bench->settings.listen = listen;
    assert_false(ports_bound(port));
    send_to(bench, port, sealed, seal(default_key, good, sealed));
    start(bench);
    assert_int_equal(port_of(bench), port);
    expect_nothing(bench); /* what came before is gone */
    start(bench);          /* the port is its own: it is taken again at once */
    assert_int_equal(port_of(bench), port);
    send_to(bench, port, sealed, seal(default_key, good, sealed));
    expect_given(bench, "Kitchen", "correct horse");
    start(bench); /* also while answers are still repeated */
    assert_int_equal(port_of(bench), port);
}

static void test_cannot_listen(void **state)
{
    struct bench *bench = *state;
    char listen[32];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    assert_int_equal(bind(bench->fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(bench->fd, (struct sockaddr *)&address, &len), 0);
    snprintf(listen, sizeof listen, "127.0.0.1:%d", ntohs(address.sin_port));
    bench->settings.listen = listen;
    start(bench);
    assert_true(logged(bench, "error: provisioning: cannot listen on 127.0.0.1:"));
    assert_string_equal(provision_address(bench->provision), "");
    assert_true(provision_give(bench->provision, "Kitchen", "")); /* the other ways work */
    expect_given(bench, "Kitchen", "");

    bench->settings.listen = "";
    int before = ports_descriptors();
    start(bench);
    assert_int_equal(ports_descriptors(), before);
    assert_string_equal(provision_address(bench->provision), "");
    expect_sleep(bench);
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

/* ---- the program ---- */

struct program {
    pid_t pid;
    int fd; /* what it says, stderr too */
    ev_io io;
    struct buf text;
    bool ended;
};

static void on_text(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct program *program = io->data;
    char bytes[512];
    ssize_t got = read(program->fd, bytes, sizeof bytes);
    if (got > 0) {
        buf_add(&program->text, bytes, (size_t)got);
    } else {
        program->ended = true;
        ev_io_stop(loop, io);
    }
}

static bool program_ended(void *ctx)
{
    return ((struct program *)ctx)->ended;
}

/* Its exit status; what it has said is in text, for free(). */
static int run_program(struct bench *bench, const char *const *arguments, char **text)
{
    struct program program = {.fd = -1};
    const char *argv[12] = {"/usr/bin/python3", "scripts/provision"};
    for (size_t i = 0; arguments[i]; i++) {
        argv[i + 2] = arguments[i];
    }
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    program.pid = fork();
    if (program.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    close(ends[1]);
    program.fd = ends[0];
    ev_io_init(&program.io, on_text, program.fd, EV_READ);
    program.io.data = &program;
    ev_io_start(bench->loop, &program.io);
    bool ended = loop_until(bench->loop, program_ended, &program);
    if (!ended) {
        kill(program.pid, SIGKILL);
    }
    int status = 0;
    waitpid(program.pid, &status, 0);
    ev_io_stop(bench->loop, &program.io);
    close(program.fd);
    *text = mem_string(buf_text(&program.text));
    buf_free(&program.text);
    assert_true(ended);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_program(void **state)
{
    struct bench *bench = *state;
    char *text;
    char address[80];

    start(bench);
    snprintf(address, sizeof address, "%s", provision_address(bench->provision));
    const char *plain[] = {address, "Küche", "correct \"horse\"", NULL};
    assert_int_equal(run_program(bench, plain, &text), 0);
    assert_string_equal(text, "ok\n");
    free(text);
    expect_given(bench, "Küche", "correct \"horse\"");

    bench->options.key = other_key;
    start(bench);
    snprintf(address, sizeof address, "%s", provision_address(bench->provision));
    const char *invalid_name[] = {"--key", other_key, address,
                                  "a name that is much longer than thirty-two bytes", NULL};
    assert_int_equal(run_program(bench, invalid_name, &text), 1);
    assert_string_equal(text, "invalid\n");
    free(text);
    const char *keyed[] = {"--key-hex", "31323334353637383930616263646566", address, "Cafe", NULL};
    assert_int_equal(run_program(bench, keyed, &text), 0);
    free(text);
    expect_given(bench, "Cafe", "");

    const char *short_key[] = {"--key", "123", address, "Cafe", NULL};
    assert_int_equal(run_program(bench, short_key, &text), 2);
    free(text);
}

static void test_program_without_answer(void **state)
{
    struct bench *bench = *state;
    char *text;
    char address[80];
    start(bench);
    snprintf(address, sizeof address, "%s", provision_address(bench->provision));
    const char *wrong_key[] = {"--key", other_key, address, "Cafe", NULL};
    assert_int_equal(run_program(bench, wrong_key, &text), 1);
    assert_non_null(strstr(text, "no answer"));
    free(text);
    expect_nothing(bench);
}

/* ---- ends ---- */

static void test_in_the_event(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    for (int i = 0; i < 2; i++) {
        bench->stop_in_event = i == 0;
        bench->restart_in_event = i == 1;
        start(bench);
        send_to(bench, port_of(bench), sealed, seal(default_key, good, sealed));
        expect_given(bench, "Kitchen", "correct horse");
    }
    assert_int_equal(provision_state(bench->provision), PROVISION_BLE); /* by the restart */
    bench->restart_in_event = false;
    bench->destroy_in_event = true;
    send_to(bench, port_of(bench), sealed, seal(default_key, good, sealed));
    expect_given(bench, "Kitchen", "correct horse");
    assert_null(bench->provision);
}

static void test_many_lives(void **state)
{
    struct bench *bench = *state;
    unsigned char sealed[PROVISION_SEALED_MAX];
    int before = ports_descriptors();
    for (int i = 0; i < 300; i++) {
        provision_destroy(bench->provision);
        bench->provision =
            provision_create(bench->loop, bench->log, &bench->settings, &events, bench);
        if (i % 4) {
            start(bench);
        }
        if (i % 4 == 2) {
            send_to(bench, port_of(bench), sealed, seal(default_key, good, sealed));
            ev_run(bench->loop, EVRUN_NOWAIT);
        } else if (i % 4 == 3) {
            provision_give(bench->provision, "x", "y");
        }
    }
    provision_destroy(bench->provision);
    bench->provision = NULL;
    provision_destroy(NULL);
    assert_int_equal(ports_descriptors(), before);
    expect_sleep(bench);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, create, destroy)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answer),
        cmocka_unit_test(test_seal_and_open),
        cmocka_unit_test(test_messages),
        TEST(test_by_hand),
        TEST(test_from_the_settings),
        TEST(test_stop),
        TEST(test_one_kind_at_a_time),
        TEST(test_datagram),
        TEST(test_closes_at_last),
        TEST(test_given_key),
        TEST(test_strangers),
        TEST(test_only_while_provisioning),
        TEST(test_cannot_listen),
        cmocka_unit_test(test_addresses),
        TEST(test_program),
        TEST(test_program_without_answer),
        TEST(test_in_the_event),
        TEST(test_many_lives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
