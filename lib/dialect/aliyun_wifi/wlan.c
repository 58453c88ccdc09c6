/* CWMODE, CWJAP, IWIFICONNECT, CWQAP, CWLAP, INETSTAT, IREADMAC. */
#include <string.h>

#include "base/log.h"
#include "dialect/aliyun_wifi/instance.h"
#include "dialect/identity.h"
#include "service/env.h"
#include "settings/settings.h"

enum { MODE_OFF, MODE_STATION, MODE_AP, MODE_BOTH };

static bool is_station(const struct aw *aw)
{
    long mode = kept_number(&aw->kept, AW_WIFI_MODE);
    return mode == MODE_STATION || mode == MODE_BOTH;
}

/* ---- INETSTAT, IREADMAC ---- */

static void put_state(const struct aw *aw, struct buf *line)
{
    static const int numbers[] = {[WIFI_NEVER] = 1, [WIFI_JOINED] = 4, [WIFI_LOST] = 5};
    const struct wifi *wifi = aw->wlan.wifi;
    buf_printf(line, "+INETSTAT:%d,%s,%s", numbers[wifi_state(wifi)], wifi_ip(wifi),
               wifi_mac(wifi));
}

static at_result state_execute(void *ctx, struct at_call *call)
{
    struct buf line = {0};
    put_state(ctx, &line);
    at_info_bytes(call->at, call->ticket, buf_bytes(&line), buf_len(&line), false);
    buf_free(&line);
    return AT_OK;
}

static at_result mac_execute(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    at_info(call->at, call->ticket, "+IREADMAC:%s", wifi_mac(aw->wlan.wifi));
    return AT_OK;
}

static void changed(void *ctx)
{
    struct aw *aw = ctx;
    struct buf line = {0};
    put_state(aw, &line);
    at_urc(aw->env.at, &(struct at_urc){.line = buf_bytes(&line),
                                        .len = buf_len(&line),
                                        .boot = aw->wlan.booting});
    buf_free(&line);
}

static void joined(void *ctx, enum wifi_outcome outcome)
{
    struct aw *aw = ctx;
    aw->wlan.booting = false;
    if (outcome != WIFI_DONE) {
        log_warning(aw->env.log, "wifi: not joined: %s", wifi_outcome_text(outcome));
    }
}

/* ---- CWLAP ---- */

/* A stranger chose the name: it must not forge a line. */
static void printable(const char *ssid, char shown[WIFI_SSID_MAX + 1])
{
    size_t i = 0;
    for (; i < WIFI_SSID_MAX && ssid[i]; i++) {
        unsigned char byte = (unsigned char)ssid[i];
        shown[i] = byte < 0x20 || byte == 0x7f || byte == '"' ? '?' : ssid[i];
    }
    shown[i] = '\0';
}

static void scanned(void *ctx, enum wifi_outcome outcome, const struct wifi_ap *aps, size_t count)
{
    struct aw *aw = ctx;
    if (!aw->wlan.scanning) {
        return;
    }
    aw->wlan.scanning = false;
    if (outcome != WIFI_DONE) {
        log_warning(aw->env.log, "wifi: no scan: %s", wifi_outcome_text(outcome));
    }
    for (size_t i = 0; i < count; i++) {
        char ssid[WIFI_SSID_MAX + 1];
        printable(aps[i].ssid, ssid);
        at_info(aw->env.at, aw->waiting, "+CWLAP:(%d,\"%s\",%d,\"%s\",%d)", (int)aps[i].security,
                ssid, aps[i].rssi, aps[i].bssid, aps[i].channel);
    }
    at_finish(aw->env.at, aw->waiting, outcome == WIFI_DONE ? AT_OK : AW_NOT_SUPPORTED);
}

static at_result scan_execute(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    if (kept_number(&aw->kept, AW_WIFI_MODE) == MODE_OFF) {
        return AW_WRONG_MODE;
    }
    aw->wlan.scanning = true;
    aw->waiting = call->ticket;
    wifi_scan(aw->wlan.wifi);
    return AT_PENDING;
}

/* ---- joining and leaving ---- */

static at_result join(struct aw *aw, const struct at_call *call)
{
    if (!is_station(aw)) {
        return AW_WRONG_MODE;
    }
    const struct at_value *psk = &call->params[1];
    aw->wlan.booting = false;
    return wifi_join(aw->wlan.wifi, call->params[0].text, psk->present ? psk->text : "")
               ? AT_OK
               : AW_ERROR_PARAMETER;
}

static at_result join_set(void *ctx, struct at_call *call)
{
    return join(ctx, call);
}

static at_result join_and_save_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct kept_changes set = {.kept = &aw->kept};
    at_result result = join(aw, call);
    if (result != AT_OK || call->params[2].number != 1) {
        return result;
    }
    kept_change_given_text(&set, AW_WIFI_SSID, &call->params[0]);
    kept_change_given_text(&set, AW_WIFI_PSK, &call->params[1]);
    return kept_save(&set, call);
}

