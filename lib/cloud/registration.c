#include "cloud/registration.h"

#include <ev.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"

enum { KEEPALIVE_S = 60, REQUEST_MS = 5000 };

struct registration {
    const struct service_env *env;
    struct mqtt *mqtt;
    bool subscribe;
    ev_timer limit;
    registration_done done;
    void *ctx;
};

static void end(struct registration *registration, const struct aliyun_registered *registered)
{
    registration_done done = registration->done;
    void *ctx = registration->ctx;
    registration_cancel(registration);
    done(ctx, registered);
}

static void fail(struct registration *registration, const char *why)
{
    log_warning(registration->env->log, "cloud: the registration failed: %s", why);
    end(registration, NULL);
}

static void connected(void *ctx, bool session_present, bool again)
{
    struct registration *registration = ctx;
    static const char *const topics[] = {ALIYUN_REGISTER_TOPIC, ALIYUN_REGISTER_NWL_TOPIC};
    (void)session_present;
    (void)again;
    for (size_t i = 0; registration->subscribe && i < 2; i++) {
        uint16_t packet_id = 0;
        mqtt_subscribe(registration->mqtt, topics[i], 0, REQUEST_MS, &packet_id);
    }
}

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    char why[80];
    snprintf(why, sizeof why, "%s%s", mqtt_failure_text(failure),
             connack == 4 || connack == 5 ? ", product secret or device are not known" : "");
    fail(ctx, why);
}

static void lost(void *ctx)
{
    fail(ctx, "the connection went before an answer came");
}

static void message(void *ctx, const struct mqtt_message *message)
{
    struct registration *registration = ctx;
    struct aliyun_registered registered;
    const char *why = NULL;
    if (strcmp(message->topic, ALIYUN_REGISTER_TOPIC) != 0 &&
        strcmp(message->topic, ALIYUN_REGISTER_NWL_TOPIC) != 0) {
        return;
    }
    if (aliyun_register_read(&registered, message->bytes, message->len, &why)) {
        end(registration, &registered);
        mem_wipe(&registered, sizeof registered);
    } else {
        fail(registration, why);
    }
}

static const struct mqtt_events events = {
    .connected = connected,
    .failed = failed,
    .lost = lost,
    .message = message,
};

static void time_is_up(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    fail(timer->data, "no answer in time");
}

struct registration *registration_start(const struct service_env *env,
                                        const struct registration_options *options,
                                        registration_done done, void *ctx)
{
    uint32_t number = 0;
    char random[16];
    struct aliyun_mqtt_login login;
    RAND_bytes((unsigned char *)&number, sizeof number);
    snprintf(random, sizeof random, "%u", number);
    if (!aliyun_register_login(options->kind, &options->device, options->product_secret, random,
                               options->instance, &login)) {
        log_error(env->log, "the TLS library has no HMAC-SHA256");
        return NULL;
    }
    struct registration *registration = mem_zeroed(sizeof *registration);
    registration->env = env;
    registration->subscribe = options->subscribe;
    registration->done = done;
    registration->ctx = ctx;
    registration->mqtt = mqtt_create(env, &events, registration);
    mqtt_connect(registration->mqtt, &(struct mqtt_options){
                                         .host = options->host,
                                         .port = options->port,
                                         .secure = options->secure,
                                         .tls = options->tls,
                                         .version = MQTT_3_1_1,
                                         .client_id = login.client_id,
                                         .username = login.username,
                                         .password = login.password,
                                         .clean_session = true,
                                         .keepalive_s = KEEPALIVE_S,
                                         .connect_timeout_ms = options->timeout_ms,
                                         .backoff_min_ms = options->timeout_ms,
                                         .backoff_max_ms = options->timeout_ms,
                                     });
    aliyun_mqtt_login_free(&login);
    ev_timer_init(&registration->limit, time_is_up, options->timeout_ms / 1000., 0.);
    registration->limit.data = registration;
    ev_timer_start(env->loop, &registration->limit);
    return registration;
}

void registration_cancel(struct registration *registration)
{
    if (registration) {
        ev_timer_stop(registration->env->loop, &registration->limit);
        mqtt_destroy(registration->mqtt);
        free(registration);
    }
}
