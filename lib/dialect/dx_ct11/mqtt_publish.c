/* QMTPUB, QMTPUBEX, and the messages that come. */
#include "dialect/dx_ct11/instance.h"

enum { TIMEOUT_MS = 10000 };

/* What ends the command: at once, or with the acknowledgement. */
static at_result publish(struct dx *dx, const struct at_call *call, const char *bytes, size_t len)
{
    bool written = false;
    enum mqtt_error error = mqtt_publish(dx->mqtt.service, call->params[0].text, bytes, len,
                                         (int)call->params[1].number, call->params[2].number == 1,
                                         TIMEOUT_MS, &dx->mqtt.packet_id, &written);
    if (error != MQTT_OK) {
        return error == MQTT_INVALID ? DX_VALUE : DX_STATE;
    }
    if (written) {
        return AT_OK;
    }
    dx->mqtt.request = DX_PUBLISHING;
    dx->waiting = call->ticket;
    return AT_PENDING;
}

void dx_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct dx *dx = ctx;
    if (dx->mqtt.request == DX_PUBLISHING && dx->mqtt.packet_id == packet_id) {
        dx->mqtt.request = DX_NO_REQUEST;
        at_finish(dx->env.at, dx->waiting, outcome == MQTT_DONE ? AT_OK : DX_STATE);
    }
}

at_result dx_qmtpub_set(void *ctx, struct at_call *call)
{
    return publish(ctx, call, call->params[3].text, call->params[3].len);
}

/* ---- QMTPUBEX ---- */

at_result dx_qmtpubex_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    if (mqtt_state(dx->mqtt.service) != MQTT_ONLINE) {
        return DX_STATE;
    }
    if (dx_simple(dx) == DX_SIMPLE_MQTT && kept_number(&dx->kept, DX_STATA) == 2) {
        return dx_flow_open(dx, call);
    }
    dx->mqtt.collecting = call->ticket;
    at_open_data(call, AT_END_COUNT, (size_t)call->params[3].number, AT_PROMPT_CHEVRON);
    return AT_DATA;
}

at_result dx_qmtpubex_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    return publish(ctx, call, bytes, len);
}

void dx_message(void *ctx, const struct mqtt_message *message)
{
    struct dx *dx = ctx;
    if (dx_flow_message(dx, message)) {
        return;
    }
    struct buf line = {0};
    buf_printf(&line, "+QMTRECV:\"%s\",%zu,\"", message->topic, message->len);
    buf_add(&line, message->bytes, message->len);
    buf_add_byte(&line, '"');
    at_urc(dx->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}
