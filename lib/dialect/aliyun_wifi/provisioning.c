/* IBLECONFIGSTART, IBLECONFIGSTOP, IAPCONFIGSTART, IAPCONFIGSTOP. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "dialect/aliyun_wifi/instance.h"

enum { MODE_ERASE, MODE_SECURE, MODE_PLAIN };

static const char default_prefix[] = "BL60X_uAP";

/* ---- what comes ---- */

static void adopted(void *ctx, bool ok)
{
    struct aw *aw = ctx;
    if (ok) {
        aw_adopt(aw, kept_text(&aw->kept, AW_WIFI_SSID), kept_text(&aw->kept, AW_WIFI_PSK));
    }
}

/* Stored first: what was provisioned survives a power cut. */
static void given(void *ctx, const char *ssid, const char *psk)
{
    struct aw *aw = ctx;
    struct kept_changes set = {.kept = &aw->kept};
    kept_change_text(&set, AW_WIFI_SSID, ssid, strlen(ssid));
    kept_change_text(&set, AW_WIFI_PSK, psk, strlen(psk));
    if (!kept_store(&set, adopted, aw)) {
        adopted(aw, true);
    }
}

const struct provision_events aw_provision_events = {.given = given};

/* ---- START ---- */

static at_result erase(struct aw *aw, const struct at_call *call)
{
    struct kept_changes set = {.kept = &aw->kept};
    kept_change_text(&set, AW_WIFI_SSID, NULL, 0);
    kept_change_text(&set, AW_WIFI_PSK, NULL, 0);
    provision_stop(aw->wlan.provision);
    return kept_save(&set, call);
}

static const char *text_of(const struct at_value *value)
{
    return value && value->present && value->len ? value->text : NULL;
}

/* mode: of the parameters, NULL as if 1; key: likewise. */
static at_result start(struct aw *aw, const struct at_call *call, const struct at_value *key,
                       struct provision_options *options)
{
    int64_t mode = call->form == AT_SET ? call->params[0].number : MODE_SECURE;
    if (key && key->present && key->len && key->len != PROVISION_KEY_LEN) {
        return AW_INVALID_PARAMETER;
    }
    if (mode == MODE_ERASE) {
        return erase(aw, call);
    }
    if (mode == MODE_PLAIN) {
        return AW_NOT_SUPPORTED;
    }
    options->key = text_of(key);
    options->ssid = aw->settings->provision_ssid;
    options->psk = aw->settings->provision_psk;
    provision_start(aw->wlan.provision, options);
    return AT_OK;
}

static at_result ble_start(void *ctx, struct at_call *call)
{
    struct provision_options options = {.kind = PROVISION_BLE};
    return start(ctx, call, &call->params[1], &options);
}

/* The name ends in the last three bytes of the MAC, in hexadecimal digits. */
static char *ap_name(const struct aw *aw, const char *prefix)
{
    const char *mac = wifi_mac(aw->wlan.wifi);
    size_t len = strlen(mac);
    const char *tail = len >= 8 ? mac + len - 8 : "00:00:00";
    return mem_printf("%s_%.2s%.2s%.2s", prefix, tail, tail + 3, tail + 6);
}

static at_result ap_start(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    const char *prefix = text_of(&call->params[1]);
    char *name = ap_name(aw, prefix ? prefix : default_prefix);
    struct provision_options options = {
        .kind = PROVISION_AP,
        .ap_ssid = name,
        .ap_psk = text_of(&call->params[2]),
    };
    at_result result = start(aw, call, &call->params[3], &options);
    free(name);
    return result;
}

static at_result stop(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    (void)call;
    provision_stop(aw->wlan.provision);
    return AT_OK;
}

/* ---- the table ---- */

#define MODE                                                                                       \
    {                                                                                              \
        .name = "mode", .type = AT_INT, .max = MODE_PLAIN                                          \
    }
#define KEY                                                                                        \
    {                                                                                              \
        .name = "aes_key", .type = AT_STRING, .max = PROVISION_KEY_LEN,                            \
        .flags = AT_OPTIONAL | AT_SECRET                                                           \
    }

static const struct at_param ble_params[] = {MODE, KEY};
static const struct at_param ap_params[] = {
    MODE,
    {.name = "ap_ssid_prefix",
     .type = AT_STRING,
     .max = 25,
     .flags = AT_OPTIONAL,
     .valid = text_no_nul},
    {.name = "ap_passwd",
     .type = AT_STRING,
     .max = 63,
     .flags = AT_OPTIONAL | AT_SECRET,
     .valid = text_no_nul},
    KEY,
};

static const struct at_command rows[] = {
    {.name = "+IBLECONFIGSTART",
     .forms = AT_TEST | AT_SET | AT_EXECUTE,
     AT_PARAMS(ble_params),
     .test = "+IBLECONFIGSTART=<mode>,[aes_key]",
     .set = ble_start,
     .execute = ble_start,
     .help = "start provisioning by BLE (1), or erase the wifi config (0)"},
    {.name = "+IBLECONFIGSTOP",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IBLECONFIGSTOP",
     .execute = stop,
     .help = "stop provisioning by BLE"},
    {.name = "+IAPCONFIGSTART",
     .forms = AT_TEST | AT_SET | AT_EXECUTE,
     AT_PARAMS(ap_params),
     .test = "+IAPCONFIGSTART=<mode>,[ap_ssid_prefix],[ap_passwd],[aes_key]",
     .set = ap_start,
     .execute = ap_start,
     .help = "start provisioning by an access point (1), or erase the wifi config (0)"},
    {.name = "+IAPCONFIGSTOP",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IAPCONFIGSTOP",
     .execute = stop,
     .help = "stop provisioning by an access point"},
};

const struct at_table aw_provision_table = {rows, sizeof rows / sizeof *rows};
