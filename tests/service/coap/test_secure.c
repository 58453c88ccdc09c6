/* CoAP over DTLS against a real server: who is trusted, by which name, with which key, and what the
 * log says. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/service/coap/bench.h"
#include "tests/service/coap/server.h"
#include "tests/support/certs.h"
#include "tests/support/loop.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

static char *folder;

/* Paths in the folder. */
static struct {
    char *ca, *foreign, *client, *client_key, *server_key, *both, *locked, *missing;
} files;

static int group_setup(void **state)
{
    folder = temp_folder();
    certs_create(folder);
    files.ca = temp_path(folder, "ca.pem");
    files.foreign = temp_path(folder, "foreign.pem");
    files.client = temp_path(folder, "client.pem");
    files.client_key = temp_path(folder, "client.key");
    files.server_key = temp_path(folder, "server.key");
    files.both = temp_path(folder, "both.pem");
    files.locked = temp_path(folder, "locked.key");
    files.missing = temp_path(folder, "missing.pem");
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    char **all = (char **)&files;
    for (size_t i = 0; i < sizeof files / sizeof *all; i++) {
        free(all[i]);
    }
    temp_remove(folder);
    return bench_group_teardown(state);
}

/* A server that shows one of the certificates; strict: it wants one of the client. */
static struct server *certificate_server(const char *name, bool strict)
{
    char *certificate = mem_printf("%s/%s.pem", folder, name);
    char *key = mem_printf("%s/%s.key", folder, name);
    const char *const strict_arguments[] = {"-c", certificate, "-j", key, "-C", files.ca, NULL};
    const char *const arguments[] = {"-n", "-c", certificate, "-j", key, NULL};
    struct server *server = server_create(strict ? strict_arguments : arguments);
    free(certificate);
    free(key);
    return server;
}

static struct server *psk_server(void)
{
    static const char *const arguments[] = {"-k", "topsecret", "-h", "hint", NULL};
    return server_create(arguments);
}

static int setup(void **state)
{
    struct bench *bench = bench_create(NULL);
    bench->options.security = COAP_CLIENT_CERTIFICATE;
    bench->options.tls.ca_file = files.ca;
    *state = bench;
    return 0;
}

static int psk_setup(void **state)
{
    struct bench *bench = bench_create(NULL);
    bench->options.security = COAP_CLIENT_PSK;
    bench->options.psk_identity = "me";
    bench->options.psk_key = "topsecret";
    bench->options.psk_key_len = 9;
    *state = bench;
    return 0;
}

static void expect_good(struct bench *bench)
{
    unsigned n = bench_get(bench, "/time", 5000);
    char *line = bench_take(bench);
    char *start = mem_printf("%u response 205 ", n);
    if (strncmp(line, start, strlen(start)) != 0) {
        fail_msg("%s (%s)", line, bench->why);
    }
    free(start);
    free(line);
}

/* On a new client, so that it is a new session. */
static void check_good(struct bench *bench, const struct server *server)
{
    bench_forget(bench);
    bench->options.port = server->port + 1;
    expect_good(bench);
}

static void check_refused(struct bench *bench, const struct server *server, const char *why)
{
    bench_forget(bench);
    buf_clear(&bench->log_lines);
    bench->options.port = server->port + 1;
    double start = bench_now();
    unsigned n = bench_get(bench, "/time", 3000);
    bench_expect(bench, "%u insecure", n);
    assert_true(bench_now() - start < 1);
    assert_true(bench_logged(bench, why));
    assert_true(bench_logged(bench, "warning: coap: "));
}

/* ---- pre-shared keys ---- */

static void test_psk(void **state)
{
    struct bench *bench = *state;
    struct server *server = psk_server();
    check_good(bench, server);
    assert_true(bench_logged(bench, "DTLSv1.2"));
    bench->options.host = "localhost";
    check_good(bench, server);
    bench_ping(bench, 3000);
    bench_expect(bench, "3 reset");
    /* Large bodies, and many requests. */
    char *body = mem_zeroed(COAP_CLIENT_BODY_MAX);
    memset(body, 'q', COAP_CLIENT_BODY_MAX);
    bench_send(bench, &(struct coap_client_request){.method = COAP_CLIENT_PUT,
                                                    .confirmable = true,
                                                    .path = "/large",
                                                    .bytes = body,
                                                    .len = COAP_CLIENT_BODY_MAX,
                                                    .content_format = 0,
                                                    .accept = -1,
                                                    .timeout_ms = 10000});
    bench_expect(bench, "4 response 201 0 ");
    bench_get(bench, "/large", 10000);
    free(bench_take(bench));
    assert_int_equal(buf_len(&bench->body), COAP_CLIENT_BODY_MAX);
    assert_memory_equal(buf_bytes(&bench->body), body, COAP_CLIENT_BODY_MAX);
    free(body);
    for (unsigned i = 0; i < COAP_CLIENT_REQUESTS_MAX; i++) {
        bench_get(bench, "/time", 5000);
    }
    for (unsigned i = 0; i < COAP_CLIENT_REQUESTS_MAX; i++) {
        char *line = bench_take(bench);
        assert_non_null(strstr(line, " response 205 "));
        free(line);
    }
    bench_get(bench, "/async?1", 8000);
    bench_expect(bench, "%u response 205 4 done", bench->sent);
    assert_null(strstr(buf_text(&bench->log_lines), "topsecret"));
    server_destroy(server);
}

