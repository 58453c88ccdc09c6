/* +IMQTTRCVPUB, +IMQTTRCVPUBIN, +IMQTTPINGRSP: what the broker sends. */
#include <string.h>

#include "base/log.h"
#include "base/utf8.h"
#include "dialect/ica/instance.h"

/* Text is what a line can hold: valid UTF-8 without control characters. */
static bool is_text(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte < 0x20 || byte == 0x7f) {
            return false;
        }
    }
    return utf8_valid(bytes, len);
}

static void word_text(const struct ica_last *last, char colon, struct buf *line)
{
    buf_printf(line, "+IMQTTRCVPUB%c%d,\"%.*s\",%zu,\"", colon, last->number,
               (int)buf_len(&last->topic), buf_bytes(&last->topic), buf_len(&last->message));
    buf_add(line, buf_bytes(&last->message), buf_len(&last->message));
    buf_add_byte(line, '"');
}

static void word_binary(const struct ica_last *last, char colon, struct buf *line)
{
    buf_printf(line, "+IMQTTRCVPUBIN%c%d,\"%.*s\",%zu", colon, last->number,
               (int)buf_len(&last->topic), buf_bytes(&last->topic), buf_len(&last->message));
}

void ica_mqtt_message(void *ctx, const struct mqtt_message *message)
{
    struct ica *ica = ctx;
    if (message->len > AT_URCS_MAX) { /* no queue would take its report */
        log_warning(ica->env.log, "a message of %zu bytes on %s is not reported", message->len,
                    message->topic);
        return;
    }
    bool text = ica->settings->rcv_format == ICA_RCV_TEXT || is_text(message->bytes, message->len);
    struct ica_last *last = text ? &ica->received : &ica->received_binary;
    ica_remember(last, message->packet_id, message->topic, strlen(message->topic), message->bytes,
                 message->len);
    struct buf line = {0};
    if (text) {
        word_text(last, ica_colon(ica), &line);
        ica_urc_ok(ica, buf_bytes(&line), buf_len(&line));
    } else {
        word_binary(last, ica_colon(ica), &line);
        at_urc(ica->env.at, &(struct at_urc){.line = buf_bytes(&line),
                                             .len = buf_len(&line),
                                             .ok = true,
                                             .raw = message->bytes,
                                             .raw_len = message->len});
    }
    buf_free(&line);
}

void ica_mqtt_pingresp(void *ctx)
{
    struct ica *ica = ctx;
    static const char line[] = "+IMQTTPINGRSP";
    if (ica->report_pings) {
        ica_urc_ok(ica, line, sizeof line - 1);
    }
}

/* Reading does not consume. */
at_result ica_mqtt_rcvpub_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    if (ica->received.any) {
        struct buf line = {0};
        word_text(&ica->received, ica_colon(ica), &line);
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        buf_free(&line);
    }
    return AT_OK;
}

at_result ica_mqtt_rcvpubin_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    const struct ica_last *last = &ica->received_binary;
    if (last->any) {
        struct buf line = {0};
        word_binary(last, ica_colon(ica), &line);
        at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
        at_after_ok(call->at, call->ticket, buf_bytes(&last->message), buf_len(&last->message));
        buf_free(&line);
    }
    return AT_OK;
}
