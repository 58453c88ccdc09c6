/* MQTTPUB, and the messages that come. */
#include "dialect/uc8088/instance.h"

enum { PIECE_MAX = 200 };

at_result uc_mqttpub_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    const struct at_value *message = &call->params[3];
    bool written = false;
    if (!uc_mqtt_is_up(uc)) {
        return CME_NOT_ALLOWED;
    }
    enum mqtt_error error =
        mqtt_publish(uc->mqtt.service, call->params[0].text, message->text, message->len,
                     (int)call->params[1].number, call->params[2].number == 1, UC_MQTT_WAIT_MS,
                     &uc->mqtt.packet_id, &written);
    if (error != MQTT_OK) {
        return uc_mqtt_refusal(error);
    }
    if (written) {
        return AT_OK;
    }
    uc->mqtt.request = UC_PUBLISHING;
    uc->waiting = call->ticket;
    return AT_PENDING;
}

void uc_published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct uc *uc = ctx;
    if (uc_mqtt_awaited(uc, UC_PUBLISHING, packet_id)) {
        at_finish(uc->env.at, uc->waiting, uc_mqtt_outcome(outcome));
    }
}

static void report(const struct uc *uc, const char *topic, const char *bytes, size_t len)
{
    struct buf line = {0};
    buf_printf(&line, "+MQTTSUB:\"%s\",%zu,\"", topic, len);
    buf_add(&line, bytes, len);
    buf_add_byte(&line, '"');
    at_urc(uc->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}

/* A long one comes in pieces, each with its own length. */
void uc_message(void *ctx, const struct mqtt_message *message)
{
    const struct uc *uc = ctx;
    size_t sent = 0;
    do {
        size_t left = message->len - sent;
        size_t piece = left < PIECE_MAX ? left : PIECE_MAX;
        report(uc, message->topic, message->bytes + sent, piece);
        sent += piece;
    } while (sent < message->len);
}
