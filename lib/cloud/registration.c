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
    /* As given; texts are copies. */
    enum aliyun_register_kind kind;
    char *product_key, *device_name, *product_secret, *instance, *host;
    struct mqtt_options options; /* without the login */
    bool subscribe, exact;
    bool again; /* one more try, with the other securemode, is left */
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
        mqtt_subscribe(registration->mqtt, topics[i], 1, REQUEST_MS, &packet_id);
    }
}

static bool begin(struct registration *registration, int securemode);

static void failed(void *ctx, enum mqtt_failure failure, int connack)
{
    struct registration *registration = ctx;
    char why[80];
    if (registration->again && (connack == 2 || connack == 4)) {
        registration->again = false;
        if (begin(registration, -2)) {
            return;
        }
    }
    snprintf(why, sizeof why, "%s%s", mqtt_failure_text(failure),
             connack == 4 || connack == 5 ? ", product secret or device are not known" : "");
    fail(ctx, why);
}

static void lost(void *ctx)
{
    fail(ctx, "the connection went before an answer came");
}

/* Whether it is the answer to what was asked. */
static bool fits(const struct registration *registration,
                 const struct aliyun_registered *registered)
{
    const char *wanted = registration->kind == ALIYUN_REGISTER ? registered->device_secret
                                                               : registered->device_token;
    const char *key = registered->product_key;
    const char *name = registered->device_name;
    return *wanted && (!*key || strcmp(key, registration->product_key) == 0) &&
           (!*name || strcmp(name, registration->device_name) == 0);
}

static void message(void *ctx, const struct mqtt_message *message)
{
    struct registration *registration = ctx;
    struct aliyun_registered registered = {0};
    const char *why = NULL;
    if (strcmp(message->topic, ALIYUN_REGISTER_TOPIC) != 0 &&
        strcmp(message->topic, ALIYUN_REGISTER_NWL_TOPIC) != 0) {
        return;
    }
    if (!aliyun_register_read(&registered, message->bytes, message->len, &why)) {
        fail(registration, why);
    } else if (registration->exact && !fits(registration, &registered)) {
        log_warning(registration->env->log, "cloud: an answer to another registration");
    } else {
        end(registration, &registered);
    }
    mem_wipe(&registered, sizeof registered);
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

static bool begin(struct registration *registration, int securemode)
{
    uint32_t number = 0;
    char random[16];
    struct aliyun_mqtt_login login;
    const struct aliyun_device device = {registration->product_key, registration->device_name, ""};
    RAND_bytes((unsigned char *)&number, sizeof number);
    snprintf(random, sizeof random, "%u", number);
    if (!aliyun_register_login(registration->kind, &device, registration->product_secret, random,
                               registration->instance, securemode, &login)) {
        log_error(registration->env->log, "the TLS library has no HMAC-SHA256");
        return false;
    }
    struct mqtt_options options = registration->options;
    options.client_id = login.client_id;
    options.username = login.username;
    options.password = login.password;
    mqtt_connect(registration->mqtt, &options);
    aliyun_mqtt_login_free(&login);
    return true;
}

struct registration *registration_start(const struct service_env *env,
                                        const struct registration_options *options,
                                        registration_done done, void *ctx)
{
    struct registration *registration = mem_zeroed(sizeof *registration);
    registration->env = env;
    registration->kind = options->kind;
    registration->product_key = mem_string(options->device.product_key);
    registration->device_name = mem_string(options->device.device_name);
    registration->product_secret = mem_string(options->product_secret);
    registration->instance = mem_string(options->instance);
    registration->host = mem_string(options->host);
    registration->subscribe = options->subscribe;
    registration->exact = options->exact;
    registration->again = options->both_securemodes && options->kind == ALIYUN_REGISTER_NWL;
    registration->done = done;
    registration->ctx = ctx;
    registration->options = (struct mqtt_options){
        .host = registration->host,
        .port = options->port,
        .secure = options->secure,
        .tls = options->tls, /* of the settings, which stay */
        .version = MQTT_3_1_1,
        .clean_session = true,
        .keepalive_s = KEEPALIVE_S,
        .connect_timeout_ms = options->timeout_ms,
        .backoff_min_ms = options->timeout_ms,
        .backoff_max_ms = options->timeout_ms,
    };
    registration->mqtt = mqtt_create(env, &events, registration);
    ev_timer_init(&registration->limit, time_is_up, options->timeout_ms / 1000., 0.);
    registration->limit.data = registration;
    ev_timer_start(env->loop, &registration->limit);
    if (!begin(registration, 2)) {
        registration_cancel(registration);
        return NULL;
    }
    return registration;
}

void registration_cancel(struct registration *registration)
{
    if (registration) {
        ev_timer_stop(registration->env->loop, &registration->limit);
        mqtt_destroy(registration->mqtt);
        mem_wipe(registration->product_secret, strlen(registration->product_secret));
        free(registration->product_key);
        free(registration->device_name);
        free(registration->product_secret);
        free(registration->instance);
        free(registration->host);
        free(registration);
    }
}
