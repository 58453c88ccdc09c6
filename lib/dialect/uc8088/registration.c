/* Registration and signal: CGREG, CREG, CSQ, COPS. */
#include <string.h>

#include "dialect/uc8088/instance.h"

/* ---- what is told of it ---- */

/* The simulated cell: <lac>,<ci>. */
static const char cell[] = "13122,32451";

enum { STAT_NONE = 0, STAT_HOME = 1, STAT_SEARCHING = 2, STAT_ROAMING = 5 };

static bool is_registered(int stat)
{
    return stat == STAT_HOME || stat == STAT_ROAMING;
}

static int stat_now(const struct uc *uc)
{
    return uc->registers ? network_creg_stat(uc->env.network) : STAT_NONE;
}

static void tell_one(const struct uc *uc, const struct at_call *call, const char *name)
{
    if (call) {
        at_info(call->at, call->ticket, "%s: %d", name, uc->stat);
    } else {
        at_urc_line(uc->env.at, "%s: %d", name, uc->stat);
    }
}

static void set_stat(struct uc *uc, const struct at_call *call, int stat)
{
    if (stat == uc->stat) {
        return;
    }
    uc->stat = stat;
    if (uc->creg_n) {
        tell_one(uc, call, "+CREG");
    }
    if (uc->cgreg_n) {
        tell_one(uc, call, "+CGREG");
    }
}

void uc_registration_changed(struct uc *uc, const struct at_call *call)
{
    set_stat(uc, call, stat_now(uc));
}

/* The network, or what the module has of it, has changed by itself. */
void uc_network_changed(void *ctx)
{
    struct uc *uc = ctx;
    if (uc->registers && !pdp_attached(uc->env.pdp) && is_registered(stat_now(uc))) {
        pdp_attach(uc->env.pdp, true);
    }
    uc_registration_changed(uc, NULL);
    if (!network_usable(uc->env.network)) {
        uc_network_gone(uc);
    }
}

/* ---- attach and detach ---- */

/* A search goes before; that the network took the module in, or not, behind. */
at_result uc_attach(struct uc *uc, const struct at_call *call)
{
    if (pdp_attached(uc->env.pdp)) {
        return AT_OK;
    }
    set_stat(uc, call, STAT_SEARCHING);
    uc->registers = true;
    bool attached = pdp_attach(uc->env.pdp, true);
    uc_registration_changed(uc, call);
    if (attached) {
        return AT_OK;
    }
    bool denied = network_registration(uc->env.network) == NETWORK_DENIED;
    return denied ? (at_result)UC_GPRS_NOT_ALLOWED : (at_result)CME_NO_NETWORK;
}

void uc_detach(struct uc *uc, const struct at_call *call)
{
    uc->registers = false;
    set_stat(uc, call, STAT_NONE);
    pdp_attach(uc->env.pdp, false);
}

/* ---- CGREG, CREG ---- */

static at_result report_read(const struct uc *uc, struct at_call *call, int n)
{
    int stat = stat_now(uc);
    bool more = n && is_registered(stat);
    at_info(call->at, call->ticket, "%s: %d,%d%s%s", call->command->name, n, stat, more ? "," : "",
            more ? cell : "");
    return AT_OK;
}

static at_result cgreg_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    return report_read(uc, call, uc->cgreg_n);
}

static at_result cgreg_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->cgreg_n = (int)call->params[0].number;
    return AT_OK;
}

static at_result creg_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    return report_read(uc, call, uc->creg_n);
}

static at_result creg_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    uc->creg_n = (int)call->params[0].number;
    return AT_OK;
}

/* ---- CSQ ---- */

enum { RSSI_LEAST = 2 };

static at_result signal_quality(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    int rssi = network_csq_rssi(uc->env.network);
    at_info(call->at, call->ticket, "+CSQ: %d,99", rssi < RSSI_LEAST ? RSSI_LEAST : rssi);
    return AT_OK;
}

/* ---- COPS ---- */

enum cops_mode { COPS_AUTOMATIC, COPS_MANUAL, COPS_NONE, COPS_FORMAT, COPS_MANUAL_AUTOMATIC };
enum { COPS_NUMERIC = 2, OPERATORS_MAX = 32 };

