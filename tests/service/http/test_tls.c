/* HTTPS against a real server: who is trusted, by which name, and what is shown. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/redirect.h"
#include "tests/service/http/bench.h"
#include "tests/service/http/server.h"
#include "tests/service/http/tls_server.h"
#include "tests/support/certs.h"
#include "tests/support/loop.h"
#include "tests/support/temp.h"

static const char *const none[] = {NULL};

static char *folder;
static struct tls_server good;
static struct tls_server wrong;

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
    good = tls_server_start(folder, "server", none);
    wrong = tls_server_start(folder, "wrong", none);
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    tls_server_stop(&good);
    tls_server_stop(&wrong);
    free(files.ca);
    free(files.foreign);
    free(files.client);
    free(files.client_key);
    free(files.server_key);
    free(files.both);
    free(files.locked);
    free(files.missing);
    temp_remove(folder);
    return bench_group_teardown(state);
}

static int setup(void **state)
{
    bench_setup(state);
    struct bench *bench = *state;
    bench->request.tls.ca_file = files.ca;
    return 0;
}

/* Asks a server by a name; text must be in the response's head, or in the words of a failure. */
static void ask(struct bench *bench, const struct tls_server *server, const char *host,
                enum http_outcome outcome, const char *text)
{
    struct call call = {0};
    char *url = tls_server_url(server, host, "/");
    bench->request.url = url;
    bench_call(bench, &call);
    call_expect(&call, outcome, outcome == HTTP_DONE ? 200 : 0, NULL);
    if (!strcasestr(outcome == HTTP_DONE ? call.head : call.why, text)) {
        fail_msg("'%s' is not in '%s', '%s'", text, call.head, call.why);
    }
    if (outcome != HTTP_DONE) {
        assert_true(bench_logged(bench, call.why));
    }
    call_free(&call);
    free(url);
}

static void test_name_and_number(void **state)
{
    struct bench *bench = *state;
    ask(bench, &good, "localhost", HTTP_DONE, "X-TLS: TLSv1.3");
    ask(bench, &good, "127.0.0.1", HTTP_DONE, "X-Agent: atmodemd/");
}

static void test_versions(void **state)
{
    struct bench *bench = *state;
    static const char *const tls_1_2[] = {"--max", "TLSv1_2", NULL};
    static const char *const tls_1_1[] = {"--max", "TLSv1_1", NULL};
    struct tls_server old = tls_server_start(folder, "server", tls_1_2);
    ask(bench, &old, "localhost", HTTP_DONE, "X-TLS: TLSv1.2");
    assert_true(bench_logged(bench, "), TLSv1.2\n"));
    tls_server_stop(&old);
    old = tls_server_start(folder, "server", tls_1_1);
    ask(bench, &old, "localhost", HTTP_FAILED_TLS, "protocol version");
    bench->request.tls.insecure = true;
    ask(bench, &old, "localhost", HTTP_FAILED_TLS, "protocol version");
    tls_server_stop(&old);
}

static void test_bad_certificates(void **state)
{
    struct bench *bench = *state;
    struct tls_server expired = tls_server_start(folder, "expired", none);
    ask(bench, &expired, "localhost", HTTP_FAILED_TLS, "certificate has expired");
    ask(bench, &wrong, "localhost", HTTP_FAILED_TLS, "matches target host name");
    ask(bench, &wrong, "127.0.0.1", HTTP_FAILED_TLS, "matches target");
    bench->request.tls.ca_file = files.foreign;
    ask(bench, &good, "localhost", HTTP_FAILED_TLS, "unable to get local issuer");
    bench->request.tls.ca_file = NULL;
    ask(bench, &good, "localhost", HTTP_FAILED_TLS, "unable to get local issuer");
    bench->request.tls.insecure = true;
    ask(bench, &expired, "localhost", HTTP_DONE, "");
    ask(bench, &wrong, "localhost", HTTP_DONE, "");
    tls_server_stop(&expired);
}

/* The name in the URL is checked, not the one that network.redirect leads to. */
static void test_redirected_name(void **state)
{
    struct bench *bench = *state;
    char rules[80];
    snprintf(rules, sizeof rules, "broker.*=127.0.0.1:%d,localhost=127.0.0.1:%d", wrong.port,
             wrong.port);
    struct redirect *redirect = redirect_create(rules);
    bench->env.redirect = redirect;
    bench->request.url = "https://broker.example/";
    bench_expect(bench, HTTP_DONE, 200, "");
    bench->request.url = "https://localhost/";
    bench_expect(bench, HTTP_FAILED_TLS, 0, "");
    bench->env.redirect = NULL;
    redirect_destroy(redirect);
}

