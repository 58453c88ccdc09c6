#include "cloud/coap_access.h"

#include <ev.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"

enum {
    TIME_MIN_MS = 1,                            /* the least that is worth waiting for */
    PENDING_MAX = COAP_CLIENT_REQUESTS_MAX - 1, /* leaves room for POST /auth */
};

/* A request of the owner's, from its first datagram to its outcome. */
struct pending {
    struct pending *next;
    struct coap_access *access;
    uint16_t token; /* as the owner knows it */
    struct coap_client_request request;
    char *path;
    char *bytes;
    coap_client_done done;
    void *ctx;
    int64_t deadline; /* clock_ms() */
    bool repeated;
    bool waiting; /* for the session */
};

struct coap_access {
    const struct service_env *env;
    struct coap_client *client;
    enum aliyun_coap_mode mode;
    char *product_key, *device_name, *device_secret;
    struct aliyun_coap_session session;
    bool open;           /* there is a session */
    bool authenticating; /* POST /auth is under way */
    struct pending *pending;
    ev_timer timer;                 /* of the requests that wait for the session */
    coap_access_authenticated done; /* of coap_access_auth(), or NULL */
    void *ctx;
    bool emitting;  /* more is to be done after a callback */
    bool destroyed; /* by the callee of that: only this memory is left */
};

/* ---- life ---- */

static void time_is_up(struct ev_loop *loop, ev_timer *timer, int events);

struct coap_access *coap_access_create(const struct service_env *env,
                                       const struct coap_client_options *server,
                                       enum aliyun_coap_mode mode,
                                       const struct aliyun_device *device)
{
    struct coap_access *access = mem_zeroed(sizeof *access);
    access->env = env;
    ev_init(&access->timer, time_is_up);
    access->timer.data = access;
    access->client = coap_client_create(env, server);
    access->mode = mode;
    access->product_key = mem_string(device->product_key);
    access->device_name = mem_string(device->device_name);
    access->device_secret = mem_string(device->device_secret);
    return access;
}

static void free_pending(struct pending *pending)
{
    free(pending->path);
    free(pending->bytes);
    free(pending);
}

void coap_access_destroy(struct coap_access *access)
{
    if (!access) {
        return;
    }
    ev_timer_stop(access->env->loop, &access->timer);
    coap_client_destroy(access->client);
    while (access->pending) {
        struct pending *next = access->pending->next;
        free_pending(access->pending);
        access->pending = next;
    }
    aliyun_coap_session_wipe(&access->session);
    mem_wipe(access->device_secret, strlen(access->device_secret));
    free(access->product_key);
    free(access->device_name);
    free(access->device_secret);
    access->destroyed = true;
    if (!access->emitting) {
        free(access);
    }
}

size_t coap_access_outstanding(const struct coap_access *access)
{
    size_t count = 0;
    for (const struct pending *pending = access->pending; pending; pending = pending->next) {
        count++;
    }
    return count;
}

/* ---- outcomes ---- */

static void unlink_pending(struct pending *pending)
{
    struct pending **link = &pending->access->pending;
    while (*link != pending) {
        link = &(*link)->next;
    }
    *link = pending->next;
}

/* The last thing that is done with it: the callee may destroy the access. */
static void conclude(struct pending *pending, const struct coap_client_response *response)
{
    coap_client_done done = pending->done;
    void *ctx = pending->ctx;
    uint16_t token = pending->token;
    unlink_pending(pending);
    free_pending(pending);
    done(ctx, token, response);
}

static void fail(struct pending *pending, enum coap_client_outcome outcome, const char *why)
{
    log_write(pending->access->env->log, LEVEL_REQUEST, "coap: request %u: %s", pending->token,
              why);
    conclude(pending, &(struct coap_client_response){.outcome = outcome, .bytes = "", .why = why});
}

/* ---- sending ---- */

