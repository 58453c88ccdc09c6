/* The packet service: CGATT, CGACT, CGDCONT, CGPADDR. */
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "dialect/cellular_base.h"
#include "dialect/uc8088/instance.h"

bool uc_is_cid(const struct at_value *value)
{
    return value->number >= 1 && value->number <= UC_CONTEXTS;
}

/* ---- CGATT ---- */

static at_result attach_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (call->params[0].number == 1) {
        return uc_attach(uc, call);
    }
    uc_detach(uc, call);
    return AT_OK;
}

/* ---- CGACT ---- */

static bool defined(const struct uc *uc, int cid)
{
    return pdp_context(uc->env.pdp, cid);
}

/* The contexts of a command, or if it names none those that are defined. */
struct cids {
    bool has[UC_CONTEXTS + 1];
    bool any;
};

static at_result take_cids(const struct at_call *call, size_t from, struct cids *cids)
{
    *cids = (struct cids){0};
    for (size_t i = from; i < call->command->param_count; i++) {
        const struct at_value *value = &call->params[i];
        if (value->present && !uc_is_cid(value)) {
            return CME_NOT_ALLOWED;
        }
        if (value->present) {
            cids->has[value->number] = cids->any = true;
        }
    }
    return AT_OK;
}

static void take_defined(const struct uc *uc, struct cids *cids)
{
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        cids->has[cid] = defined(uc, cid);
        cids->any = cids->any || cids->has[cid];
    }
}

static at_result activate(struct uc *uc, const struct at_call *call, const struct cids *cids)
{
    at_result result = uc_attach(uc, call);
    for (int cid = 1; result == AT_OK && cid <= UC_CONTEXTS; cid++) {
        bool fine = !cids->has[cid] || pdp_active(uc->env.pdp, cid) || uc_qos_granted(uc, cid);
        result = fine ? (at_result)AT_OK : (at_result)UC_GPRS_ERROR;
    }
    for (int cid = 1; result == AT_OK && cid <= UC_CONTEXTS; cid++) {
        if (cids->has[cid]) {
            if (!defined(uc, cid)) {
                pdp_define(uc->env.pdp, cid, "IP", "");
            }
            pdp_activate(uc->env.pdp, cid, true);
        }
    }
    return result;
}

at_result uc_activate(struct uc *uc, const struct at_call *call, int cid)
{
    struct cids cids = {.any = true};
    cids.has[cid] = true;
    return activate(uc, call, &cids);
}

at_result uc_activate_any(struct uc *uc, const struct at_call *call)
{
    if (network_usable(uc->env.network)) {
        return AT_OK;
    }
    return uc_activate(uc, call, !defined(uc, 1) && defined(uc, 2) ? 2 : 1);
}

static at_result deactivate(struct uc *uc, const struct cids *cids)
{
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        if (cids->has[cid] && !defined(uc, cid)) {
            return UC_NO_CONTEXT;
        }
    }
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        if (cids->has[cid]) {
            pdp_activate(uc->env.pdp, cid, false);
        }
    }
    uc_call_check(uc);
    return AT_OK;
}

static at_result active_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        if (defined(uc, cid)) {
            at_info(call->at, call->ticket, "+CGACT: %d,%d", cid, pdp_active(uc->env.pdp, cid));
        }
    }
    return AT_OK;
}

static at_result active_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    bool on = call->params[0].number == 1;
    struct cids cids;
    at_result result = take_cids(call, 1, &cids);
    if (result != AT_OK) {
        return result;
    }
    if (!cids.any) {
        take_defined(uc, &cids);
        cids.has[1] = cids.has[1] || (on && !cids.any);
    }
    return on ? activate(uc, call, &cids) : deactivate(uc, &cids);
}

/* ---- CGDCONT ---- */

static const char *const types[] = {"IP", "PPP", NULL};

enum { CONTEXT_CID, CONTEXT_TYPE, CONTEXT_APN, CONTEXT_ADDRESS, CONTEXT_DATA, CONTEXT_HEAD };

static at_result context_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        const struct pdp_context *context = pdp_context(uc->env.pdp, cid);
        const struct uc_context *more = &uc->context[cid - 1];
        if (context) {
            at_info(call->at, call->ticket, "+CGDCONT: %d,\"%s\",\"%s\",\"%s\",%d,%d", cid,
                    context->type, context->apn, more->address, more->data_compression,
                    more->head_compression);
        }
    }
    return AT_OK;
}

static const char *text(const struct at_value *value)
{
    return value->present ? value->text : "";
}

static struct uc_context wanted(const struct uc *uc, const struct at_call *call, int cid)
{
    struct uc_context context = uc->context[cid - 1];
    snprintf(context.address, sizeof context.address, "%s", text(&call->params[CONTEXT_ADDRESS]));
    context.data_compression = (int)call->params[CONTEXT_DATA].number;
    context.head_compression = (int)call->params[CONTEXT_HEAD].number;
    return context;
}

static bool same(const struct uc *uc, int cid, const struct uc_context *more, const char *type,
                 const char *apn)
{
    const struct pdp_context *context = pdp_context(uc->env.pdp, cid);
    const struct uc_context *now = &uc->context[cid - 1];
    return strcmp(context->type, type) == 0 && strcmp(context->apn, apn) == 0 &&
           strcmp(more->address, now->address) == 0 &&
           more->data_compression == now->data_compression &&
           more->head_compression == now->head_compression;
}

