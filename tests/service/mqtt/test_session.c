/* The MQTT service against a real mosquitto: requests and their outcomes, messages, sessions,
 * wills, credentials. */
#include <arpa/inet.h>
#include <glob.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/support/temp.h"

static struct broker *broker;

static int group_setup(void **state)
{
    broker = broker_create("allow_anonymous true\n");
    return bench_group_setup(state);
}

static int group_teardown(void **state)
{
    broker_destroy(broker);
    return bench_group_teardown(state);
}

/* A second client of the same broker. */
static struct bench *companion(const char *client_id)
{
    struct bench *bench = bench_create(NULL);
    bench->options.client_id = client_id;
    bench_online(bench, broker->port);
    return bench;
}

/* ---- requests ---- */

/* Without it Nagle's algorithm holds packets back. */
static bool has_nodelay(int port)
{
    for (int fd = 0; fd < 100; fd++) {
        struct sockaddr_in peer = {0};
        socklen_t len = sizeof peer;
        int on = 0;
        socklen_t on_len = sizeof on;
        if (getpeername(fd, (struct sockaddr *)&peer, &len) == 0 && peer.sin_family == AF_INET &&
            ntohs(peer.sin_port) == port) {
            getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &on_len);
            return on;
        }
    }
    return false;
}

static void test_publish(void **state)
{
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    assert_int_equal(bench_publish(bench, "a/b", "zero", 0, 1000), 1);
    assert_int_equal(bench_publish(bench, "a/b", "one", 1, 1000), 2);
    bench_expect(bench, "published 2 done");
    assert_int_equal(bench_publish(bench, "a/b", "two", 2, 1000), 3);
    bench_expect(bench, "published 3 done");
    assert_true(has_nodelay(broker->port));
    bench_disconnect(bench);
    bench_quiet(bench, 0.05);
}

static void test_receive(void **state)
{
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    for (int qos = 0; qos < 3; qos++) {
        char *filter = mem_printf("in/%d/+", qos);
        char *topic = mem_printf("in/%d/x", qos);
        bench_subscribed(bench, filter, qos);
        bench_publish(bench, topic, "", 0, 1000);
        bench_expect(bench, "message %s 0 0 0 ", topic);
        uint16_t id = bench_publish(bench, topic, "hello", 1, 1000);
        struct buf *lines = &bench->lines;
        while (!strstr(buf_text(lines), "message") || !strstr(buf_text(lines), "published")) {
            ev_run(bench->loop, EVRUN_ONCE);
        }
        char *message = mem_printf("message %s %d 0 5 hello\n", topic, qos < 1 ? qos : 1);
        char *published = mem_printf("published %u done\n", id);
        assert_non_null(strstr(buf_text(lines), message));
        assert_non_null(strstr(buf_text(lines), published));
        buf_clear(lines);
        free(message);
        free(published);
        free(topic);
        free(filter);
    }
    struct bench *other = companion("other");
    bench_publish(other, "in/2/y", "exactly once", 2, 1000);
    bench_expect(other, "published 1 done");
    bench_expect(bench, "message in/2/y 2 0 12 exactly once");

    uint16_t id = 0;
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "in/2/+", 1000, &id), MQTT_OK);
    bench_expect(bench, "unsubscribed %u done", id);
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "never/subscribed", 1000, &id), MQTT_OK);
    bench_expect(bench, "unsubscribed %u done", id);
    bench_publish(other, "in/2/y", "unheard", 0, 1000);
    bench_publish(other, "in/1/y", "heard", 0, 1000);
    bench_expect(bench, "message in/1/y 0 0 5 heard");
    bench_destroy(other);
}

static void test_retained_and_binary(void **state)
{
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    uint16_t id = 0;
    bool written = false;
    assert_int_equal(mqtt_publish(bench->mqtt, "kept", "a\0b", 3, 0, true, 1000, &id, &written),
                     MQTT_OK);
    bench_subscribe(bench, "kept", 1);
    bench_expect(bench, "subscribed 2 done 1");
    bench_expect(bench, "message kept 0 1 3 a");
    assert_int_equal(mqtt_publish(bench->mqtt, "kept", NULL, 0, 0, true, 1000, &id, &written),
                     MQTT_OK);
    bench_expect(bench, "message kept 0 0 0 ");
}