/* The server says nothing then: the time-out ends it. */
static void test_wrong_key(void **state)
{
    struct bench *bench = *state;
    struct server *server = psk_server();
    bench->options.port = server->port + 1;
    bench->options.psk_key_len = 8;
    double start = bench_now();
    bench_get(bench, "/time", 2500);
    bench_expect(bench, "1 insecure");
    assert_true(bench_now() - start < 2.8);
    assert_true(bench_logged(bench, "wrong pre-shared key"));
    assert_null(strstr(buf_text(&bench->log_lines), "topsecre"));
    bench->options.psk_key_len = 9;
    check_good(bench, server);
    server_destroy(server);
}

static void test_bad_keys(void **state)
{
    struct bench *bench = *state;
    struct server *server = psk_server();
    char *text = mem_zeroed(400);
    memset(text, 'x', 399);
    bench->options.psk_key_len = 0;
    check_refused(bench, server, "there is no pre-shared key");
    bench->options.psk_key = text;
    bench->options.psk_key_len = 399;
    check_refused(bench, server, "the pre-shared key is too long");
    bench->options.psk_key_len = 9;
    bench->options.psk_identity = text;
    check_refused(bench, server, "the identity of the pre-shared key is too long");
    bench->options.psk_identity = NULL;
    bench->options.psk_key = "topsecret";
    check_good(bench, server);
    free(text);
    server_destroy(server);
}

/* ---- certificates ---- */

static void test_certificates(void **state)
{
    struct bench *bench = *state;
    struct server *server = certificate_server("server", false);
    check_good(bench, server);
    bench->options.host = "localhost";
    check_good(bench, server);
    bench->options.tls.ca_file = files.foreign;
    check_refused(bench, server, "the server's certificate is not accepted: ");
    bench->options.tls.ca_file = NULL;
    check_refused(bench, server, "the server's certificate is not accepted: ");
    bench->options.tls.ca_file = files.missing;
    check_refused(bench, server, "missing.pem: No such file or directory");
    bench->options.tls.insecure = true;
    check_good(bench, server);
    server_destroy(server);
}

/* The hashed directory of the system is used where no file is named. */
static void test_system_store(void **state)
{
    struct bench *bench = *state;
    struct server *server = certificate_server("server", false);
    char *command = mem_printf("mkdir %s/hashed && cp %s %s/hashed && openssl rehash %s/hashed",
                               folder, files.ca, folder, folder);
    assert_int_equal(system(command), 0);
    char *path = temp_path(folder, "hashed");
    setenv("SSL_CERT_DIR", path, 1);
    bench->options.tls.ca_file = "";
    check_good(bench, server);
    unsetenv("SSL_CERT_DIR");
    free(path);
    free(command);
    server_destroy(server);
}

static void test_names(void **state)
{
    struct bench *bench = *state;
    struct server *wrong = certificate_server("wrong", false);
    struct server *expired = certificate_server("expired", false);
    check_refused(bench, wrong, "not accepted: IP address mismatch");
    check_refused(bench, expired, "not accepted: certificate has expired");
    bench->options.host = "localhost";
    check_refused(bench, wrong, "not accepted: hostname mismatch");
    /* network.redirect changes the way, not the name. */
    struct redirect *redirect = redirect_create("*.example=127.0.0.1");
    bench->env.redirect = redirect;
    bench->options.host = "broker.example";
    check_good(bench, wrong);
    bench->options.host = "other.example";
    check_refused(bench, wrong, "not accepted: hostname mismatch");
    bench_forget(bench);
    bench->options.tls.insecure = true;
    check_good(bench, wrong);
    check_good(bench, expired);
    bench_forget(bench);
    redirect_destroy(redirect);
    server_destroy(wrong);
    server_destroy(expired);
}

