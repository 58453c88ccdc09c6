/* What the module says to the cloud about firmware, and what it hears: over MQTT, or over CoAP
 * where the device has only that. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/ica/instance.h"
#include "service/env.h"

/* ---- over MQTT ---- */

static struct aliyun_device device(void *ctx)
{
    const struct ica *ica = ctx;
    return ica_device(&ica->mqtt.session);
}

static void announced(void *ctx, const struct ota_announcement *announcement)
{
    ica_ota_begin(ctx, announcement);
}

static const struct ota_agent_events agent_events = {device, announced};

static bool has_mqtt(const struct ica *ica)
{
    return mqtt_state(ica->mqtt.service) == MQTT_ONLINE;
}

static struct ota_agent *agent(struct ica *ica)
{
    if (!ica->ota.agent) {
        ica->ota.agent = ota_agent_create(ica->mqtt.service, &agent_events, ica, ica->env.log);
    }
    return ica->ota.agent;
}

/* ---- over CoAP ---- */

static bool has_only_coap(const struct ica *ica)
{
    return !has_mqtt(ica) && ica->coap.cloud && ica->coap.auth.passed;
}

static void said(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    const struct ica *ica = ctx;
    (void)token;
    if (response->outcome != COAP_CLIENT_RESPONSE || response->code / 100 != 2) {
        log_warning(ica->env.log, "ota: the cloud has not taken a message: %s (%d.%02d)",
                    response->why, response->code / 100, response->code % 100);
    }
}

static void asked(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    struct ica *ica = ctx;
    struct ota_announcement announcement;
    const char *why = NULL;
    if (response->outcome != COAP_CLIENT_RESPONSE || response->code / 100 != 2) {
        said(ctx, token, response);
        return;
    }
    switch (ota_read(&announcement, response->bytes, response->len, &why)) {
    case OTA_ANNOUNCED:
        if (strcmp(announcement.module, OTA_DEFAULT_MODULE) == 0) {
            ica_ota_begin(ica, &announcement);
        }
        break;
    case OTA_OTHER_WAY:
    case OTA_REFUSED:
        log_warning(ica->env.log, "ota: an announcement is ignored: %s", why);
        break;
    case OTA_NOTHING:
        break;
    }
}

static void say(struct ica *ica, enum ota_topic which, char *text, coap_client_done done)
{
    const struct aliyun_device sender = ica_device(&ica->coap.device);
    char *topic = ota_topic(which, &sender);
    uint16_t token =
        coap_access_send(ica->coap.cloud,
                         &(struct coap_client_request){
                             .method = COAP_CLIENT_POST,
                             .confirmable = true,
                             .path = topic,
                             .bytes = text,
                             .len = strlen(text),
                             .timeout_ms = (unsigned)kept_number(&ica->kept, ICA_COAP_TIMEOUT),
                         },
                         done, ica);
    if (!token) {
        log_warning(ica->env.log, "ota: too many CoAP requests are under way");
    }
    free(topic);
    free(text);
}

static void arm_query(struct ica *ica)
{
    struct ev_loop *loop = ica->env.services->loop;
    ev_timer_stop(loop, &ica->ota.query);
    ev_timer_set(&ica->ota.query, (double)kept_number(&ica->kept, ICA_OTA_DURATION), 0.);
    ev_timer_start(loop, &ica->ota.query);
}

/* An update that is under way is not asked for again: its download would begin anew. */
static void query(struct ica *ica)
{
    struct ica_ota *ota = &ica->ota;
    if (!ota->pending) {
        say(ica, OTA_TOPIC_REQUEST, ota_request(++ota->ids, ota->version), asked);
    }
    arm_query(ica);
}

void ica_ota_query_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct ica *ica = timer->data;
    if (has_only_coap(ica)) {
        query(ica);
    } else { /* MQTT may be gone the next time */
        arm_query(ica);
    }
}

void ica_ota_over_coap(struct ica *ica)
{
    struct ica_ota *ota = &ica->ota;
    if (ota->version && has_only_coap(ica)) {
        say(ica, OTA_TOPIC_INFORM, ota_inform(++ota->ids, ota->version, NULL), said);
        query(ica);
    }
}

/* ---- either way ---- */

at_result ica_ota_report(struct ica *ica, const char *version)
{
    if (!agent(ica)) {
        return ICA_UNKNOWN;
    }
    free(ica->ota.version);
    ica->ota.version = mem_string(version);
    ota_agent_report(ica->ota.agent, version);
    ica_ota_over_coap(ica);
    return AT_OK;
}

void ica_ota_progress(struct ica *ica, int step, const char *desc)
{
    if (has_only_coap(ica)) {
        say(ica, OTA_TOPIC_PROGRESS, ota_progress(++ica->ota.ids, step, desc, NULL), said);
    } else if (agent(ica)) {
        ota_agent_progress(ica->ota.agent, step, desc);
    }
}
