/* Guests: further parties on a connection. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/service/mqtt/broker.h"
#include "tests/service/mqtt/peer.h"

struct guest {
    struct bench *bench;
    struct mqtt_guest *guest;
    struct buf lines;
    bool leave; /* at the next event */
};

static void note(struct guest *guest, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void note(struct guest *guest, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buf_vprintf(&guest->lines, format, args);
    va_end(args);
    buf_add_byte(&guest->lines, '\n');
    if (guest->leave) {
        mqtt_guest_destroy(guest->guest);
        guest->guest = NULL;
    }
}

static void online(void *ctx, bool again)
{
    note(ctx, "online %d", again);
}

static void published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    note(ctx, "published %u %d", packet_id, (int)outcome);
}

static void subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    note(ctx, "subscribed %u %d %d", packet_id, (int)outcome, granted);
}

static void message(void *ctx, const struct mqtt_message *got)
{
    note(ctx, "message %s %.*s", got->topic, (int)got->len, got->bytes);
}

static const struct mqtt_guest_events events = {online, published, subscribed, message};

static void arrive(struct guest *guest, struct bench *bench)
{
    *guest = (struct guest){.bench = bench};
    guest->guest = mqtt_guest_create(bench->mqtt, &events, guest);
    assert_non_null(guest->guest);
}

static bool has_line(void *ctx)
{
    const struct guest *guest = ctx;
    return buf_len(&guest->lines) > 0;
}