static void test_client_certificate(void **state)
{
    struct bench *bench = *state;
    struct server *server = certificate_server("server", true);
    check_refused(bench, server, "the server refused: ");
    bench->options.tls.cert_file = files.client;
    bench->options.tls.key_file = files.client_key;
    check_good(bench, server);
    bench->options.tls.cert_file = files.both;
    bench->options.tls.key_file = NULL;
    check_good(bench, server);
    bench->options.tls.cert_file = files.client;
    bench->options.tls.key_file = files.locked;
    check_refused(bench, server, "key of the client certificate");
    bench->options.tls.key_file = files.server_key;
    check_refused(bench, server, "key of the client certificate");
    bench->options.tls.cert_file = files.missing;
    check_refused(bench, server, "client certificate");
    server_destroy(server);
}

/* One side has certificates, the other a key. */
static void test_nothing_in_common(void **state)
{
    struct bench *bench = *state;
    struct server *server = psk_server();
    bench->options.port = server->port + 1;
    bench_get(bench, "/time", 2000);
    bench_expect(bench, "1 insecure");
    server_destroy(server);
}

/* ---- servers that come and go ---- */

static void test_silent(void **state)
{
    struct bench *bench = *state;
    struct peer *silent = peer_create(bench->loop, "127.0.0.1", 0);
    int before = ports_descriptors();
    bench->options.port = silent->port;
    double start = bench_now();
    bench_get(bench, "/time", 500);
    bench_get(bench, "/time", 3500);
    bench_expect(bench, "1 insecure");
    bench_expect(bench, "2 insecure");
    assert_true(bench_now() - start < 3.8);
    assert_true(bench_logged(bench, "no DTLS handshake in time"));
    assert_int_equal(silent->received, 3); /* at 0, 1 and 3 s */
    bench_quiet(bench, 0.1);
    assert_int_equal(ports_descriptors(), before); /* nobody waits for it any more */
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
    peer_destroy(silent);
}

static void test_nobody(void **state)
{
    struct bench *bench = *state;
    bench->options.port = ports_free();
    double start = bench_now();
    bench_get(bench, "/time", 3000);
    bench_expect(bench, "1 unreachable");
    bench_get(bench, "/time", 3000);
    bench_expect(bench, "2 unreachable");
    assert_true(bench_now() - start < 1);
}

/* A server without memory of the session: a lost request, then a new session. */
static void test_restart(void **state)
{
    static const char *const arguments[] = {"-k", "topsecret", "-h", "hint", NULL};
    struct bench *bench = *state;
    struct server *server = psk_server();
    check_good(bench, server);
    server_kill(server);
    server_start(server, arguments);
    bench_get(bench, "/time", 1500);
    char *line = bench_take(bench);
    assert_non_null(strstr(line, "2 "));
    free(line);
    expect_good(bench);
    /* And one that has gone, while a request is under way, and when none is. */
    server_freeze(server);
    bench_get(bench, "/time", 10000);
    bench_quiet(bench, 0.3);
    server_kill(server);
    bench_expect(bench, "4 unreachable");
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
    server_start(server, arguments);
    expect_good(bench);
    bench_quiet(bench, 0.1);
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
    server_kill(server);
    assert_true(loop_wakes(bench->loop, 1.5) <= 2);
    server_start(server, arguments);
    server_destroy(server);
}

static void answer_rubbish(struct peer *peer, const struct message *message)
{
    (void)message;
    /* An alert without a handshake, a cut record, and no record at all. */
    static const char alert[] = "\x15\xfe\xfd\0\0\0\0\0\0\0\0\0\x02\x02\x28";
    for (size_t len = 0; len < sizeof alert; len++) {
        peer_send_raw(peer, alert, len);
    }
    peer_send_raw(peer, "rubbish rubbish rubbish", 23);
}

static void test_rubbish(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench->loop, "127.0.0.1", 0);
    peer->answer = answer_rubbish;
    bench->options.port = peer->port;
    bench_get(bench, "/time", 1500);
    bench_expect(bench, "1 insecure");
    assert_true(bench_logged(bench, "the server refused: handshake failure"));
    peer_destroy(peer);
}

#define CERTIFICATE_TEST(test) cmocka_unit_test_setup_teardown(test, setup, bench_teardown)
#define PSK_TEST(test)         cmocka_unit_test_setup_teardown(test, psk_setup, bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PSK_TEST(test_psk),
        PSK_TEST(test_wrong_key),
        PSK_TEST(test_bad_keys),
        CERTIFICATE_TEST(test_certificates),
        CERTIFICATE_TEST(test_system_store),
        CERTIFICATE_TEST(test_names),
        CERTIFICATE_TEST(test_client_certificate),
        CERTIFICATE_TEST(test_nothing_in_common),
        CERTIFICATE_TEST(test_silent),
        PSK_TEST(test_nobody),
        PSK_TEST(test_restart),
        CERTIFICATE_TEST(test_rubbish),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