static void test_invalid_requests(void **state)
{
    struct bench *bench = *state;
    uint16_t id = 0;
    bool written = false;
    struct mqtt *mqtt = bench->mqtt;
    assert_int_equal(mqtt_publish(mqtt, "t", "x", 1, 0, false, 1, &id, &written), MQTT_NOT_ONLINE);
    assert_false(mqtt_disconnect(mqtt));
    bench_online(bench, broker->port);
    assert_int_equal(mqtt_publish(mqtt, "", "x", 1, 0, false, 1, &id, &written), MQTT_INVALID);
    assert_int_equal(mqtt_publish(mqtt, "a/+", "x", 1, 0, false, 1, &id, &written), MQTT_INVALID);
    assert_int_equal(mqtt_publish(mqtt, "\xff", "x", 1, 0, false, 1, &id, &written), MQTT_INVALID);
    assert_int_equal(mqtt_publish(mqtt, "t", "x", 1, 3, false, 1, &id, &written), MQTT_INVALID);
    assert_int_equal(mqtt_publish(mqtt, "t", "x", 1, -1, false, 1, &id, &written), MQTT_INVALID);
    assert_int_equal(mqtt_subscribe(mqtt, "a/#/b", 0, 1, &id), MQTT_INVALID);
    assert_int_equal(mqtt_subscribe(mqtt, "a", 3, 1, &id), MQTT_INVALID);
    assert_int_equal(mqtt_unsubscribe(mqtt, "", 1, &id), MQTT_INVALID);
    assert_int_equal(mqtt_outstanding(mqtt), 0);
    bench_quiet(bench, 0.05);
    assert_int_equal(bench_publish(bench, "t", "still here", 0, 1), 1);
}

static void check_payload(struct bench *bench, size_t len, int qos)
{
    char *bytes = mem_zeroed(len + 1);
    for (size_t i = 0; i < len; i++) {
        bytes[i] = (char)('a' + i % 26);
    }
    uint16_t id = 0;
    bool written = false;
    assert_int_equal(
        mqtt_publish(bench->mqtt, "long", bytes, len, qos, false, 10000, &id, &written), MQTT_OK);
    free(bytes);
}

static void test_long_payloads(void **state)
{
    static const char start[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmn";
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    struct bench *other = companion("sender");
    bench_subscribed(bench, "long", 2);
    check_payload(other, 100 * 1024, 0);
    check_payload(other, 300 * 1024, 1);
    check_payload(other, 700 * 1024, 2);
    bench_expect(bench, "message long 0 0 %d %s", 100 * 1024, start);
    bench_expect(bench, "message long 1 0 %d %s", 300 * 1024, start);
    /* Its PUBREC goes out from the other loop. */
    bench_expect(other, "published 2 done");
    bench_expect(other, "published 3 done");
    bench_expect(bench, "message long 2 0 %d %s", 700 * 1024, start);
    bench_destroy(other);
}

static void test_both_versions(void **state)
{
    struct bench *bench = *state;
    for (int version = MQTT_3_1; version <= MQTT_3_1_1; version++) {
        bench->options.version = (enum mqtt_version)version;
        bench_online(bench, broker->port);
        bench_subscribed(bench, "v", 0);
        bench_publish(bench, "v", "x", 0, 1000);
        bench_expect(bench, "message v 0 0 1 x");
        bench_disconnect(bench);
        bench->options.client_id = NULL;
        bench_online(bench, broker->port);
        bench_disconnect(bench);
        bench->options.client_id = "bench";
    }
}

static void test_bad_options(void **state)
{
    struct bench *bench = *state;
    const struct mqtt_options good = bench->options;
    struct mqtt_options bad[10];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bad[i] = good;
        bad[i].port = 1883;
    }
    bad[0].host = "";
    bad[1].port = 0;
    bad[2].port = 65536;
    bad[3].keepalive_s = 4;
    bad[4].keepalive_s = 65536;
    bad[5].client_id = "";
    bad[5].clean_session = false;
    bad[6].password = "secret word";
    bad[7].will = (struct mqtt_will){.topic = "a/#"};
    bad[8].client_id = "\xff";
    bad[9].username = "\xff";
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        bench->options = bad[i];
        bench_connect(bench, 0);
        bench_expect(bench, "failed setup 0");
        assert_int_equal(mqtt_state(bench->mqtt), MQTT_OFFLINE);
    }
    assert_false(strstr(buf_text(&bench->log_lines), "secret") != NULL);
    bench->options = good;
    bench_online(bench, broker->port);
}

/* ---- sessions ---- */

static void test_kept_session(void **state)
{
    struct bench *bench = *state;
    bench->options.clean_session = false;
    bench->options.client_id = "kept";
    bench_online(bench, broker->port);
    bench_subscribed(bench, "mail", 1);
    bench_disconnect(bench);

    struct bench *other = companion("other");
    bench_publish(other, "mail", "while you were out", 1, 1000);
    bench_expect(other, "published 1 done");

    bench_connect(bench, 0);
    bench_expect(bench, "connected 1 0");
    bench_expect(bench, "message mail 1 0 18 while you were out");
    bench_disconnect(bench);

    /* A probe, and then a message again, which the probe must leave there. */
    bench_publish(other, "mail", "second", 1, 1000);
    bench_expect(other, "published 2 done");
    for (int i = 0; i < 5; i++) {
        bench_probe(bench);
        bench_expect(bench, "probe accepted");
    }
    bench_connect(bench, 0);
    bench_expect(bench, "connected 1 0");
    bench_expect(bench, "message mail 1 0 6 second");
    bench_disconnect(bench);

    bench->options.clean_session = true;
    bench_online(bench, 0);
    bench_disconnect(bench);
    bench->options.clean_session = false;
    bench_online(bench, 0);
    bench_destroy(other);
}

