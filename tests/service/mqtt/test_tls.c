/* MQTT over TLS against a real mosquitto: who is trusted, by which name, and what the log says. */
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "net/redirect.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/service/mqtt/peer.h"
#include "tests/service/mqtt/tls_server.h"
#include "tests/support/certs.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

enum { MESSAGES = 20 };

static char *folder;
static struct broker *broker;

/* A broker that shows one of the certificates. */
static struct broker *secure_broker(const char *certificate, const char *more)
{
    char *config = mem_printf("cafile %s/ca.pem\ncertfile %s/%s.pem\nkeyfile %s/%s.key\n"
                              "allow_anonymous true\n%s",
                              folder, folder, certificate, folder, certificate, more);
    struct broker *made = broker_create(config);
    free(config);
    return made;
}

static int group_setup(void **state)
{
    folder = temp_folder();
    certs_create(folder);
    broker = secure_broker("server", "");
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    broker_destroy(broker);
    temp_remove(folder);
    return bench_group_teardown(state);
}

/* Paths in the folder, for one test. */
struct files {
    char *ca, *foreign, *client, *client_key, *server_key, *both, *locked, *missing;
};

static struct files files;

static int setup(void **state)
{
    files = (struct files){
        .ca = temp_path(folder, "ca.pem"),
        .foreign = temp_path(folder, "foreign.pem"),
        .client = temp_path(folder, "client.pem"),
        .client_key = temp_path(folder, "client.key"),
        .server_key = temp_path(folder, "server.key"),
        .both = temp_path(folder, "both.pem"),
        .locked = temp_path(folder, "locked.key"),
        .missing = temp_path(folder, "missing.pem"),
    };
    struct bench *bench = bench_create(NULL);
    bench->options.secure = true;
    bench->options.tls = (struct service_tls){.ca_file = files.ca};
    *state = bench;
    return 0;
}

static int teardown(void **state)
{
    free(files.ca);
    free(files.foreign);
    free(files.client);
    free(files.client_key);
    free(files.server_key);
    free(files.both);
    free(files.locked);
    free(files.missing);
    return bench_teardown(state);
}

static void exchange(struct bench *bench)
{
    bench_subscribed(bench, "tls", 1);
    bench_publish(bench, "tls", "secret", 0, 1000);
    bench_expect(bench, "message tls 0 0 6 secret");
    bench_disconnect(bench);
}

static void test_name_and_number(void **state)
{
    struct bench *bench = *state;
    bench->options.host = "localhost";
    bench_online(bench, broker->port);
    assert_true(bench_logged(bench, "TLSv1.3"));
    exchange(bench);
    bench->options.host = "127.0.0.1";
    bench_online(bench, broker->port);
    exchange(bench);
}

static void test_tls_1_2(void **state)
{
    struct bench *bench = *state;
    char *path = temp_path(folder, "openssl.cnf");
    static const char config[] = "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
                                 "[c]\nMaxProtocol = TLSv1.2\n";
    temp_write(path, config, sizeof config - 1);
    setenv("OPENSSL_CONF", path, 1);
    struct broker *old = secure_broker("server", "");
    unsetenv("OPENSSL_CONF");
    bench_online(bench, old->port);
    assert_true(bench_logged(bench, "TLSv1.2"));
    exchange(bench);
    broker_destroy(old);
    free(path);
}

static void check_refused(struct bench *bench, int port, const char *log)
{
    buf_clear(&bench->log_lines);
    bench_connect(bench, port);
    bench_expect(bench, "failed tls 0");
    assert_true(bench_logged(bench, log));
}

static void test_bad_certificates(void **state)
{
    struct bench *bench = *state;
    struct broker *expired = secure_broker("expired", "");
    struct broker *wrong = secure_broker("wrong", "");
    check_refused(bench, expired->port, "not accepted: certificate has expired");
    check_refused(bench, wrong->port, "not accepted: IP address mismatch");
    bench->options.host = "localhost";
    check_refused(bench, wrong->port, "not accepted: hostname mismatch");
    bench->options.tls.ca_file = files.foreign;
    check_refused(bench, broker->port, "the broker's certificate is not accepted: ");
    bench->options.tls.ca_file = NULL;
    check_refused(bench, broker->port, "the broker's certificate is not accepted: ");
    bench_probe(bench);
    bench_expect(bench, "probe tls 0");

    bench->options.tls.insecure = true;
    bench_online(bench, expired->port);
    exchange(bench);
    bench_online(bench, wrong->port);
    exchange(bench);
    broker_destroy(expired);
    broker_destroy(wrong);
}

