/* libmosquitto without a modem around it. */
#include <poll.h>
#include <string.h>

#include "tests/bench/bench.h"

static void on_connect(struct mosquitto *library, void *ctx, int code)
{
    (void)library;
    struct direct *direct = ctx;
    direct->connected = code == 0;
}

static void on_publish(struct mosquitto *library, void *ctx, int id)
{
    (void)library;
    (void)id;
    struct direct *direct = ctx;
    direct->acknowledged++;
}

static void on_subscribe(struct mosquitto *library, void *ctx, int id, int count,
                         const int *granted)
{
    (void)library;
    (void)id;
    (void)count;
    (void)granted;
    struct direct *direct = ctx;
    direct->subscribed++;
}

static void on_message(struct mosquitto *library, void *ctx,
                       const struct mosquitto_message *message)
{
    (void)library;
    (void)message;
    struct direct *direct = ctx;
    direct->messages++;
}

void direct_start(struct direct *direct, int port)
{
    *direct = (struct direct){0};
    mosquitto_lib_init();
    direct->library = mosquitto_new("direct", true, direct);
    if (!direct->library) {
        die("mosquitto_new");
    }
    mosquitto_int_option(direct->library, MOSQ_OPT_TCP_NODELAY, 1); /* as the modem */
    mosquitto_connect_callback_set(direct->library, on_connect);
    mosquitto_publish_callback_set(direct->library, on_publish);
    mosquitto_subscribe_callback_set(direct->library, on_subscribe);
    mosquitto_message_callback_set(direct->library, on_message);
    if (mosquitto_connect(direct->library, "127.0.0.1", port, 60) != 0) {
        die("connect to the broker");
    }
    direct_wait(direct, &direct->connected, 1);
}

void direct_wait(struct direct *direct, const int *counter, int count)
{
    while (*counter < count) {
        bool write = mosquitto_want_write(direct->library);
        struct pollfd entry = {.fd = mosquitto_socket(direct->library),
                               .events = (short)(POLLIN | (write ? POLLOUT : 0))};
        poll(&entry, 1, -1);
        int rc = 0;
        if (entry.revents & ~POLLOUT) {
            rc = mosquitto_loop_read(direct->library, 1);
        }
        if (rc == 0 && (entry.revents & POLLOUT)) {
            rc = mosquitto_loop_write(direct->library, 1);
        }
        if (rc != 0) {
            die(mosquitto_strerror(rc));
        }
    }
}

void direct_publish(struct direct *direct, const char *topic, int qos)
{
    char payload[PAYLOAD];
    memset(payload, 'x', sizeof payload);
    int wanted = direct->acknowledged + 1;
    mosquitto_publish(direct->library, NULL, topic, PAYLOAD, payload, qos, false);
    direct_wait(direct, &direct->acknowledged, wanted);
}

void direct_subscribe(struct direct *direct, const char *topic, int qos)
{
    mosquitto_subscribe(direct->library, NULL, topic, qos);
    direct_wait(direct, &direct->subscribed, 1);
}

void direct_stop(struct direct *direct)
{
    mosquitto_disconnect(direct->library);
    mosquitto_destroy(direct->library);
    mosquitto_lib_cleanup();
}
