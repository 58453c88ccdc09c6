/* QMTPUBEX in simple mode 2,2: the line is the session's, every burst is a message, until `+++`. */
#include <stdlib.h>

#include "at/stream.h"
#include "base/log.h"
#include "base/mem.h"
#include "dialect/dx_ct11/instance.h"

enum { TIMEOUT_MS = 10000 };
enum { BURST_MS = 20, BURST_MAX = 2048 };

static void send_burst(struct dx *dx)
{
    struct dx_flow *flow = &dx->mqtt.flow;
    uint16_t packet_id;
    bool written;
    enum mqtt_error error =
        mqtt_publish(dx->mqtt.service, flow->topic, buf_bytes(&flow->burst), buf_len(&flow->burst),
                     flow->qos, flow->retain, TIMEOUT_MS, &packet_id, &written);
    if (error != MQTT_OK) {
        log_warning(dx->env.log, "mqtt: a burst of %zu bytes is lost: %s", buf_len(&flow->burst),
                    mqtt_error_text(error));
    }
    buf_clear(&flow->burst);
}

static size_t flow_input(void *ctx, const char *bytes, size_t len)
{
    struct dx *dx = ctx;
    struct buf *burst = &dx->mqtt.flow.burst;
    for (size_t taken = 0; taken < len;) {
        size_t room = BURST_MAX - buf_len(burst);
        size_t now = len - taken < room ? len - taken : room;
        buf_add(burst, bytes + taken, now);
        taken += now;
        if (buf_len(burst) == BURST_MAX) {
            send_burst(dx);
        }
    }
    return len;
}

static void flow_silent(void *ctx)
{
    struct dx *dx = ctx;
    if (buf_len(&dx->mqtt.flow.burst)) {
        send_burst(dx);
    }
}

/* What the host did not read in time. */
static void flow_writable(void *ctx)
{
    struct dx *dx = ctx;
    struct buf *waiting = &dx->mqtt.flow.received;
    buf_take(waiting, at_stream_write(dx->env.at, buf_bytes(waiting), buf_len(waiting)));
}

static void flow_left(void *ctx, enum at_stream_left how)
{
    struct dx *dx = ctx;
    if (how == AT_LEFT_RESET) {
        dx_flow_free(dx);
    }
}

static const struct at_stream_events flow_events = {
    .input = flow_input, .silent = flow_silent, .writable = flow_writable, .left = flow_left};

at_result dx_flow_open(struct dx *dx, const struct at_call *call)
{
    struct dx_flow *flow = &dx->mqtt.flow;
    dx_flow_end(dx); /* one that is suspended: this takes its place */
    if (at_stream_state(call->at) != AT_STREAM_NONE) {
        return DX_STATE;
    }
    flow->topic = mem_string(call->params[0].text);
    flow->qos = (int)call->params[1].number;
    flow->retain = call->params[2].number == 1;
    at_open_stream(call->at, call->ticket,
                   &(struct at_stream){
                       .events = &flow_events,
                       .ctx = dx,
                       .guard_ms = (unsigned)dx->settings->escape_guard_ms,
                       .burst_ms = BURST_MS,
                       .prompt = true,
                   },
                   NULL, -1);
    return AT_STREAM;
}

void dx_flow_end(struct dx *dx)
{
    if (dx->mqtt.flow.topic) {
        at_close_stream(dx->env.at, NULL, -1);
        dx_flow_free(dx);
    }
}

void dx_flow_free(struct dx *dx)
{
    struct dx_flow *flow = &dx->mqtt.flow;
    free(flow->topic);
    buf_free(&flow->burst);
    buf_free(&flow->received);
    *flow = (struct dx_flow){0};
}

/* In that data mode payloads go out as they are; what too slow a host cannot take is lost. */
bool dx_flow_message(struct dx *dx, const struct mqtt_message *message)
{
    enum { WAITING_MAX = 64 * 1024 };
    struct buf *waiting = &dx->mqtt.flow.received;
    if (!dx->mqtt.flow.topic || at_stream_state(dx->env.at) != AT_STREAM_OPEN) {
        return false;
    }
    size_t taken = 0;
    if (buf_len(waiting) == 0) {
        taken = at_stream_write(dx->env.at, message->bytes, message->len);
    }
    if (message->len - taken > WAITING_MAX - buf_len(waiting)) {
        log_warning(dx->env.log, "mqtt: the host does not read: a message is cut");
    } else {
        buf_add(waiting, message->bytes + taken, message->len - taken);
    }
    return true;
}