/* The name in the command is checked, not the one that network.redirect leads to. */
static void test_redirected_name(void **state)
{
    struct bench *bench = *state;
    struct broker *wrong = secure_broker("wrong", "");
    struct redirect *redirect = redirect_create("broker.*=127.0.0.1");
    bench->env.redirect = redirect;
    bench->options.host = "broker.example";
    bench_online(bench, wrong->port);
    exchange(bench);
    check_refused(bench, broker->port, "hostname mismatch");
    bench->env.redirect = NULL;
    redirect_destroy(redirect);
    broker_destroy(wrong);
}

static void test_client_certificate(void **state)
{
    struct bench *bench = *state;
    struct broker *strict = secure_broker("server", "require_certificate true\n");
    /* The alert can get lost when the broker has closed before it could be read. */
    for (int i = 0; i < 10 && !strstr(buf_text(&bench->log_lines), "the broker refused: "); i++) {
        bench_connect(bench, strict->port);
        char *line = bench_take(bench); /* without the alert only the connection has failed */
        assert_true(strcmp(line, "failed tls 0") == 0 || strcmp(line, "failed connect 0") == 0);
        free(line);
    }
    assert_true(bench_logged(bench, "the broker refused: "));
    bench->options.tls.cert_file = files.client;
    bench->options.tls.key_file = files.client_key;
    bench_online(bench, strict->port);
    exchange(bench);
    bench->options.tls.cert_file = files.both;
    bench->options.tls.key_file = "";
    bench_online(bench, strict->port);
    exchange(bench);
    broker_destroy(strict);
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
    char *foreign = content(files.foreign);
    char *client = content(files.client);
    char *key = content(files.client_key);
    char *both = content(files.both);
    struct broker *strict = secure_broker("server", "require_certificate true\n");
    bench->options.tls = (struct service_tls){
        .ca_file = files.foreign, .ca_pem = ca, .cert_pem = client, .key_pem = key};
    bench_online(bench, strict->port);
    exchange(bench);
    bench->options.tls = (struct service_tls){.ca_pem = ca, .cert_pem = both};
    bench_online(bench, strict->port);
    exchange(bench);
    bench->options.tls.ca_pem = foreign;
    bench_connect(bench, strict->port);
    bench_expect(bench, "failed tls 0");
    broker_destroy(strict);
    free(ca);
    free(foreign);
    free(client);
    free(key);
    free(both);
}

static void check_bad_setup(struct bench *bench, struct service_tls tls, const char *log)
{
    bench->options.secure = true;
    bench->options.tls = tls;
    buf_clear(&bench->log_lines);
    bench_connect(bench, broker->port);
    bench_expect(bench, "failed setup 0");
    assert_true(bench_logged(bench, log));
}

static void test_bad_files(void **state)
{
    struct bench *bench = *state;
    check_bad_setup(bench, (struct service_tls){.ca_file = files.missing},
                    "missing.pem: No such file or directory");
    check_bad_setup(bench, (struct service_tls){.ca_file = files.locked}, "CA file");
    check_bad_setup(bench, (struct service_tls){.ca_file = files.ca, .cert_file = files.missing},
                    "client certificate");
    check_bad_setup(bench,
                    (struct service_tls){
                        .ca_file = files.ca, .cert_file = files.client, .key_file = files.locked},
                    "locked.key: ");
    check_bad_setup(bench,
                    (struct service_tls){.ca_file = files.ca,
                                         .cert_file = files.client,
                                         .key_file = files.server_key},
                    "key values mismatch");
    check_bad_setup(bench, (struct service_tls){.insecure = true, .cert_file = files.missing},
                    "client certificate");
}

