/* +IMQTTRCVPUB, +IMQTTRCVPUBIN, +IMQTTPINGRSP: what the broker sends. */
#include "dialect/ica/instance.h"

/* Raw by the length, as every host takes it. */
static const struct ica_report report = {"+IMQTTRCVPUB", "+IMQTTRCVPUBIN", false};

void ica_mqtt_message(void *ctx, const struct mqtt_message *message)
{
    struct ica *ica = ctx;
    ica_receive(ica, &report, &ica->mqtt.received, &ica->mqtt.received_binary, message->topic,
                message->bytes, message->len, "%u", message->packet_id);
}

void ica_mqtt_pingresp(void *ctx)
{
    struct ica *ica = ctx;
    static const char line[] = "+IMQTTPINGRSP";
    if (ica->mqtt.report_pings) {
        ica_urc_ok(ica, line, sizeof line - 1);
    }
}

at_result ica_mqtt_rcvpub_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_text(ica, call, &report, &ica->mqtt.received);
}

at_result ica_mqtt_rcvpubin_read(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    return ica_received_binary(ica, call, &report, &ica->mqtt.received_binary);
}
