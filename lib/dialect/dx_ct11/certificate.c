/* MQTTCERTIFI, HTTPCERTIFI: the certificate of the authority that a server must have; kept. */
#include <string.h>

#include "dialect/dx_ct11/instance.h"
#include "service/tls.h"

enum { LEN_MAX = 2048 };

/* A service's kept values. */
struct certificate {
    enum dx_kept type, text;
};
static const struct certificate of_mqtt = {DX_MQTT_CERT_TYPE, DX_MQTT_CERT};
static const struct certificate of_http = {DX_HTTP_CERT_TYPE, DX_HTTP_CERT};

/* Drops the old one, or asks for the new. */
static at_result begin(struct at_call *call, const struct certificate *of, struct kept_changes *set,
                       int type, size_t len)
{
    if (type == 1) {
        if (len == 0) {
            return DX_VALUE;
        }
        at_open_data(call, AT_END_COUNT, len, AT_PROMPT_CHEVRON);
        return AT_DATA;
    }
    kept_change_number(set, of->type, 0);
    kept_change_text(set, of->text, NULL, 0);
    return kept_save(set, call);
}

static at_result finish(struct kept_changes *set, const struct at_call *call,
                        const struct certificate *of, const char *bytes, size_t len)
{
    if (!text_no_nul(bytes, len) || !service_tls_is_certificate(bytes, len)) {
        return DX_VALUE;
    }
    kept_change_number(set, of->type, 1);
    kept_change_text(set, of->text, bytes, len);
    return kept_save(set, call);
}

/* ---- MQTTCERTIFI ---- */

enum { MQTT_MODE, MQTT_TYPE, MQTT_LEN };

static at_result mqtt_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    const char *text = kept_text(&dx->kept, DX_MQTT_CERT);
    at_info(call->at, call->ticket, "+MQTTCERTIFI:%ld,%ld,%zu,%s",
            kept_number(&dx->kept, DX_MQTT_CERT_MODE), kept_number(&dx->kept, DX_MQTT_CERT_TYPE),
            strlen(text), text);
    return AT_OK;
}

static at_result mqtt_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    struct kept_changes set = {.kept = &dx->kept};
    int type = (int)call->params[MQTT_TYPE].number;
    if (type == 0) {
        kept_change_number(&set, DX_MQTT_CERT_MODE, (long)call->params[MQTT_MODE].number);
    }
    return begin(call, &of_mqtt, &set, type, (size_t)call->params[MQTT_LEN].number);
}

static at_result mqtt_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    struct dx *dx = ctx;
    struct kept_changes set = {.kept = &dx->kept};
    kept_change_number(&set, DX_MQTT_CERT_MODE, (long)call->params[MQTT_MODE].number);
    return finish(&set, call, &of_mqtt, bytes, len);
}

/* ---- HTTPCERTIFI ---- */

enum { HTTP_TYPE, HTTP_LEN };

static at_result http_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    const char *text = kept_text(&dx->kept, DX_HTTP_CERT);
    at_info(call->at, call->ticket, "+HTTPCERTIFI:%ld,%zu,%s",
            kept_number(&dx->kept, DX_HTTP_CERT_TYPE), strlen(text), text);
    return AT_OK;
}

static at_result http_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    struct kept_changes set = {.kept = &dx->kept};
    return begin(call, &of_http, &set, (int)call->params[HTTP_TYPE].number,
                 (size_t)call->params[HTTP_LEN].number);
}

static at_result http_data(void *ctx, struct at_call *call, const char *bytes, size_t len)
{
    struct dx *dx = ctx;
    struct kept_changes set = {.kept = &dx->kept};
    return finish(&set, call, &of_http, bytes, len);
}

/* ---- the table ---- */

#define CERTIFICATE                                                                                \
    {.name = "verify_type", .type = AT_INT, .max = 1},                                             \
    {                                                                                              \
        .name = "verify_len", .type = AT_INT, .max = LEN_MAX                                       \
    }
static const struct at_param mqtt_params[] = {{.name = "mode", .type = AT_INT, .max = 1},
                                              CERTIFICATE};
static const struct at_param http_params[] = {CERTIFICATE};

static const struct at_command rows[] = {
    {.name = "+MQTTCERTIFI",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(mqtt_params),
     .read = mqtt_read,
     .set = mqtt_set,
     .data = mqtt_data,
     .help = "MQTT or MQTTS, and whom the server must be certified by; kept"},
    {.name = "+HTTPCERTIFI",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(http_params),
     .read = http_read,
     .set = http_set,
     .data = http_data,
     .help = "whom an HTTPS server must be certified by; kept"},
};

const struct at_table dx_certificate_table = {rows, sizeof rows / sizeof *rows};
