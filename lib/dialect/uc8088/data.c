/* Data calls: CGDATA, D, O, H. The line belongs to a PPP peer. */
#include <string.h>
#include <strings.h>

#include "at/stream.h"
#include "dialect/uc8088/instance.h"
#include "service/ppp/ppp.h"
#include "settings/settings.h"

enum { GUARD_MS = 1000 };
enum { NUMBER_CONNECT = 1, NUMBER_NO_CARRIER = 3 }; /* under ATV0 */

static const char frame_end = 0x7e; /* RFC 1662 */

/* ---- the end ---- */

void uc_call_end(struct uc *uc)
{
    int cid = uc->call.cid;
    if (!uc->call.ppp) {
        return;
    }
    ppp_destroy(uc->call.ppp);
    uc->call = (struct uc_data_call){0};
    if (at_stream_state(uc->env.at) != AT_STREAM_NONE) {
        at_close_stream(uc->env.at, NULL, -1);
    }
    if (pdp_context(uc->env.pdp, cid)) {
        pdp_activate(uc->env.pdp, cid, false);
    }
}

/* From the other side: the frame that is coming in is not the beginning of a command. */
static void hung_up(struct uc *uc)
{
    struct at *at = uc->env.at;
    if (at_stream_state(at) == AT_STREAM_OPEN && uc->call.in_frame) {
        at_drop_until(at, frame_end);
    }
    at_close_stream(at, "NO CARRIER", NUMBER_NO_CARRIER);
    uc_call_end(uc);
}

void uc_call_check(struct uc *uc)
{
    if (uc->call.ppp && !pdp_active(uc->env.pdp, uc->call.cid)) {
        hung_up(uc);
    }
}

/* ---- bytes ---- */

static size_t input(void *ctx, const char *bytes, size_t len)
{
    struct uc *uc = ctx;
    size_t taken = ppp_input(uc->call.ppp, bytes, len);
    if (taken) {
        uc->call.in_frame = bytes[taken - 1] != frame_end;
    }
    return taken;
}

static void writable(void *ctx)
{
    const struct uc *uc = ctx;
    ppp_resume(uc->call.ppp);
}

/* After +++ the call is held. A host that goes, ATZ and a restart end it. */
static void left(void *ctx, enum at_stream_left how)
{
    if (how != AT_LEFT_ESCAPE) {
        uc_call_end(ctx);
    }
}

static const struct at_stream_events stream_events = {
    .input = input, .writable = writable, .left = left};

static size_t output(void *ctx, const char *bytes, size_t len)
{
    const struct uc *uc = ctx;
    return at_stream_write(uc->env.at, bytes, len);
}

static void ready(void *ctx)
{
    const struct uc *uc = ctx;
    at_stream_ready(uc->env.at);
}

static void ended(void *ctx, enum ppp_end end, const char *why)
{
    (void)end;
    (void)why;
    hung_up(ctx);
}

static const struct ppp_events ppp_events = {.output = output, .ready = ready, .ended = ended};

/* ---- the beginning ---- */

static at_result begin(struct uc *uc, const struct at_call *call, int cid)
{
    char address[UC_ADDRESS_SIZE];
    if (uc->call.ppp) {
        return CME_NOT_ALLOWED;
    }
    at_result result = uc_activate(uc, call, cid);
    if (result != AT_OK) {
        return result;
    }
    uc_address(uc, cid, address);
    const struct at_stream stream = {
        .events = &stream_events,
        .ctx = uc,
        .guard_ms = GUARD_MS,
        .escape_ok = true,
    };
    if (!at_open_stream(call->at, call->ticket, &stream, "CONNECT", NUMBER_CONNECT)) {
        return CME_NOT_ALLOWED;
    }
    uc->call = (struct uc_data_call){
        .ppp = ppp_create(uc->env.services, settings_of(uc->env.settings, &ppp_settings_group),
                          address, &ppp_events, uc),
        .cid = cid,
    };
    return AT_STREAM;
}