static void answered(void *ctx, uint16_t token, const struct coap_client_response *response);
static void begin_auth(struct coap_access *access, unsigned timeout_ms);

static unsigned time_left(int64_t deadline)
{
    int64_t left = deadline - clock_ms();
    return left > TIME_MIN_MS ? (unsigned)left : TIME_MIN_MS;
}

/* 0: it could not be sent. */
static uint16_t send_now(struct pending *pending)
{
    struct coap_access *access = pending->access;
    struct buf payload = {0};
    struct buf seq = {0};
    uint16_t token = 0;
    if (aliyun_coap_seal(&access->session, pending->bytes, pending->request.len, &payload, &seq)) {
        const struct coap_client_option options[] = {
            {ALIYUN_COAP_OPTION_TOKEN, access->session.token, strlen(access->session.token)},
            {ALIYUN_COAP_OPTION_SEQ, buf_bytes(&seq), buf_len(&seq)},
        };
        struct coap_client_request request = pending->request;
        request.path = pending->path;
        request.bytes = buf_bytes(&payload);
        request.len = buf_len(&payload);
        request.content_format = ALIYUN_COAP_FORMAT;
        request.accept = ALIYUN_COAP_FORMAT;
        request.options = options;
        request.option_count = buf_len(&seq) ? 2 : 1;
        request.timeout_ms = time_left(pending->deadline);
        token = coap_client_send(access->client, &request, answered, pending);
    }
    buf_free(&payload);
    buf_free(&seq);
    return token;
}

static void await_session(struct pending *pending)
{
    struct coap_access *access = pending->access;
    unsigned left = time_left(pending->deadline);
    pending->waiting = true;
    if (!ev_is_active(&access->timer) ||
        ev_timer_remaining(access->env->loop, &access->timer) > left / 1000.) {
        ev_timer_stop(access->env->loop, &access->timer);
        ev_timer_set(&access->timer, left / 1000., 0.);
        ev_timer_start(access->env->loop, &access->timer);
    }
    if (!access->authenticating) {
        begin_auth(access, left);
    }
}

static bool wants_session(const struct coap_client_response *response)
{
    return response->outcome == COAP_CLIENT_RESPONSE &&
           (response->code == 401 || response->code == 402);
}

static void answered(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    struct pending *pending = ctx;
    struct coap_access *access = pending->access;
    (void)token;
    if (wants_session(response) && !pending->repeated) {
        pending->repeated = true;
        await_session(pending);
        return;
    }
    struct buf plain = {0};
    struct coap_client_response told = *response;
    bool good = response->outcome == COAP_CLIENT_RESPONSE && response->code < 300;
    if (aliyun_coap_unseal(&access->session, response->bytes, response->len, &plain)) {
        told.bytes = buf_text(&plain);
        told.len = buf_len(&plain);
    } else if (good) {
        told = (struct coap_client_response){.outcome = COAP_CLIENT_BROKEN,
                                             .bytes = "",
                                             .why = "the answer is not encrypted with our key"};
    } /* a refusal may be in clear */
    conclude(pending, &told);
    buf_free(&plain);
}

uint16_t coap_access_send(struct coap_access *access, const struct coap_client_request *request,
                          coap_client_done done, void *ctx)
{
    if (coap_access_outstanding(access) >= PENDING_MAX) {
        return 0;
    }
    struct pending *pending = mem_zeroed(sizeof *pending);
    pending->access = access;
    pending->request = *request;
    pending->path = mem_printf("/topic%s", request->path);
    pending->bytes = mem_copy(request->bytes, request->len);
    pending->done = done;
    pending->ctx = ctx;
    pending->deadline = clock_ms() + request->timeout_ms;
    pending->next = access->pending;
    access->pending = pending;
    if (!access->open) {
        await_session(pending);
        RAND_bytes((unsigned char *)&pending->token, sizeof pending->token);
        pending->token |= pending->token ? 0 : 1;
    } else {
        pending->token = send_now(pending);
    }
    uint16_t token = pending->token;
    if (!token) {
        unlink_pending(pending);
        free_pending(pending);
    }
    return token;
}

