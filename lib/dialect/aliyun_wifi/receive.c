/* What the broker sends: for OTA, for the thing model, or for the host as it is. */
#include <string.h>

#include "dialect/aliyun_wifi/instance.h"

static void report(struct aw *aw, const struct mqtt_message *message)
{
    struct buf line = {0};
    buf_printf(&line, "+IMQTTRCVPUB:%s,%zu,", message->topic, message->len);
    buf_add(&line, message->bytes, message->len);
    at_urc(aw->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}

/* False: it is the host's. */
static bool take(struct aw *aw, const struct mqtt_message *message)
{
    return aw_ota_message(aw, message) ||
           (aw->session.family == AW_IDM && aw_thing_message(aw, message));
}

/* The host has subscribed to it as well, but the module speaks for it. */
static bool is_own(const struct aw *aw, const struct mqtt_message *message)
{
    struct aliyun_device device;
    struct thing_message thing;
    if (!aw_device(aw, &device)) {
        return false;
    }
    thing_read(&thing, &device, message->topic, message->bytes, message->len);
    bool of_thing = thing.kind != THING_NONE;
    return aw_ota_is_topic(&device, message->topic) || (aw->session.family == AW_IDM && of_thing);
}

void aw_own_message(void *ctx, const struct mqtt_message *message)
{
    if (!take(ctx, message)) {
        report(ctx, message); /* a request that is no service call */
    }
}

/* The cloud sends its own messages unasked; from another broker they come to the guest. */
void aw_message(void *ctx, const struct mqtt_message *message)
{
    struct aw *aw = ctx;
    if (aw->session.platform ? !take(aw, message) : !is_own(aw, message)) {
        report(aw, message);
    }
}
