#include "cloud/ota_agent.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/mqtt/mqtt.h"

enum { QOS = 1, TIMEOUT_MS = 10000 };

struct ota_agent {
    struct mqtt_guest *guest;
    struct mqtt *mqtt;
    const struct ota_agent_events *events;
    void *ctx;
    struct log *log;
    uint32_t ids;
    char *version;  /* NULL: not armed */
    bool listening; /* on this connection */
    bool reported;  /* the version, with acknowledgement */
    bool waiting;   /* progress is to be reported */
    int step;
    char *desc;
    uint16_t subscribe_id, report_id; /* packet identifiers under way; 0: none */
};

/* ---- saying ---- */

static bool publish(struct ota_agent *agent, enum ota_topic which, char *text, uint16_t *packet_id)
{
    const struct aliyun_device device = agent->events->device(agent->ctx);
    char *topic = ota_topic(which, &device);
    enum mqtt_error error =
        mqtt_guest_publish(agent->guest, topic, text, strlen(text), QOS, TIMEOUT_MS, packet_id);
    free(topic);
    free(text);
    return error == MQTT_OK;
}

static void report(struct ota_agent *agent)
{
    if (!agent->reported && !agent->report_id) {
        publish(agent, OTA_TOPIC_INFORM, ota_inform(++agent->ids, agent->version, NULL),
                &agent->report_id);
    }
}

static void say_progress(struct ota_agent *agent)
{
    uint16_t packet_id = 0;
    if (agent->waiting) {
        agent->waiting =
            !publish(agent, OTA_TOPIC_PROGRESS,
                     ota_progress(++agent->ids, agent->step, agent->desc, NULL), &packet_id);
    }
}

/* First the ear, then the mouth: the answer to a report is an announcement. */
static void listen_and_report(struct ota_agent *agent)
{
    if (!agent->version || mqtt_state(agent->mqtt) != MQTT_ONLINE) {
        return;
    }
    if (agent->listening) {
        report(agent);
    } else if (!agent->subscribe_id) {
        const struct aliyun_device device = agent->events->device(agent->ctx);
        char *filter = ota_topic(OTA_TOPIC_UPGRADE, &device);
        mqtt_guest_subscribe(agent->guest, filter, QOS, TIMEOUT_MS, &agent->subscribe_id);
        free(filter);
    }
}

/* ---- hearing ---- */

static void online(void *ctx, bool again)
{
    struct ota_agent *agent = ctx;
    agent->subscribe_id = agent->report_id = 0;
    agent->listening = agent->listening && again;
    listen_and_report(agent);
    say_progress(agent);
}

static void subscribed(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome, int granted)
{
    struct ota_agent *agent = ctx;
    if (packet_id != agent->subscribe_id) {
        return;
    }
    agent->subscribe_id = 0;
    agent->listening = outcome == MQTT_DONE && granted <= 2;
    if (!agent->listening && outcome != MQTT_LOST) {
        log_warning(agent->log, "ota: the broker does not let us listen for announcements");
    }
    if (outcome == MQTT_DONE) {
        report(agent);
    }
}

static void published(void *ctx, uint16_t packet_id, enum mqtt_outcome outcome)
{
    struct ota_agent *agent = ctx;
    if (packet_id == agent->report_id) {
        agent->report_id = 0;
        agent->reported = outcome == MQTT_DONE;
    }
}

static void message(void *ctx, const struct mqtt_message *message)
{
    struct ota_agent *agent = ctx;
    struct ota_announcement announcement;
    const char *why = NULL;
    enum ota_outcome outcome = ota_read(&announcement, message->bytes, message->len, &why);
    if (outcome == OTA_REFUSED || outcome == OTA_OTHER_WAY) {
        log_warning(agent->log, "ota: an announcement is ignored: %s", why);
    } else if (outcome == OTA_ANNOUNCED && strcmp(announcement.module, OTA_DEFAULT_MODULE) != 0) {
        log_info(agent->log, "ota: an image for another module is ignored");
    } else if (outcome == OTA_ANNOUNCED) {
        agent->events->announced(agent->ctx, &announcement);
    }
}

static const struct mqtt_guest_events guest_events = {
    .online = online,
    .subscribed = subscribed,
    .published = published,
    .message = message,
};

/* ---- life ---- */

struct ota_agent *ota_agent_create(struct mqtt *mqtt, const struct ota_agent_events *events,
                                   void *ctx, struct log *log)
{
    struct ota_agent *agent = mem_zeroed(sizeof *agent);
    agent->mqtt = mqtt;
    agent->events = events;
    agent->ctx = ctx;
    agent->log = log;
    agent->guest = mqtt_guest_create(mqtt, &guest_events, agent);
    if (!agent->guest) {
        free(agent);
        return NULL;
    }
    return agent;
}

void ota_agent_destroy(struct ota_agent *agent)
{
    if (agent) {
        mqtt_guest_destroy(agent->guest);
        free(agent->version);
        free(agent->desc);
        free(agent);
    }
}

void ota_agent_report(struct ota_agent *agent, const char *version)
{
    free(agent->version);
    agent->version = mem_string(version);
    agent->reported = false;
    agent->report_id = 0; /* one under way is about another version */
    listen_and_report(agent);
}

void ota_agent_progress(struct ota_agent *agent, int step, const char *desc)
{
    free(agent->desc);
    agent->desc = mem_string(desc);
    agent->step = step;
    agent->waiting = true;
    if (mqtt_state(agent->mqtt) == MQTT_ONLINE) {
        say_progress(agent);
    }
}
