/* provision, wifi: a Wi-Fi modem. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/provision.h"
#include "net/wifi.h"

void control_add_wifi(cJSON *object, const struct modem *modem)
{
    struct dialect_wifi of;
    if (!modem_wifi(modem, &of)) {
        return;
    }
    static const char *const states[] = {
        [WIFI_NEVER] = "never", [WIFI_JOINED] = "joined", [WIFI_LOST] = "lost"};
    static const char *const provisioning[] = {
        [PROVISION_IDLE] = "none", [PROVISION_BLE] = "ble", [PROVISION_AP] = "ap"};
    cJSON *wifi = cJSON_AddObjectToObject(object, "wifi");
    bool joining = wifi_joining(of.wifi);
    cJSON_AddStringToObject(wifi, "state", joining ? "joining" : states[wifi_state(of.wifi)]);
    cJSON_AddStringToObject(wifi, "ssid", wifi_ssid(of.wifi));
    cJSON_AddStringToObject(wifi, "ip", wifi_ip(of.wifi));
    cJSON_AddStringToObject(wifi, "mac", wifi_mac(of.wifi));
    cJSON_AddStringToObject(wifi, "provisioning", provisioning[provision_state(of.provision)]);
}

/* The modem in question, and its Wi-Fi. NULL: refused already. */
static struct modem *find(struct control_client *client, const cJSON *request,
                          struct dialect_wifi *wifi)
{
    struct modem *modem = control_modem(client, request);
    if (modem && !modem_wifi(modem, wifi)) {
        control_refuse(client, request, "this modem is no Wi-Fi one");
        modem = NULL;
    }
    return modem;
}

static bool is_text(const char *text, size_t min, size_t max)
{
    return text && strlen(text) >= min && strlen(text) <= max;
}

static void give(struct control_client *client, const cJSON *request, const char *ssid,
                 const char *psk)
{
    struct dialect_wifi wifi;
    const struct modem *modem = find(client, request, &wifi);
    if (!modem) {
        return;
    }
    if (provision_give(wifi.provision, ssid, psk)) {
        control_client_send(client, control_answer(request, true));
        return;
    }
    char *error = mem_printf("%s is not waiting for provisioning: %s is needed first",
                             modem_name(modem), wifi.provision_start);
    control_refuse(client, request, error);
    free(error);
}

void control_provision(struct control_client *client, const cJSON *request)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(request, "psk");
    char *psk = cJSON_GetStringValue(item);
    const char *ssid = control_text(request, "ssid");
    if (!is_text(ssid, 1, PROVISION_SSID_MAX)) {
        control_refuse(client, request, "`ssid` wants a text of 1 to 32 bytes");
    } else if (item && !is_text(psk, 0, PROVISION_PSK_MAX)) {
        control_refuse(client, request, "`psk` wants a text of up to 64 bytes");
    } else {
        give(client, request, ssid, psk);
    }
    if (psk) {
        mem_wipe(psk, strlen(psk));
    }
}

void control_wifi(struct control_client *client, const cJSON *request)
{
    struct dialect_wifi wifi;
    const struct modem *modem;
    const char *state = control_text(request, "state");
    bool up = state && strcmp(state, "up") == 0;
    if (!up && (!state || strcmp(state, "down") != 0)) {
        control_refuse(client, request, "`state` wants up or down");
    } else if (!(modem = find(client, request, &wifi))) {
        return;
    } else if (!wifi_sim_link(wifi.wifi, up)) {
        control_refuse(client, request,
                       "its Wi-Fi is the host's own (network.provider), not simulated");
    } else {
        cJSON *object = control_answer(request, true);
        control_add_wifi(object, modem);
        control_client_send(client, object);
    }
}
