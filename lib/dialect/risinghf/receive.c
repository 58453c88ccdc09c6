/* Messages from the broker: reported at once, or cached for RECV. */
#include "dialect/risinghf/instance.h"

/* ---- arrival ---- */

static unsigned number_of(struct rh *rh, const struct mqtt_message *message)
{
    if (message->packet_id) {
        return message->packet_id;
    }
    rh->counter = rh->counter == UINT16_MAX ? 1 : (uint16_t)(rh->counter + 1);
    return rh->counter;
}

/* What stands behind the name, in a report as in the answer of RECV: raw, by its length. */
static void put_message(struct rh *rh, struct buf *out, const struct mqtt_message *message)
{
    buf_printf(out, "%u,\"%s\",%zu,\"", number_of(rh, message), message->topic, message->len);
    buf_add(out, message->bytes, message->len);
    buf_add_byte(out, '"');
}

static void cache(struct rh *rh, const struct mqtt_message *message)
{
    if (rh->cached == RH_CACHE_MAX) {
        at_urc_line(rh->env.at, "+IMQTTCOUNT: FULL");
        return;
    }
    put_message(rh, &rh->cache[rh->cached++], message);
    at_urc_line(rh->env.at, "+IMQTTCOUNT: %zu", rh->cached);
}

static void report(struct rh *rh, const struct mqtt_message *message)
{
    struct buf line = {0};
    buf_add_text(&line, "+IMQTTRCVPUB:");
    put_message(rh, &line, message);
    at_urc(rh->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    buf_free(&line);
}

void rh_message(void *ctx, const struct mqtt_message *message)
{
    struct rh *rh = ctx;
    if (rh->config.cached) {
        cache(rh, message);
    } else {
        report(rh, message);
    }
}

/* ---- RECV ---- */

static at_result recv_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    at_info(call->at, call->ticket, "+IMQTTRECV: %zu", rh->cached);
    return AT_OK;
}

static at_result recv_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    size_t wanted = (size_t)call->params[0].number;
    size_t count = wanted < rh->cached ? wanted : rh->cached;
    for (size_t i = 0; i < count; i++) {
        struct buf line = {0};
        buf_add_text(&line, "+IMQTTRECV:");
        buf_add(&line, buf_bytes(&rh->cache[i]), buf_len(&rh->cache[i]));
        rh_info(call, &line, false);
        buf_free(&rh->cache[i]);
    }
    for (size_t i = count; i < rh->cached; i++) {
        rh->cache[i - count] = rh->cache[i];
        rh->cache[i] = (struct buf){0};
    }
    rh->cached -= count;
    return AT_OK;
}

void rh_cache_free(struct rh *rh)
{
    for (size_t i = 0; i < RH_CACHE_MAX; i++) {
        buf_free(&rh->cache[i]);
    }
    rh->cached = 0;
}

/* ---- the table ---- */

static const struct at_param params[] = {
    {.name = "count", .type = AT_INT, .min = 1, .max = RH_CACHE_MAX},
};

static const struct at_command rows[] = {
    {.name = "+IMQTTRECV",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(params),
     .test = "+IMQTTRECV: (1-10)",
     .read = recv_read,
     .set = recv_set,
     .help = "read cached messages, the oldest first; how many there are"},
};

const struct at_table rh_receive_table = {rows, sizeof rows / sizeof *rows};