static void test_client_certificate(void **state)
{
    struct bench *bench = *state;
    for (int old = 0; old < 2; old++) {
        const char *options[] = {"--client-ca", files.ca, old ? "--max" : NULL, "TLSv1_2", NULL};
        struct tls_server strict = tls_server_start(folder, "server", options);
        bench->request.tls.cert_file = NULL;
        ask(bench, &strict, "localhost", HTTP_FAILED_TLS, "alert");
        bench->request.tls.cert_file = files.client;
        bench->request.tls.key_file = files.client_key;
        ask(bench, &strict, "localhost", HTTP_DONE, "");
        bench->request.tls.cert_file = files.both;
        bench->request.tls.key_file = "";
        ask(bench, &strict, "localhost", HTTP_DONE, "");
        tls_server_stop(&strict);
    }
}

static char *content(const char *path)
{
    size_t len;
    return temp_read(path, &len);
}

/* What module commands give: PEM texts, which come before files. */
static void test_texts(void **state)
{
    struct bench *bench = *state;
    char *ca = content(files.ca);
    char *client = content(files.client);
    char *key = content(files.client_key);
    char *both = content(files.both);
    char *foreign = content(files.foreign);
    const char *options[] = {"--client-ca", files.ca, NULL};
    struct tls_server strict = tls_server_start(folder, "server", options);
    bench->request.tls = (struct service_tls){
        .ca_file = files.foreign, .ca_pem = ca, .cert_pem = client, .key_pem = key};
    ask(bench, &strict, "localhost", HTTP_DONE, "");
    bench->request.tls = (struct service_tls){.ca_pem = ca, .cert_pem = both};
    ask(bench, &strict, "localhost", HTTP_DONE, "");
    bench->request.tls.ca_pem = foreign;
    ask(bench, &strict, "localhost", HTTP_FAILED_TLS, "certificate");
    bench->request.tls = (struct service_tls){.ca_file = files.ca}; /* nothing is left behind */
    ask(bench, &strict, "localhost", HTTP_FAILED_TLS, "alert");
    bench->request.tls = (struct service_tls){.ca_pem = "no certificate"};
    ask(bench, &strict, "localhost", HTTP_FAILED_SETUP, "");
    bench->request.tls = (struct service_tls){.ca_pem = ca, .cert_pem = "none", .key_pem = "none"};
    ask(bench, &strict, "localhost", HTTP_FAILED_SETUP, "");
    /* A kept connection of the same certificate would do without the key. */
    bench->request.keep_alive = false;
    bench->request.tls = (struct service_tls){.ca_pem = ca, .cert_pem = client, .key_pem = "none"};
    ask(bench, &strict, "localhost", HTTP_FAILED_SETUP, "");
    tls_server_stop(&strict);
    free(ca);
    free(client);
    free(key);
    free(both);
    free(foreign);
}

static void test_bad_files(void **state)
{
    struct bench *bench = *state;
    const struct service_tls bad[] = {
        {.ca_file = files.missing},
        {.ca_file = files.locked},
        {.ca_file = files.ca, .cert_file = files.missing},
        {.ca_file = files.ca, .cert_file = files.client, .key_file = files.missing},
        {.ca_file = files.ca, .cert_file = files.client, .key_file = files.locked},
        {.ca_file = files.ca, .cert_file = files.client, .key_file = files.server_key},
        {.insecure = true, .cert_file = files.missing},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bench->request.tls = bad[i];
        ask(bench, &good, "localhost", HTTP_FAILED_SETUP, "");
    }
    bench->request.tls = (struct service_tls){.insecure = true, .ca_file = files.missing};
    ask(bench, &good, "localhost", HTTP_DONE, "");
}

static void test_system_store(void **state)
{
    struct bench *bench = *state;
    FILE *file = fopen(files.ca, "r");
    X509 *ca = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    char *hashed = mem_printf("%s/%08lx.0", folder, X509_subject_name_hash(ca));
    assert_int_equal(symlink(files.ca, hashed), 0);
    setenv("SSL_CERT_DIR", folder, 1);
    bench->request.tls.ca_file = "";
    ask(bench, &good, "localhost", HTTP_DONE, "");
    unsetenv("SSL_CERT_DIR");
    unlink(hashed);
    free(hashed);
    X509_free(ca);
}

/* The file is read again for each connection. */
static void test_renewed_file(void **state)
{
    struct bench *bench = *state;
    char *path = temp_path(folder, "renewed.pem");
    size_t good_len = 0;
    size_t bad_len = 0;
    char *good_bytes = temp_read(files.ca, &good_len);
    char *bad_bytes = temp_read(files.foreign, &bad_len);
    bench_expect(bench, HTTP_DONE, 200, "ok"); /* what is kept meanwhile */
    bench->request.keep_alive = false;
    bench->request.tls.ca_file = path;
    for (int i = 0; i < 2; i++) {
        temp_write(path, good_bytes, good_len);
        ask(bench, &good, "localhost", HTTP_DONE, "");
        temp_write(path, bad_bytes, bad_len);
        ask(bench, &good, "localhost", HTTP_FAILED_TLS, "");
    }
    free(good_bytes);
    free(bad_bytes);
    free(path);
}