/* ---- the session ---- */

/* One that waits and whose deadline is not after latest. */
static struct pending *next_waiting(struct coap_access *access, int64_t latest)
{
    for (struct pending *pending = access->pending; pending; pending = pending->next) {
        if (pending->waiting && pending->deadline <= latest) {
            return pending;
        }
    }
    return NULL;
}

/* After callbacks behind which there was more to do. False: a callee has destroyed the object. */
static bool emitted(struct coap_access *access)
{
    access->emitting = false;
    if (access->destroyed) {
        free(access);
        return false;
    }
    return true;
}

static void authenticated(struct coap_access *access, bool accepted)
{
    coap_access_authenticated done = access->done;
    access->done = NULL;
    access->emitting = true;
    if (done) {
        done(access->ctx, accepted);
    }
    struct pending *pending;
    while (!access->destroyed && (pending = next_waiting(access, INT64_MAX))) {
        pending->waiting = false;
        if (!accepted) {
            fail(pending, COAP_CLIENT_INSECURE, "the cloud does not accept the device");
        } else if (!send_now(pending)) {
            fail(pending, COAP_CLIENT_BROKEN, "too many requests are under way");
        }
    }
    emitted(access);
}

static void time_is_up(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct coap_access *access = timer->data;
    access->emitting = true;
    struct pending *pending;
    while (!access->destroyed && (pending = next_waiting(access, clock_ms() + TIME_MIN_MS))) {
        fail(pending, COAP_CLIENT_TIMEOUT, "the cloud has not accepted the device in time");
    }
    if (!emitted(access)) {
        return;
    }
    for (pending = access->pending; pending; pending = pending->next) {
        if (pending->waiting) {
            await_session(pending);
        }
    }
}

static void auth_answered(void *ctx, uint16_t token, const struct coap_client_response *response)
{
    struct coap_access *access = ctx;
    (void)token;
    const char *why = response->why;
    access->authenticating = false;
    if (response->outcome == COAP_CLIENT_RESPONSE) {
        why = "refused";
        access->open =
            response->code < 300 &&
            aliyun_coap_session_open(&access->session, access->mode, access->device_secret,
                                     response->bytes, response->len, &why);
    }
    if (access->open) {
        log_write(access->env->log, LEVEL_STATE, "coap: the cloud has accepted %s",
                  access->device_name);
    } else {
        log_warning(access->env->log, "coap: the cloud has not accepted %s: %s (%d.%02d)",
                    access->device_name, why, response->code / 100, response->code % 100);
    }
    authenticated(access, access->open);
}

static void begin_auth(struct coap_access *access, unsigned timeout_ms)
{
    const struct aliyun_device device = {access->product_key, access->device_name,
                                         access->device_secret};
    unsigned char start[2] = {0};
    RAND_bytes(start, sizeof start);
    char *payload = aliyun_coap_auth(&device, access->mode, (uint32_t)(start[0] << 8 | start[1]));
    access->authenticating = true;
    access->open = false;
    coap_client_send(access->client,
                     &(struct coap_client_request){
                         .method = COAP_CLIENT_POST,
                         .confirmable = true,
                         .path = "/auth",
                         .bytes = payload,
                         .len = payload ? strlen(payload) : 0,
                         .content_format = ALIYUN_COAP_FORMAT,
                         .accept = ALIYUN_COAP_FORMAT,
                         .timeout_ms = timeout_ms,
                     },
                     auth_answered, access);
    free(payload);
}

void coap_access_auth(struct coap_access *access, unsigned timeout_ms,
                      coap_access_authenticated done, void *ctx)
{
    access->done = done;
    access->ctx = ctx;
    if (!access->authenticating) {
        begin_auth(access, timeout_ms);
    }
}
