/* DYNREG: dynamic registration over a connection of its own. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/risinghf/instance.h"

enum { TYPE_SAVE = 1, TYPE_QUERY = 2 };

/* The first of a mode's kept values. */
static enum rh_kept kept_of(int mode)
{
    return mode == 1 ? RH_DYNREG1_PRODUCT_KEY : RH_DYNREG2_CLIENT_ID;
}

/* One of the three texts that are known for a mode, or "". */
static const char *known(const struct rh *rh, int mode, int which)
{
    const char *fresh = rh->dynreg.results[mode - 1][which];
    return fresh ? fresh : kept_text(&rh->kept, kept_of(mode) + (unsigned)which);
}

static void put_texts(struct buf *line, const char *const texts[RH_RESULT_TEXTS])
{
    for (int i = 0; i < RH_RESULT_TEXTS; i++) {
        buf_printf(line, ",\"%s\"", texts[i]);
    }
}

/* ---- the result ---- */

static void report(struct rh *rh, bool ok)
{
    int mode = rh->dynreg.mode;
    const char *texts[RH_RESULT_TEXTS] = {"", "", ""};
    struct buf line = {0};
    for (int i = 0; ok && i < RH_RESULT_TEXTS; i++) {
        texts[i] = known(rh, mode, i);
    }
    buf_printf(&line, "+IMQTTDYNREG:%d", mode);
    put_texts(&line, texts);
    at_urc(rh->env.at,
           &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line), .secret = ok});
    mem_wipe(line.memory, line.size);
    buf_free(&line);
    rh->dynreg.busy = false;
}

/* A save that was asked for before a restart is nobody's any more. */
static void saved(void *ctx, bool ok)
{
    struct rh *rh = ctx;
    if (--rh->saves == 0 && rh->dynreg.busy && !rh->dynreg.registration) {
        report(rh, ok);
    }
}

static void save(struct rh *rh)
{
    struct kept_changes set = {.kept = &rh->kept};
    int mode = rh->dynreg.mode;
    for (int i = 0; i < RH_RESULT_TEXTS; i++) {
        const char *text = known(rh, mode, i);
        kept_change_text(&set, kept_of(mode) + (unsigned)i, text, strlen(text));
    }
    rh->saves++;
    if (!kept_store(&set, saved, rh)) {
        saved(rh, true);
    }
}

static void remember(struct rh *rh, const struct aliyun_registered *registered)
{
    struct rh_dynreg *dynreg = &rh->dynreg;
    char **result = dynreg->results[dynreg->mode - 1];
    const struct aliyun_device device = {dynreg->product_key, dynreg->device_name, ""};
    struct aliyun_mqtt_login login = {0};
    if (dynreg->mode == 1) {
        login.client_id = mem_string(device.product_key);
        login.username = mem_string(device.device_name);
        login.password = mem_string(registered->device_secret);
    } else {
        aliyun_token_login(&device, registered, &login);
    }
    rh_keep(&result[0], login.client_id, strlen(login.client_id));
    rh_keep(&result[1], login.username, strlen(login.username));
    rh_keep(&result[2], login.password, strlen(login.password));
    aliyun_mqtt_login_free(&login);
}

static void registered(void *ctx, const struct aliyun_registered *brought)
{
    struct rh *rh = ctx;
    rh->dynreg.registration = NULL;
    if (brought) {
        remember(rh, brought);
    }
    if (brought && rh->dynreg.save) {
        save(rh);
    } else {
        report(rh, brought);
    }
}

/* ---- the request ---- */

static at_result begin(struct rh *rh)
{
    struct rh_dynreg *dynreg = &rh->dynreg;
    struct rh_server server;
    rh_server(rh, dynreg->product_key, true, &server);
    dynreg->registration =
        registration_start(rh->env.services,
                           &(struct registration_options){
                               .kind = dynreg->mode == 1 ? ALIYUN_REGISTER : ALIYUN_REGISTER_NWL,
                               .device = {dynreg->product_key, dynreg->device_name, ""},
                               .product_secret = dynreg->product_secret,
                               .instance = server.instance,
                               .host = server.host,
                               .port = server.port,
                               .secure = server.secure,
                               .tls = rh_tls(rh),
                               .subscribe = !server.platform,
                               .exact = true,
                               .both_securemodes = true,
                               .timeout_ms = RH_LIMIT_MS,
                           },
                           registered, rh);
    rh_server_free(&server);
    dynreg->busy = dynreg->registration;
    return dynreg->registration ? AT_OK : AT_ERROR;
}

static at_result query(const struct rh *rh, const struct at_call *call)
{
    for (int mode = 1; mode <= RH_RESULTS; mode++) {
        const char *texts[RH_RESULT_TEXTS];
        struct buf line = {0};
        for (int i = 0; i < RH_RESULT_TEXTS; i++) {
            texts[i] = known(rh, mode, i);
        }
        buf_printf(&line, "+IMQTTDYNREG: %d", mode);
        put_texts(&line, texts);
        rh_info(call, &line, true);
    }
    return AT_OK;
}

/* 1 or 2; 0: it is neither. */
static int mode_of(const struct at_value *value)
{
    bool one_digit = value->present && value->len == 1;
    return one_digit && (*value->text == '1' || *value->text == '2') ? *value->text - '0' : 0;
}

at_result rh_dynreg_set(void *ctx, struct at_call *call)
{
    struct rh *rh = ctx;
    struct rh_dynreg *dynreg = &rh->dynreg;
    const struct at_value *params = call->params;
    if (params[0].number == TYPE_QUERY) {
        return query(rh, call);
    }
    int mode = mode_of(&params[1]);
    if (!mode || !params[2].len || !params[3].len || !params[4].len || dynreg->busy) {
        return AT_ERROR;
    }
    dynreg->save = params[0].number == TYPE_SAVE;
    dynreg->mode = mode;
    rh_keep(&dynreg->product_key, params[2].text, params[2].len);
    rh_keep(&dynreg->device_name, params[3].text, params[3].len);
    rh_keep(&dynreg->product_secret, params[4].text, params[4].len);
    return begin(rh);
}

at_result rh_dynreg_read(void *ctx, struct at_call *call)
{
    const struct rh *rh = ctx;
    const struct rh_dynreg *dynreg = &rh->dynreg;
    struct buf line = {0};
    if (dynreg->product_key) {
        buf_printf(&line, "+IMQTTDYNREG:%d,%d,", dynreg->save, dynreg->mode);
        rh_put_value(&line, dynreg->product_key, strlen(dynreg->product_key));
        buf_add_byte(&line, ',');
        rh_put_value(&line, dynreg->device_name, strlen(dynreg->device_name));
        buf_add_byte(&line, ',');
        rh_put_value(&line, dynreg->product_secret, strlen(dynreg->product_secret));
        rh_info(call, &line, true);
    }
    return AT_OK;
}

void rh_dynreg_free(struct rh *rh)
{
    struct rh_dynreg *dynreg = &rh->dynreg;
    registration_cancel(dynreg->registration);
    rh_forget(&dynreg->product_key);
    rh_forget(&dynreg->device_name);
    rh_forget_secret(&dynreg->product_secret);
    for (int mode = 0; mode < RH_RESULTS; mode++) {
        for (int i = 0; i < RH_RESULT_TEXTS; i++) {
            rh_forget_secret(&dynreg->results[mode][i]);
        }
    }
    *dynreg = (struct rh_dynreg){0};
}
