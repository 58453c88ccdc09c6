/* Quality of service: CGQREQ, CGQMIN. */
#include <string.h>

#include "dialect/uc8088/instance.h"

enum { PRECEDENCE, DELAY, RELIABILITY, PEAK, MEAN };
enum { MEAN_WORST_CLASS = 18, BEST_EFFORT = 31 };

/* What the simulated network grants whatever is asked for. */
static const int granted[UC_QOS_VALUES] = {
    [PRECEDENCE] = 3, [DELAY] = 4, [RELIABILITY] = 3, [PEAK] = 4, [MEAN] = BEST_EFFORT};

/* 0 wants nothing. A great number is a bad class, of throughput a good one; best effort is the
 * worst. */
static bool worse(int which, int wanted)
{
    if (which == PEAK) {
        return granted[which] < wanted;
    }
    return wanted && granted[which] > wanted;
}

bool uc_qos_granted(const struct uc *uc, int cid)
{
    const int *minimum = uc->context[cid - 1].qos[UC_QOS_MINIMUM];
    int i = 0;
    while (i < UC_QOS_VALUES && !worse(i, minimum[i])) {
        i++;
    }
    return i == UC_QOS_VALUES;
}

static at_result read_all(const struct uc *uc, struct at_call *call, enum uc_qos_kind kind)
{
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        const int *qos = uc->context[cid - 1].qos[kind];
        bool hidden = kind == UC_QOS_REQUESTED && pdp_active(uc->env.pdp, cid);
        if (pdp_context(uc->env.pdp, cid) && !hidden) {
            at_info(call->at, call->ticket, "%s: %d,%d,%d,%d,%d,%d", call->command->name, cid,
                    qos[PRECEDENCE], qos[DELAY], qos[RELIABILITY], qos[PEAK], qos[MEAN]);
        }
    }
    return AT_OK;
}

static at_result set(struct uc *uc, const struct at_call *call, enum uc_qos_kind kind)
{
    int64_t mean = call->params[1 + MEAN].number;
    if (mean > MEAN_WORST_CLASS && mean != BEST_EFFORT) {
        return UC_PARAMETER;
    }
    if (!uc_is_cid(&call->params[0])) {
        return CME_NOT_ALLOWED;
    }
    int cid = (int)call->params[0].number;
    if (!pdp_context(uc->env.pdp, cid)) {
        return UC_NO_CONTEXT;
    }
    for (int i = 0; i < UC_QOS_VALUES; i++) {
        uc->context[cid - 1].qos[kind][i] = (int)call->params[1 + i].number;
    }
    return AT_OK;
}

static at_result requested_read(void *ctx, struct at_call *call)
{
    return read_all(ctx, call, UC_QOS_REQUESTED);
}

static at_result requested_set(void *ctx, struct at_call *call)
{
    return set(ctx, call, UC_QOS_REQUESTED);
}

static at_result minimum_read(void *ctx, struct at_call *call)
{
    return read_all(ctx, call, UC_QOS_MINIMUM);
}

static at_result minimum_set(void *ctx, struct at_call *call)
{
    return set(ctx, call, UC_QOS_MINIMUM);
}

#define CLASS(title, most)                                                                         \
    {                                                                                              \
        .name = (title), .type = AT_INT, .max = (most), .flags = AT_OPTIONAL                       \
    }
static const struct at_param params[] = {
    {.name = "cid", .type = AT_INT, .min = INT32_MIN, .max = INT32_MAX},
    CLASS("precedence", 3),
    CLASS("delay", 4),
    CLASS("reliability", 5),
    CLASS("peak", 9),
    CLASS("mean", BEST_EFFORT),
};

static const struct at_command rows[] = {
    {.name = "+CGQREQ",
     .aliases = "+CGQRE",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(params),
     .test = "+CGQREQ: \"IP\",(1-3),(1-4),(1-5),(1-9),(1-18,31)",
     .read = requested_read,
     .set = requested_set,
     .help = "quality of service that a PDP context asks for"},
    {.name = "+CGQMIN",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(params),
     .test = "+CGQMIN: \"IP\",(1-3),(1-4),(1-5),(1-9),(1-18,31)",
     .read = minimum_read,
     .set = minimum_set,
     .help = "quality of service without which a PDP context is not activated"},
};

const struct at_table uc_qos_table = {rows, sizeof rows / sizeof *rows};