static at_result cgdata(void *ctx, struct at_call *call)
{
    const struct at_value *cid = &call->params[1];
    for (size_t i = 1; i < call->command->param_count; i++) {
        if (call->params[i].present && !uc_is_cid(&call->params[i])) {
            return CME_NOT_ALLOWED;
        }
    }
    return begin(ctx, call, cid->present ? (int)cid->number : 1);
}

/* Steps over word, whatever its case; false: it is not there. */
static bool step_over(const char **text, const char *word)
{
    size_t len = strlen(word);
    bool there = strncasecmp(*text, word, len) == 0;
    *text += there ? len : 0;
    return there;
}

/* 27.007 10.2.1.1: `*99[*[<address>][*[<L2P>][*<cid>]]]#`, T or P before it. The context, or 0. */
static int dialled_context(const char *number)
{
    int cid = 1;
    if (!step_over(&number, "T")) {
        step_over(&number, "P");
    }
    if (!step_over(&number, "*99")) {
        return 0;
    }
    if (step_over(&number, "*")) {
        number += strspn(number, "0123456789.");
        if (step_over(&number, "*")) {
            if (!step_over(&number, "PPP")) {
                step_over(&number, "1");
            }
            if (step_over(&number, "*")) {
                cid = *number == '1' || *number == '2' ? *number++ - '0' : 0;
            }
        }
    }
    return strcmp(number, "#") == 0 ? cid : 0;
}

static at_result dial(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    char number[32];
    size_t len = 0;
    for (const char *c = call->params[0].text; *c && len + 1 < sizeof number; c++) {
        if (*c != ' ') {
            number[len++] = *c;
        }
    }
    number[len] = '\0';
    int cid = dialled_context(number);
    if (!cid) {
        return UC_NO_CARRIER;
    }
    return uc->powered ? begin(uc, call, cid) : (at_result)CME_NOT_ALLOWED;
}

/* ---- in the middle ---- */

static at_result online(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    if (!uc->call.ppp || !at_resume_stream(call->at, call->ticket, "CONNECT", NUMBER_CONNECT)) {
        return UC_NO_CARRIER;
    }
    ppp_resume(uc->call.ppp);
    return AT_STREAM;
}

static at_result hang_up(void *ctx, struct at_call *call)
{
    (void)call;
    uc_call_end(ctx);
    return AT_OK;
}

/* ---- the table ---- */

static const char *const protocols[] = {"PPP", NULL};

static const struct at_param data_params[] = {
    {.name = "L2P", .type = AT_CHOICE, .choices = protocols, .flags = AT_OPTIONAL},
    {.name = "cid", .type = AT_INT, .min = INT32_MIN, .max = INT32_MAX, .flags = AT_OPTIONAL},
    {.name = "cid", .type = AT_INT, .min = INT32_MIN, .max = INT32_MAX, .flags = AT_OPTIONAL},
};
static const struct at_param dial_params[] = {
    {.name = "number", .type = AT_STRING, .max = 128, .flags = AT_FREE | AT_EMPTY}};
static const struct at_param up_to_0[] = {
    {.name = "n", .type = AT_INT, .max = 0, .flags = AT_OPTIONAL}};

static const struct at_command rows[] = {
    {.name = "+CGDATA",
     .forms = AT_TEST | AT_SET | AT_EXECUTE,
     AT_PARAMS(data_params),
     .guard = uc_needs_power,
     .test = "+CGDATA: \"PPP\"",
     .set = cgdata,
     .execute = cgdata,
     .help = "PPP over the line, on a PDP context"},
    {.name = "D",
     .flags = AT_BASIC | AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     AT_PARAMS(dial_params),
     .execute = dial,
     .help = "call: *99# and *99***<cid># are PPP on a PDP context"},
    {.name = "O",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(up_to_0),
     .execute = online,
     .help = "back to the call that +++ has left"},
    {.name = "H",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(up_to_0),
     .execute = hang_up,
     .help = "end the call"},
};

const struct at_table uc_data_table = {rows, sizeof rows / sizeof *rows};
