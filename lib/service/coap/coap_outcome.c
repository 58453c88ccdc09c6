#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "service/coap/coap_state.h"
#include "service/counters.h"
#include "service/env.h"

void coap_outcome_set(struct coap_request *request, enum coap_client_outcome outcome,
                      const char *why)
{
    ev_timer_stop(request->client->env->loop, &request->timer);
    request->finished = true;
    request->due = false;
    request->link = NULL;
    request->outcome = outcome;
    snprintf(request->why, sizeof request->why, "%s", why);
    coap_client_need_work(request->client);
}

static void log_outcome(const struct coap_request *request)
{
    struct log *log = request->client->env->log;
    const struct coap_blocks *blocks = &request->blocks;
    if (request->outcome == COAP_CLIENT_RESPONSE) {
        log_write(log, LEVEL_REQUEST, "coap: %u: %d.%02d, %zu bytes", request->number,
                  blocks->code / 100, blocks->code % 100, buf_len(&blocks->answer));
    } else {
        log_write(log, LEVEL_REQUEST, "coap: %u: %s", request->number, request->why);
    }
}

static void deliver(struct coap_request *request)
{
    struct coap_blocks *blocks = &request->blocks;
    bool response = request->outcome == COAP_CLIENT_RESPONSE;
    if (!response) {
        coap_blocks_restart(blocks); /* nothing of half a response */
    }
    struct coap_client_response told = {
        .outcome = request->outcome,
        .code = blocks->code,
        .bytes = buf_text(&blocks->answer),
        .len = buf_len(&blocks->answer),
        .options = blocks->options,
        .option_count = blocks->option_count,
        .why = request->why,
    };
    log_outcome(request);
    request->done(request->ctx, request->number, &told);
    coap_request_destroy(request);
}

static void remove_request(struct coap_client *client, struct coap_request *request)
{
    struct coap_request **at = &client->requests;
    while (*at != request) {
        at = &(*at)->next;
    }
    *at = request->next;
    client->count--;
}

bool coap_outcome_deliver(struct coap_client *client)
{
    bool gone = false;
    client->gone = &gone;
    for (struct coap_request *request = client->requests; request && !gone;) {
        if (!request->finished) {
            request = request->next;
            continue;
        }
        remove_request(client, request);
        if (request->outcome == COAP_CLIENT_RESPONSE) {
            SERVICE_COUNT(client->env, coap_done);
        } else {
            SERVICE_COUNT(client->env, coap_failed);
        }
        deliver(request);
        request = gone ? NULL : client->requests;
    }
    if (!gone) {
        client->gone = NULL;
    }
    return !gone;
}

void coap_outcome_log(struct coap_client *client, bool waited_for, const char *why)
{
    bool loud = waited_for && strcmp(why, client->warned) != 0;
    log_write(client->env->log, loud ? LEVEL_WARNING : LEVEL_STATE, "coap: %s:%d: %s",
              client->options.host, client->options.port, why);
    if (loud) {
        snprintf(client->warned, sizeof client->warned, "%s", why);
    }
}