/* 27.007 10.1.1: the cid alone makes it undefined. */
static at_result context_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (!uc_is_cid(&call->params[CONTEXT_CID])) {
        return CME_NOT_ALLOWED;
    }
    int cid = (int)call->params[CONTEXT_CID].number;
    bool alone = true;
    for (size_t i = CONTEXT_TYPE; i < call->command->param_count; i++) {
        alone = alone && !call->params[i].present;
    }
    struct uc_context context = {0};
    const char *type = types[call->params[CONTEXT_TYPE].number];
    const char *apn = text(&call->params[CONTEXT_APN]);
    if (!alone) {
        context = wanted(uc, call, cid);
    }
    if (pdp_active(uc->env.pdp, cid)) {
        bool fine = !alone && same(uc, cid, &context, type, apn);
        return fine ? (at_result)AT_OK : (at_result)CME_NOT_ALLOWED;
    }
    if (alone) {
        pdp_undefine(uc->env.pdp, cid);
    } else {
        pdp_define(uc->env.pdp, cid, type, apn);
    }
    uc->context[cid - 1] = context;
    return AT_OK;
}

/* ---- CGPADDR ---- */

/* The second context has the next address. */
void uc_address(const struct uc *uc, int cid, char address[UC_ADDRESS_SIZE])
{
    struct in_addr number;
    *address = '\0';
    if (pdp_active(uc->env.pdp, cid) &&
        inet_pton(AF_INET, network_ip(uc->env.network), &number) == 1) {
        number.s_addr = htonl(ntohl(number.s_addr) + (unsigned)cid - 1);
        inet_ntop(AF_INET, &number, address, UC_ADDRESS_SIZE);
    }
}

static void show_address(const struct uc *uc, const struct at_call *call, int cid)
{
    char address[UC_ADDRESS_SIZE];
    uc_address(uc, cid, address);
    at_info(call->at, call->ticket, "+CGPADDR: %d,\"%s\"", cid, address);
}

static at_result addresses(const struct uc *uc, const struct at_call *call, const struct cids *cids)
{
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        if (cids->has[cid]) {
            show_address(uc, call, cid);
        }
    }
    return AT_OK;
}

static at_result address_all(void *ctx, struct at_call *call)
{
    struct cids cids = {0};
    take_defined(ctx, &cids);
    return addresses(ctx, call, &cids);
}

static at_result address_set(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    struct cids cids;
    at_result result = take_cids(call, 0, &cids);
    if (result != AT_OK) {
        return result;
    }
    if (!cids.any) {
        return address_all(ctx, call);
    }
    for (int cid = 1; cid <= UC_CONTEXTS; cid++) {
        if (cids.has[cid] && !defined(uc, cid)) {
            return UC_NO_CONTEXT;
        }
    }
    return addresses(uc, call, &cids);
}

static at_result address_test(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    bool both = defined(uc, 1) && defined(uc, 2);
    at_info(call->at, call->ticket, "+CGPADDR: (%s%s%s)", defined(uc, 1) ? "1" : "",
            both ? "," : "", defined(uc, 2) ? "2" : "");
    return AT_OK;
}

/* ---- the table ---- */

/* Which contexts there are is for the handlers to say. */
#define CID(flag)                                                                                  \
    {                                                                                              \
        .name = "cid", .type = AT_INT, .min = INT32_MIN, .max = INT32_MAX, .flags = (flag)         \
    }
#define PD                                                                                         \
    {                                                                                              \
        .name = "pd", .type = AT_STRING, .max = 64, .flags = AT_OPTIONAL                           \
    }
static const struct at_param attach_params[] = {{.name = "state", .type = AT_INT, .max = 1}};
static const struct at_param active_params[] = {
    {.name = "state", .type = AT_INT, .max = 1}, CID(AT_OPTIONAL), CID(AT_OPTIONAL)};
static const struct at_param address_params[] = {CID(AT_OPTIONAL), CID(AT_OPTIONAL)};
static const struct at_param context_params[] = {
    [CONTEXT_CID] = CID(0),
    [CONTEXT_TYPE] = {.name = "PDP_type",
                      .type = AT_CHOICE,
                      .choices = types,
                      .flags = AT_OPTIONAL | AT_CASE},
    [CONTEXT_APN] = {.name = "APN",
                     .type = AT_STRING,
                     .max = PDP_APN_MAX,
                     .flags = AT_OPTIONAL,
                     .valid = text_is_name},
    [CONTEXT_ADDRESS] = {.name = "PDP_addr",
                         .type = AT_STRING,
                         .max = 40,
                         .flags = AT_OPTIONAL,
                         .valid = text_is_name},
    [CONTEXT_DATA] = {.name = "d_comp", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
    [CONTEXT_HEAD] = {.name = "h_comp", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL},
    PD,
    PD,
    PD,
    PD,
};

static const struct at_command rows[] = {
    {.name = "+CGATT",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(attach_params),
     .guard = uc_needs_power,
     .test = "+CGATT: (0,1)",
     .read = cellular_attach_read,
     .set = attach_set,
     .help = "attach to the packet service (1) or detach (0)"},
    {.name = "+CGACT",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(active_params),
     .guard = uc_needs_power,
     .test = "+CGACT: (0,1)",
     .read = active_read,
     .set = active_set,
     .help = "activate (1) or deactivate (0) PDP contexts, or all of them"},
    {.name = "+CGDCONT",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(context_params),
     .test = "+CGDCONT: (1-2),\"IP\",,,(0,1),(0,1)",
     .read = context_read,
     .set = context_set,
     .help = "define a PDP context; the number alone: undefine it"},
    {.name = "+CGPADDR",
     .forms = AT_TEST | AT_SET | AT_EXECUTE,
     AT_PARAMS(address_params),
     .describe = address_test,
     .set = address_set,
     .execute = address_all,
     .help = "addresses of PDP contexts"},
};

const struct at_table uc_packet_table = {rows, sizeof rows / sizeof *rows};