static void test_takeover(void **state)
{
    struct bench *bench = *state;
    bench->options.backoff_min_ms = bench->options.backoff_max_ms = 60000;
    bench_online(bench, broker->port);
    struct bench *twin = companion(bench->options.client_id);
    bench_expect(bench, "lost");
    bench_destroy(twin);
    assert_int_equal(mqtt_state(bench->mqtt), MQTT_RECONNECTING);
}

/* Killed without a word, the client's will is sent; after DISCONNECT it is not. */
static void test_will(void **state)
{
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    bench_subscribed(bench, "will/+", 1);
    pid_t child = fork();
    if (child == 0) {
        struct bench *client = bench_create(NULL);
        client->options.client_id = "mortal";
        client->options.will =
            (struct mqtt_will){.topic = "will/mortal", .bytes = "dead", .len = 4, .qos = 1};
        bench_online(client, broker->port);
        bench_publish(client, "will/alive", "", 0, 1000);
        pause();
    }
    bench_expect(bench, "message will/alive 0 0 0 ");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    bench_expect(bench, "message will/mortal 1 0 4 dead");

    struct bench *client = bench_create(NULL);
    client->options.client_id = "polite";
    client->options.will =
        (struct mqtt_will){.topic = "will/polite", .bytes = "x", .len = 1, .qos = 1};
    bench_online(client, broker->port);
    bench_destroy(client);
    bench_quiet(bench, 0.1);
}

static void test_many_subscriptions(void **state)
{
    /* 32 subscriptions and more, and all of them again after a loss. */
    struct bench *bench = *state;
    bench_online(bench, broker->port);
    for (int i = 0; i < 40; i++) {
        char *filter = mem_printf("many/%d", i);
        bench_subscribed(bench, filter, i % 3);
        free(filter);
    }
    uint16_t id = 0;
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "many/5", 1000, &id), MQTT_OK);
    bench_expect(bench, "unsubscribed %u done", id);
    struct bench *twin = companion(bench->options.client_id);
    bench_destroy(twin);
    bench_expect(bench, "lost");
    bench_expect(bench, "connected 0 1");
    for (int i = 0; i < 40; i++) {
        char *topic = mem_printf("many/%d", i);
        bench_publish(bench, topic, "x", 0, 1000);
        if (i != 5) {
            bench_expect(bench, "message %s 0 0 1 x", topic);
        }
        free(topic);
    }
    /* A new beginning has none of them. */
    bench_disconnect(bench);
    bench_online(bench, 0);
    bench_publish(bench, "many/1", "x", 0, 1000);
    bench_quiet(bench, 0.05);
}

/* ---- credentials ---- */

static void test_credentials(void **state)
{
    struct bench *bench = *state;
    struct broker *strict = broker_prepare("allow_anonymous false\npassword_file @/passwords\n");
    char *command =
        mem_printf("mosquitto_passwd -b -c '%s/passwords' ann 'ann secret'", strict->folder);
    assert_int_equal(system(command), 0);
    free(command);
    broker_start(strict);

    bench_connect(bench, strict->port);
    bench_expect(bench, "failed refused 5");
    bench->options.username = "ann";
    bench->options.password = "wrong secret";
    bench_connect(bench, 0);
    bench_expect(bench, "failed refused 5");
    bench->options.password = "ann secret";
    bench_probe(bench);
    bench_expect(bench, "probe accepted");
    bench_online(bench, 0);
    bench_disconnect(bench);
    assert_null(strstr(buf_text(&bench->log_lines), "secret"));
    broker_destroy(strict);
}

/* mosquitto's plain access lists say nothing about SUBSCRIBE, its plugin does. */
static void test_refused_subscription(void **state)
{
    static const char access[] = "{\"defaultACLAccess\": {\"publishClientSend\": true, "
                                 "\"publishClientReceive\": true, \"subscribe\": false, "
                                 "\"unsubscribe\": true}, \"clients\": [], \"groups\": [], "
                                 "\"roles\": []}";
    struct bench *bench = *state;
    glob_t plugin;
    if (glob("/usr/lib/*/mosquitto_dynamic_security.so", 0, NULL, &plugin) != 0) {
        skip();
    }
    char *config = mem_printf("allow_anonymous true\nplugin %s\n"
                              "plugin_opt_config_file @/access.json\n",
                              plugin.gl_pathv[0]);
    globfree(&plugin);
    struct broker *strict = broker_prepare(config);
    char *path = temp_path(strict->folder, "access.json");
    temp_write(path, access, sizeof access - 1);
    broker_start(strict);
    bench_online(bench, strict->port);
    uint16_t id = bench_subscribe(bench, "closed", 1);
    bench_expect(bench, "subscribed %u done 128", id);
    bench_disconnect(bench);
    broker_destroy(strict);
    free(path);
    free(config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_publish, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_receive, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_retained_and_binary, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_invalid_requests, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_long_payloads, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_both_versions, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_bad_options, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_kept_session, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_takeover, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_will, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_many_subscriptions, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_credentials, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_refused_subscription, bench_setup, bench_teardown),
    };
    return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