static void test_bad_texts(void **state)
{
    struct bench *bench = *state;
    char *client = content(files.client);
    char *key = content(files.server_key);
    check_bad_setup(bench, (struct service_tls){.ca_pem = "no certificate"}, "CA certificate (");
    check_bad_setup(bench, (struct service_tls){.insecure = true, .cert_pem = "none"},
                    "client certificate (");
    check_bad_setup(bench, (struct service_tls){.insecure = true, .cert_pem = client},
                    "key of the client certificate (");
    check_bad_setup(bench,
                    (struct service_tls){.insecure = true, .cert_pem = client, .key_pem = key},
                    "key values mismatch");
    free(client);
    free(key);
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
    bench->options.tls.ca_file = "";
    bench_online(bench, broker->port);
    exchange(bench);
    unsetenv("SSL_CERT_DIR");
    unlink(hashed);
    free(hashed);
    X509_free(ca);
}

/* Years later the authority changes: the file is read again for each connection. */
static void test_renewed_file(void **state)
{
    struct bench *bench = *state;
    char *path = temp_path(folder, "renewed.pem");
    size_t good_len = 0;
    size_t bad_len = 0;
    char *good = temp_read(files.ca, &good_len);
    char *bad = temp_read(files.foreign, &bad_len);
    struct broker *mortal = secure_broker("server", "");
    temp_write(path, good, good_len);
    bench->options.tls.ca_file = path;
    bench->options.clean_session = false;
    bench_online(bench, mortal->port);
    temp_write(path, bad, bad_len);
    broker_stop(mortal);
    bench_expect(bench, "lost");
    broker_start(mortal);
    while (!strstr(buf_text(&bench->log_lines), "cannot reconnect to ")) {
        ev_run(bench->loop, EVRUN_ONCE);
    }
    temp_write(path, good, good_len);
    bench_expect(bench, "connected 0 1");
    bench_disconnect(bench);
    broker_destroy(mortal);
    free(good);
    free(bad);
    free(path);
}

static bool client_hello_is_in(void *ctx)
{
    return peer_received(ctx, "\x16\x03");
}

static void check_hello(struct bench *bench, struct peer *peer, const char *host, bool named)
{
    bench->options.host = host;
    bench_connect(bench, peer_port(peer));
    bench_until(bench, client_hello_is_in, peer);
    assert_int_equal(peer_received(peer, "localhost"), named);
    assert_false(peer_received(peer, "127.0.0.1"));
    bench_disconnect(bench);
}

static void test_server_name_indication(void **state)
{
    struct bench *bench = *state;
    struct peer *peer = peer_create(bench);
    peer_play_dumb(peer);
    check_hello(bench, peer, "localhost", true);
    check_hello(bench, peer, "127.0.0.1", false);
    peer_destroy(peer);
}

static void test_plain_and_tls_mixed_up(void **state)
{
    struct bench *bench = *state;
    struct broker *plain = broker_create("allow_anonymous true\n");
    bench_connect(bench, plain->port);
    bench_expect(bench, "failed tls 0");
    bench->options.secure = false;
    bench_connect(bench, broker->port);
    bench_expect(bench, "failed connect 0");
    broker_destroy(plain);
}

/* Over TLS several packets come in one record; a probe must take none of them. */
static bool has_all_messages(void *ctx)
{
    struct bench *bench = ctx;
    int count = 0;
    const char *at = buf_text(&bench->lines);
    while ((at = strstr(at, "message mail "))) {
        at++;
        count++;
    }
    return count == MESSAGES;
}

static void test_probe_and_many_messages(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    bench->options.client_id = "kept";
    bench_online(bench, broker->port);
    bench_subscribed(bench, "mail", 2);
    bench_disconnect(bench);

    struct bench *other = bench_create(NULL);
    other->options = bench->options;
    other->options.clean_session = true;
    other->options.client_id = "sender";
    bench_online(other, broker->port);
    for (int i = 0; i < MESSAGES; i++) {
        uint16_t id = bench_publish(other, "mail", i % 2 ? "even" : "odd", 1 + i % 2, 1000);
        bench_expect(other, "published %u done", id);
    }
    bench_destroy(other);

    for (int i = 0; i < 5; i++) {
        bench_probe(bench);
        bench_expect(bench, "probe accepted");
    }
    bench_connect(bench, 0);
    bench_expect(bench, "connected 1 0");
    bench_until(bench, has_all_messages, bench);
    buf_clear(&bench->lines);
    bench_disconnect(bench);
}