static int connection_of(struct bench *bench, const char *path, enum http_outcome outcome)
{
    struct call call = {0};
    char *url = tls_server_url(&wrong, "localhost", path);
    bench->request.url = url;
    bench_call(bench, &call);
    call_expect(&call, outcome, outcome == HTTP_DONE ? 200 : 0, NULL);
    const char *header = strcasestr(call.head, "X-Connection: ");
    int number = header ? atoi(header + 14) : 0;
    call_free(&call);
    free(url);
    return number;
}

/* What was connected without a check is not used by whoever wants one. */
static void test_trust_of_kept_connections(void **state)
{
    struct bench *bench = *state;
    bench->request.tls.insecure = true;
    int first = connection_of(bench, "/", HTTP_DONE);
    assert_int_equal(connection_of(bench, "/a", HTTP_DONE), first);
    bench->request.tls.insecure = false;
    connection_of(bench, "/", HTTP_FAILED_TLS);
    bench->request.tls.insecure = true;
    assert_int_equal(connection_of(bench, "/", HTTP_DONE), first);
    bench->request.tls.cert_file = files.both;
    assert_int_not_equal(connection_of(bench, "/", HTTP_DONE), first);
    assert_in_range(loop_wakes(bench->loop, 0.5), 0, 2);
}

static void test_plain_and_tls_mixed_up(void **state)
{
    struct bench *bench = *state;
    char url[80];
    snprintf(url, sizeof url, "https://127.0.0.1:%d/", server_port(bench->server));
    bench->request.url = url;
    const struct server_answer plain = {
        .bytes = "HTTP/1.1 400 Bad\r\n\r\n", .when = SERVER_AT_ACCEPT, .then = SERVER_CLOSE};
    server_script(bench->server, &plain, 1);
    bench_expect(bench, HTTP_FAILED_TLS, 0, "");
    assert_true(bench_logged(bench, "wrong version number"));
    /* One that just closes. */
    const struct server_answer closing = {.when = SERVER_AT_ACCEPT, .then = SERVER_CLOSE};
    server_script(bench->server, &closing, 1);
    bench_expect(bench, HTTP_FAILED_TLS, 0, "");
    snprintf(url, sizeof url, "http://127.0.0.1:%d/", good.port);
    bench_expect(bench, HTTP_FAILED_SEND, 0, "");
}

static void test_long_bodies(void **state)
{
    enum { LEN = 64 * 1024 };
    static char bytes[LEN];
    struct bench *bench = *state;
    struct call call = {0};
    char *url = tls_server_url(&good, "localhost", "/");
    for (int i = 0; i < LEN; i++) {
        bytes[i] = (char)(i * 11 + i / 256);
    }
    bench->request.url = url;
    bench->request.method = HTTP_POST;
    bench->request.body = bytes;
    bench->request.len = LEN;
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, NULL);
    assert_int_equal(call.len, LEN);
    assert_memory_equal(call.bytes, bytes, LEN);
    call_free(&call);
    free(url);
}

static void test_broken_body(void **state)
{
    struct bench *bench = *state;
    char *url = tls_server_url(&good, "localhost", "/close");
    bench->request.url = url;
    bench->request.method = HTTP_POST;
    bench->request.body = "body";
    bench->request.len = 4;
    bench_expect(bench, HTTP_BROKEN, 200, "body");
    free(url);
}

static void test_redirects(void **state)
{
    struct bench *bench = *state;
    char *url = tls_server_url(&good, "localhost", "/redirect/5");
    bench->request.url = url;
    bench->request.redirects = 5;
    struct call call = {0};
    bench_call(bench, &call);
    call_expect(&call, HTTP_DONE, 200, "");
    assert_non_null(strcasestr(call.head, "X-Path: /\r\n"));
    call_free(&call);
    free(url);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_name_and_number),
        TEST(test_versions),
        TEST(test_bad_certificates),
        TEST(test_redirected_name),
        TEST(test_client_certificate),
        TEST(test_texts),
        TEST(test_bad_files),
        TEST(test_system_store),
        TEST(test_renewed_file),
        TEST(test_trust_of_kept_connections),
        TEST(test_plain_and_tls_mixed_up),
        TEST(test_long_bodies),
        TEST(test_broken_body),
        TEST(test_redirects),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
