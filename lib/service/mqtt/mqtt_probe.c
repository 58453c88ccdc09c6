/* A probe is a dial that ends at the CONNACK. */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/mqtt/mqtt_dial.h"
#include "service/mqtt/mqtt_options.h"

struct mqtt_probe {
    struct log *log;
    struct mqtt_options *options;
    struct mqtt_dial *dial;
    mqtt_probe_done done;
    void *ctx;
};

void mqtt_probe_cancel(struct mqtt_probe *probe)
{
    if (probe) {
        mqtt_dial_destroy(probe->dial);
        mqtt_options_free(probe->options);
        free(probe);
    }
}

static void on_event(void *ctx, const struct mqtt_event *event)
{
    struct mqtt_probe *probe = ctx;
    mqtt_probe_done done = probe->done;
    void *done_ctx = probe->ctx;
    if (event->kind == MQTT_EVENT_UP) {
        log_write(probe->log, LEVEL_STATE, "mqtt: probe of %s:%d: accepted", probe->options->host,
                  probe->options->port);
        mqtt_probe_cancel(probe);
        done(done_ctx, true, MQTT_FAILED_CONNECT, 0);
    } else if (event->kind == MQTT_EVENT_DOWN) {
        enum mqtt_failure failure = event->failure;
        int connack = event->connack;
        log_warning(probe->log, "mqtt: probe of %s:%d: %s", probe->options->host,
                    probe->options->port, event->why);
        mqtt_probe_cancel(probe);
        done(done_ctx, false, failure, connack);
    }
}

struct mqtt_probe *mqtt_probe_start(const struct service_env *env,
                                    const struct mqtt_options *options, mqtt_probe_done done,
                                    void *ctx)
{
    struct mqtt_probe *probe = mem_zeroed(sizeof *probe);
    probe->log = env->log;
    probe->options = mqtt_options_copy(options);
    probe->options->clean_session = false;
    probe->done = done;
    probe->ctx = ctx;
    probe->dial = mqtt_dial_create(env, true, on_event, probe);
    mqtt_dial_start(probe->dial, probe->options);
    return probe;
}