/* CONNACK and messages in one record: libmosquitto looks at all of them before it returns. */
static void test_probe_and_messages_in_one_record(void **state)
{
    static const char flood[] = "\x20\x02\x01\x00"
                                "\x32\x06\x00\x01t\x00\x07!"
                                "\x34\x06\x00\x01t\x00\x08!";
    struct bench *bench = *state;
    char bytes[200];
    bench->options.port = ports_free();
    struct tls_server server = tls_server_start(folder, bench->options.port);
    while (!ports_listening(bench->options.port)) {
        usleep(1000);
    }
    bench_probe(bench);
    while (!tls_server_has_connect(&server)) {
        ev_run(bench->loop, EVRUN_NOWAIT);
    }
    assert_int_equal(write(server.input, flood, sizeof flood - 1), sizeof flood - 1);
    bench_expect(bench, "probe accepted");
    while (!tls_server_has_ended(&server)) {
        ev_run(bench->loop, EVRUN_NOWAIT);
    }
    assert_true(read(server.output, bytes, sizeof bytes) <= 0);
    close(server.input);
    close(server.output);
}

static void test_long_payload(void **state)
{
    struct bench *bench = *state;
    size_t len = 900 * 1024;
    char *bytes = mem_resize(NULL, len);
    memset(bytes, 'x', len);
    bench_online(bench, broker->port);
    bench_subscribed(bench, "long", 2);
    uint16_t id = 0;
    bool written = false;
    assert_int_equal(mqtt_publish(bench->mqtt, "long", bytes, len, 0, false, 10000, &id, &written),
                     MQTT_OK);
    free(bytes);
    if (!written) {
        bench_expect(bench, "published %u done", id);
    }
    bench_expect(bench, "message long 0 0 %zu %.40s", len,
                 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    bench_disconnect(bench);
}

static void test_restarts(void **state)
{
    struct bench *bench = *state;
    struct broker *mortal = secure_broker("server", "");
    bench_online(bench, mortal->port);
    bench_subscribed(bench, "news", 1);
    for (int i = 0; i < 10; i++) {
        broker_stop(mortal);
        bench_expect(bench, "lost");
        broker_start(mortal);
        bench_expect(bench, "connected 0 1");
        bench_publish(bench, "news", "x", 0, 1000);
        bench_expect(bench, "message news 0 0 1 x");
    }
    broker_destroy(mortal);
}

static void test_destroy_at_each_moment(void **state)
{
    struct bench *model = *state;
    int before = ports_descriptors();
    for (int i = 0; i < 200; i++) {
        struct bench *bench = bench_create(NULL);
        bench->options.secure = model->options.secure;
        bench->options.tls = model->options.tls;
        bench->options.clean_session = i % 2;
        bench_connect(bench, broker->port);
        for (int turn = 0; turn < i % 10; turn++) {
            ev_run(bench->loop, EVRUN_ONCE);
            if (mqtt_state(bench->mqtt) == MQTT_ONLINE) {
                bench_publish(bench, "t", "x", 2, 1000);
            }
        }
        bench_destroy(bench);
    }
    assert_int_equal(ports_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_name_and_number, setup, teardown),
        cmocka_unit_test_setup_teardown(test_tls_1_2, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_certificates, setup, teardown),
        cmocka_unit_test_setup_teardown(test_redirected_name, setup, teardown),
        cmocka_unit_test_setup_teardown(test_client_certificate, setup, teardown),
        cmocka_unit_test_setup_teardown(test_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_texts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_bad_files, setup, teardown),
        cmocka_unit_test_setup_teardown(test_system_store, setup, teardown),
        cmocka_unit_test_setup_teardown(test_renewed_file, setup, teardown),
        cmocka_unit_test_setup_teardown(test_server_name_indication, setup, teardown),
        cmocka_unit_test_setup_teardown(test_plain_and_tls_mixed_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_probe_and_many_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_probe_and_messages_in_one_record, setup, teardown),
        cmocka_unit_test_setup_teardown(test_long_payload, setup, teardown),
        cmocka_unit_test_setup_teardown(test_restarts, setup, teardown),
        cmocka_unit_test_setup_teardown(test_destroy_at_each_moment, setup, teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