static at_result leave_execute(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    (void)call;
    wifi_leave(aw->wlan.wifi);
    return AT_OK;
}

static at_result mode_read(void *ctx, struct at_call *call)
{
    const struct aw *aw = ctx;
    at_info(call->at, call->ticket, "+CWMODE:%ld", kept_number(&aw->kept, AW_WIFI_MODE));
    return AT_OK;
}

static at_result mode_set(void *ctx, struct at_call *call)
{
    struct aw *aw = ctx;
    struct kept_changes set = {.kept = &aw->kept};
    long mode = (long)call->params[0].number;
    if (mode != MODE_STATION && mode != MODE_BOTH) {
        wifi_leave(aw->wlan.wifi);
    }
    kept_change_number(&set, AW_WIFI_MODE, mode);
    return kept_save(&set, call);
}

void aw_adopt(struct aw *aw, const char *ssid, const char *psk)
{
    if (is_station(aw)) {
        wifi_join(aw->wlan.wifi, ssid, psk);
    } else {
        log_warning(aw->env.log, "wifi: not in station mode: the network is stored, not joined");
    }
}

/* ---- life ---- */

static const struct wifi_events wifi_events = {
    .changed = changed,
    .joined = joined,
    .scanned = scanned,
};

void aw_wlan_power_on(struct aw *aw)
{
    const struct identity_settings *identity =
        settings_of(aw->env.settings, &identity_settings_group);
    struct ev_loop *loop = aw->env.services->loop;
    const struct wifi_options options = {
        .settings = settings_of(aw->env.settings, &network_settings_group),
        .name = aw->env.name,
        .mac = identity->mac,
    };
    aw->wlan.wifi = wifi_create(loop, aw->env.log, &options, &wifi_events, aw);
    aw->wlan.provision = provision_create(loop, aw->env.log,
                                          settings_of(aw->env.settings, &provision_settings_group),
                                          &aw_provision_events, aw);
    const char *ssid = kept_text(&aw->kept, AW_WIFI_SSID);
    if (*ssid && is_station(aw)) {
        aw->wlan.booting = wifi_join(aw->wlan.wifi, ssid, kept_text(&aw->kept, AW_WIFI_PSK));
    }
}

void aw_wlan_power_off(struct aw *aw)
{
    provision_destroy(aw->wlan.provision);
    wifi_destroy(aw->wlan.wifi);
    aw->wlan = (struct aw_wlan){0};
}

/* ---- the table ---- */

#define SSID                                                                                       \
    {                                                                                              \
        .name = "ssid", .type = AT_STRING, .min = 1, .max = WIFI_SSID_MAX, .valid = text_no_nul    \
    }
/* Present, but it may be empty: an open network. */
#define PASSWORD                                                                                   \
    {                                                                                              \
        .name = "passwd", .type = AT_STRING, .max = 63, .flags = AT_SECRET | AT_EMPTY,             \
        .valid = text_no_nul                                                                       \
    }

static const struct at_param join_params[] = {SSID, PASSWORD};
static const struct at_param save_params[] = {
    SSID, PASSWORD, {.name = "save", .type = AT_INT, .max = 1, .flags = AT_OPTIONAL}};
static const struct at_param mode_params[] = {{.name = "mode", .type = AT_INT, .max = MODE_BOTH}};

static const struct at_command rows[] = {
    {.name = "+CWMODE",
     .forms = AT_READ | AT_SET,
     .faults = aw_config_faults,
     AT_PARAMS(mode_params),
     .read = mode_read,
     .set = mode_set,
     .help = "set the wifi mode save into flash"},
    {.name = "+CWJAP",
     .forms = AT_SET,
     .faults = aw_config_faults,
     AT_PARAMS(join_params),
     .set = join_set,
     .help = "join ap and do not save into flash"},
    {.name = "+CWLAP", .forms = AT_EXECUTE, .execute = scan_execute, .help = "scan the ap near"},
    {.name = "+CWQAP", .forms = AT_EXECUTE, .execute = leave_execute, .help = "leave the ap"},
    {.name = "+IWIFICONNECT",
     .forms = AT_SET,
     .faults = aw_config_faults,
     AT_PARAMS(save_params),
     .set = join_and_save_set,
     .help = "join ap and perhaps save into flash"},
    {.name = "+INETSTAT",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+INETSTAT",
     .execute = state_execute,
     .help = "state of the network, address, MAC"},
    {.name = "+IREADMAC",
     .forms = AT_TEST | AT_EXECUTE,
     .test = "+IREADMAC",
     .execute = mac_execute,
     .help = "MAC address"},
};

const struct at_table aw_wlan_table = {rows, sizeof rows / sizeof *rows};