static void expect(struct guest *guest, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void expect(struct guest *guest, const char *format, ...)
{
    char wanted[200];
    va_list args;
    va_start(args, format);
    vsnprintf(wanted, sizeof wanted, format, args);
    va_end(args);
    bench_until(guest->bench, has_line, guest);
    const char *text = buf_text(&guest->lines);
    size_t len = strcspn(text, "\n");
    char *line = mem_copy(text, len);
    assert_string_equal(line, wanted);
    free(line);
    buf_take(&guest->lines, len + 1);
}

static void subscribe(struct guest *guest, const char *filter, int qos)
{
    uint16_t id = 0;
    assert_int_equal(mqtt_guest_subscribe(guest->guest, filter, qos, 5000, &id), MQTT_OK);
    expect(guest, "subscribed %u %d %d", id, (int)MQTT_DONE, qos);
}

static void leave(struct guest *guest)
{
    mqtt_guest_destroy(guest->guest);
    buf_free(&guest->lines);
}

/* Takes the lines of the publishes on the way. */
static bool none_outstanding(void *ctx)
{
    struct bench *bench = ctx;
    buf_clear(&bench->lines);
    return mqtt_outstanding(bench->mqtt) == 0;
}

static void test_messages_go_to_whom_they_concern(void **state)
{
    struct bench *bench = *state;
    struct broker *broker = broker_create("allow_anonymous true\n");
    struct guest guest;
    arrive(&guest, bench);
    bench_online(bench, broker->port);
    expect(&guest, "online 0");
    subscribe(&guest, "ota/+", 1);
    bench_subscribed(bench, "mine/#", 1);

    bench_publish(bench, "ota/a", "for the guest", 0, 5000);
    expect(&guest, "message ota/a for the guest");
    bench_publish(bench, "mine/b", "for the owner", 0, 5000);
    bench_expect(bench, "message mine/b 0 0 13 for the owner");

    bench_subscribed(bench, "ota/both", 0);
    bench_publish(bench, "ota/both", "for both", 0, 5000);
    expect(&guest, "message ota/both for both");
    bench_expect(bench, "message ota/both 0 0 8 for both");
    assert_int_equal(buf_len(&guest.lines), 0);

    leave(&guest);
    bench_publish(bench, "ota/a", "for nobody", 0, 5000);
    bench_publish(bench, "mine/b", "last", 0, 5000);
    bench_expect(bench, "message mine/b 0 0 4 last");
    broker_destroy(broker);
}

/* The broker has one subscription for both. */
static void test_a_shared_filter_outlives_one_party(void **state)
{
    struct bench *bench = *state;
    struct broker *broker = broker_create("allow_anonymous true\n");
    struct guest guest;
    arrive(&guest, bench);
    bench_online(bench, broker->port);
    expect(&guest, "online 0");
    subscribe(&guest, "both", 1);
    bench_subscribed(bench, "both", 1);

    uint16_t id = 0;
    assert_int_equal(mqtt_unsubscribe(bench->mqtt, "both", 5000, &id), MQTT_OK);
    bench_expect(bench, "unsubscribed %u done", id);
    id = bench_publish(bench, "both", "still there", 1, 5000);
    expect(&guest, "message both still there");
    bench_expect(bench, "published %u done", id);

    bench_subscribed(bench, "both", 1);
    leave(&guest);
    bench_publish(bench, "both", "mine", 0, 5000);
    bench_expect(bench, "message both 0 0 4 mine");
    broker_destroy(broker);
}

static void test_loss_and_return(void **state)
{
    struct bench *bench = *state;
    struct broker *broker = broker_create("allow_anonymous true\n");
    struct guest guest;
    uint16_t id = 0;
    arrive(&guest, bench);
    assert_int_equal(mqtt_guest_publish(guest.guest, "t", "x", 1, 1, 5000, &id), MQTT_NOT_ONLINE);
    bench_online(bench, broker->port);
    expect(&guest, "online 0");
    subscribe(&guest, "t", 1);
    broker_freeze(broker);
    assert_int_equal(mqtt_guest_publish(guest.guest, "t", "x", 1, 1, 5000, &id), MQTT_OK);
    broker_kill(broker);
    expect(&guest, "published %u %d", id, (int)MQTT_LOST);
    bench_expect(bench, "lost");
    broker_start(broker);
    bench_expect(bench, "connected 0 1");
    expect(&guest, "online 1");
    bench_publish(bench, "t", "again", 1, 5000);
    expect(&guest, "message t again");

    /* A goodbye ends the subscriptions of all. */
    bench_until(bench, none_outstanding, bench);
    bench_disconnect(bench);
    bench_online(bench, broker->port);
    expect(&guest, "online 0");
    assert_int_equal(mqtt_guest_publish(guest.guest, "t", "x", 1, 1, 5000, &id), MQTT_OK);
    expect(&guest, "published %u %d", id, (int)MQTT_DONE);
    leave(&guest);
    broker_destroy(broker);
}

static void test_guest_leaves_inside_its_events(void **state)
{
    struct bench *bench = *state;
    struct broker *broker = broker_create("allow_anonymous true\n");
    struct guest first;
    struct guest second;
    arrive(&first, bench);
    arrive(&second, bench);
    first.leave = true;
    bench_online(bench, broker->port);
    expect(&first, "online 0");
    expect(&second, "online 0");
    assert_null(first.guest);
    leave(&first);

    arrive(&first, bench);
    subscribe(&first, "t", 1);
    subscribe(&second, "t", 1);
    first.leave = true;
    bench_publish(bench, "t", "once", 1, 5000);
    expect(&first, "message t once");
    expect(&second, "message t once");
    leave(&first);
    leave(&second);

    for (int i = 0; i < MQTT_GUESTS_MAX; i++) {
        assert_non_null(mqtt_guest_create(bench->mqtt, &events, &first));
    }
    assert_null(mqtt_guest_create(bench->mqtt, &events, &first));
    broker_destroy(broker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_messages_go_to_whom_they_concern, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_a_shared_filter_outlives_one_party, bench_setup,
                                        bench_teardown),
        cmocka_unit_test_setup_teardown(test_loss_and_return, bench_setup, bench_teardown),
        cmocka_unit_test_setup_teardown(test_guest_leaves_inside_its_events, bench_setup,
                                        bench_teardown),
    };
    return cmocka_run_group_tests(tests, bench_group_setup, bench_group_teardown);
}
