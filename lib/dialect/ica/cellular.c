/* What the firmware of cellular hosts sends to its module before MQTT (switch ica.cellular); not
 * part of the standard. The blanks are as those hosts count them. */
#include <time.h>

#include "dialect/cellular_base.h"
#include "dialect/ica/instance.h"
#include "dialect/identity.h"
#include "net/network.h"
#include "settings/settings.h"

static const struct identity_settings *identity(const struct ica *ica)
{
    return settings_of(ica->env.settings, &identity_settings_group);
}

static bool has_sim(const struct ica *ica)
{
    return network_has_sim(ica->env.network);
}

static at_result pin_read(void *ctx, struct at_call *call)
{
    if (!has_sim(ctx)) {
        return ICA_NO_SIM;
    }
    at_info(call->at, call->ticket, "+CPIN:READY");
    return AT_OK;
}

static at_result card(void *ctx, struct at_call *call)
{
    if (!has_sim(ctx)) {
        return ICA_NO_SIM;
    }
    at_info(call->at, call->ticket, "+CCID: %s", identity(ctx)->iccid);
    return AT_OK;
}

static at_result signal_quality(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    at_info(call->at, call->ticket, "+CSQ: %02d,99", network_csq_rssi(ica->env.network));
    return AT_OK;
}

static at_result clock_read(void *ctx, struct at_call *call)
{
    (void)ctx;
    time_t now = time(NULL);
    struct tm utc;
    char text[32];
    gmtime_r(&now, &utc);
    strftime(text, sizeof text, "%y/%m/%d,%H:%M:%S+00", &utc);
    at_info(call->at, call->ticket, "+CCLK: \"%s\"", text);
    return AT_OK;
}

static at_result link_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    bool up = ica->data_link && network_usable(ica->env.network);
    at_info(call->at, call->ticket, "+XIIC:    %d, %s", up,
            up ? network_ip(ica->env.network) : "0.0.0.0");
    return AT_OK;
}

static at_result link_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    bool open = call->params[0].number == 1;
    if (open && !network_usable(ica->env.network)) {
        return ICA_NO_NETWORK;
    }
    ica->data_link = open;
    return AT_OK;
}

/* ---- NVSETBAND: kept, and without a radio nothing else ---- */

static at_result band_read(void *ctx, struct at_call *call)
{
    const struct ica *ica = ctx;
    const char *bands = kept_text(&ica->kept, ICA_BAND);
    if (*bands) {
        at_info(call->at, call->ticket, "+NVSETBAND: %s", bands);
    }
    return AT_OK;
}

static at_result band_set(void *ctx, struct at_call *call)
{
    struct ica *ica = ctx;
    struct buf text = {0};
    buf_add_text(&text, "1");
    for (size_t i = 1; i < call->command->param_count && call->params[i].present; i++) {
        buf_printf(&text, ",%d", (int)call->params[i].number);
    }
    struct kept_changes set = {.kept = &ica->kept};
    kept_change_text(&set, ICA_BAND, buf_bytes(&text), buf_len(&text));
    at_result result = kept_save(&set, call);
    buf_free(&text);
    return result;
}

/* ---- the table ---- */

#define BAND(flag)                                                                                 \
    {                                                                                              \
        .name = "band", .type = AT_INT, .min = 1, .max = 99, .flags = (flag)                       \
    }

static const struct at_param link_params[] = {{.name = "state", .type = AT_INT, .max = 1}};
static const struct at_param band_params[] = {
    {.name = "n", .type = AT_INT, .min = 1, .max = 1},
    BAND(0),
    BAND(AT_OPTIONAL),
    BAND(AT_OPTIONAL),
    BAND(AT_OPTIONAL),
    BAND(AT_OPTIONAL),
    BAND(AT_OPTIONAL),
    BAND(AT_OPTIONAL),
};

#define GATE .gate = "ica.cellular"

static const struct at_command rows[] = {
    {.name = "+CPIN", GATE, .forms = AT_READ, .read = pin_read, .help = "SIM state"},
    {.name = "+CCID", GATE, .forms = AT_EXECUTE, .execute = card, .help = "ICCID of the SIM"},
    {.name = "+CSQ",
     GATE,
     .forms = AT_EXECUTE,
     .execute = signal_quality,
     .help = "signal quality"},
    {.name = "+CREG",
     GATE,
     .forms = AT_READ,
     .read = cellular_registration_read,
     .help = "registration in the network"},
    {.name = "+CEREG",
     GATE,
     .forms = AT_READ,
     .read = cellular_registration_read,
     .help = "registration in the packet network"},
    {.name = "+CCLK", GATE, .forms = AT_READ, .read = clock_read, .help = "time, UTC"},
    {.name = "+XIIC",
     GATE,
     .forms = AT_READ | AT_SET,
     AT_PARAMS(link_params),
     .read = link_read,
     .set = link_set,
     .help = "open (1) or close (0) the data link"},
    {.name = "+NVSETBAND",
     GATE,
     .forms = AT_READ | AT_SET,
     AT_PARAMS(band_params),
     .read = band_read,
     .set = band_set,
     .help = "bands to use; kept"},
};

const struct at_table ica_cellular_table = {rows, sizeof rows / sizeof *rows};