static at_result operators(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    struct buf line = {0};
    char plmn[NETWORK_PLMN_SIZE];
    buf_add_text(&line, "+COPS: ");
    for (size_t i = 0; i < OPERATORS_MAX && network_operator(uc->env.network, i, plmn); i++) {
        bool current = i == uc->plmn && is_registered(stat_now(uc));
        buf_printf(&line, "%s(%d,\"\",\"\",\"%s\")", i ? "," : "", current ? 2 : 1, plmn);
    }
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

/* Long and short names are empty. */
static at_result operator_read(void *ctx, struct at_call *call)
{
    const struct uc *uc = ctx;
    char plmn[NETWORK_PLMN_SIZE] = "";
    if (!is_registered(stat_now(uc))) {
        at_info(call->at, call->ticket, "+COPS: %d", uc->cops_mode);
        return AT_OK;
    }
    if (uc->cops_format == COPS_NUMERIC) {
        network_operator(uc->env.network, uc->plmn, plmn);
    }
    at_info(call->at, call->ticket, "+COPS: %d,%d,\"%s\"", uc->cops_mode, uc->cops_format, plmn);
    return AT_OK;
}

/* Its index, or OPERATORS_MAX. */
static size_t find_operator(const struct uc *uc, const char *name)
{
    char plmn[NETWORK_PLMN_SIZE];
    size_t i = 0;
    while (i < OPERATORS_MAX && network_operator(uc->env.network, i, plmn)) {
        if (strcmp(plmn, name) == 0) {
            return i;
        }
        i++;
    }
    return OPERATORS_MAX;
}

static at_result join(struct uc *uc, const struct at_call *call, size_t plmn)
{
    if (plmn != uc->plmn) {
        uc_detach(uc, call);
    }
    uc->plmn = plmn;
    return uc_attach(uc, call);
}

/* One that is not there: the list of those that are, and no registration. */
static at_result join_by_name(struct uc *uc, struct at_call *call)
{
    bool numeric = call->params[1].number == COPS_NUMERIC;
    size_t plmn = numeric ? find_operator(uc, call->params[2].text) : OPERATORS_MAX;
    bool or_any = call->params[0].number == COPS_MANUAL_AUTOMATIC;
    if (plmn < OPERATORS_MAX) {
        uc->cops_mode = (int)call->params[0].number;
        return join(uc, call, plmn);
    }
    if (or_any) {
        uc->cops_mode = COPS_AUTOMATIC;
        return join(uc, call, 0);
    }
    uc->cops_mode = COPS_MANUAL;
    uc_detach(uc, call);
    return operators(uc, call);
}

static bool is_active(const struct uc *uc)
{
    return pdp_active(uc->env.pdp, 1) || pdp_active(uc->env.pdp, 2);
}

static at_result operator_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    enum cops_mode mode = (enum cops_mode)call->params[0].number;
    bool by_name = mode == COPS_MANUAL || mode == COPS_MANUAL_AUTOMATIC;
    bool format = call->params[1].present;
    if ((mode == COPS_FORMAT && !format) || (by_name && (!format || !call->params[2].present))) {
        return UC_PARAMETER;
    }
    if (mode == COPS_FORMAT) {
        uc->cops_format = (int)call->params[1].number;
        return AT_OK;
    }
    if (is_active(uc)) {
        return CME_NOT_ALLOWED;
    }
    if (by_name) {
        return join_by_name(uc, call);
    }
    uc->cops_mode = (int)mode;
    if (mode == COPS_NONE) {
        uc_detach(uc, call);
        return AT_OK;
    }
    return join(uc, call, 0);
}

/* ---- the table ---- */

static const struct at_param n_params[] = {{.name = "n", .type = AT_INT, .max = 1}};
static const struct at_param operator_params[] = {
    {.name = "mode", .type = AT_INT, .max = COPS_MANUAL_AUTOMATIC},
    {.name = "format", .type = AT_INT, .max = COPS_NUMERIC, .flags = AT_OPTIONAL},
    {.name = "oper", .type = AT_STRING, .max = 32, .flags = AT_OPTIONAL},
};

static const struct at_command rows[] = {
    {.name = "+CGREG",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(n_params),
     .test = "+CGREG: (0-1)",
     .read = cgreg_read,
     .set = cgreg_set,
     .help = "registration in the packet network, and whether its changes are told"},
    {.name = "+CREG",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(n_params),
     .faults = uc_plain_faults,
     .test = "+CREG: (0-1)",
     .read = creg_read,
     .set = creg_set,
     .help = "registration in the network, and whether its changes are told"},
    {.name = "+CSQ",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+CSQ: (2-31,99),(99)",
     .execute = signal_quality,
     .help = "signal quality"},
    {.name = "+COPS",
     .forms = AT_TEST | AT_READ | AT_SET,
     AT_PARAMS(operator_params),
     .guard = uc_always_needs_power,
     .describe = operators,
     .read = operator_read,
     .set = operator_set,
     .help = "operators in reach; choice of one"},
};

const struct at_table uc_registration_table = {rows, sizeof rows / sizeof *rows};
