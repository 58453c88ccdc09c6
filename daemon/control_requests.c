/* What a client of the control socket can ask for. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/control_client.h"
#include "daemon/fleet.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "net/provision.h"
#include "net/wifi.h"

/* ---- answers ---- */

/* {"ok":true}, with the request's id if it had one. */
static cJSON *answer(const cJSON *request, bool ok)
{
    cJSON *object = cJSON_CreateObject();
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    if (id) {
        cJSON_AddItemToObject(object, "id", cJSON_Duplicate(id, true));
    }
    cJSON_AddBoolToObject(object, "ok", ok);
    return object;
}

static void refuse(struct control_client *client, const cJSON *request, const char *error)
{
    cJSON *object = answer(request, false);
    cJSON_AddStringToObject(object, "error", error);
    control_client_send(client, object);
}

static const char *text_of(const cJSON *request, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, name));
}

/* The modem that the request names, or the only one. NULL: refused already. */
static const char *modem_name(struct control_client *client, const cJSON *request)
{
    const struct fleet *fleet = control_fleet(client->control);
    const char *name = text_of(request, "modem");
    if (!name && fleet_count(fleet) == 1) {
        struct fleet_entry only = fleet_entry(fleet, 0);
        free(only.port);
        name = only.name;
    }
    if (!name) {
        refuse(client, request, "there are several modems: say which one");
    } else if (!fleet_find(fleet, name)) {
        refuse(client, request, "there is no such modem; `list` names them");
        name = NULL;
    }
    return name;
}

/* ---- list and status ---- */

static void add_wifi(cJSON *object, const struct dialect_wifi *of)
{
    static const char *const states[] = {
        [WIFI_NEVER] = "never", [WIFI_JOINED] = "joined", [WIFI_LOST] = "lost"};
    static const char *const provisioning[] = {
        [PROVISION_IDLE] = "none", [PROVISION_BLE] = "ble", [PROVISION_AP] = "ap"};
    cJSON *wifi = cJSON_AddObjectToObject(object, "wifi");
    bool joining = wifi_joining(of->wifi);
    cJSON_AddStringToObject(wifi, "state", joining ? "joining" : states[wifi_state(of->wifi)]);
    cJSON_AddStringToObject(wifi, "ssid", wifi_ssid(of->wifi));
    cJSON_AddStringToObject(wifi, "ip", wifi_ip(of->wifi));
    cJSON_AddStringToObject(wifi, "mac", wifi_mac(of->wifi));
    cJSON_AddStringToObject(wifi, "provisioning", provisioning[provision_state(of->provision)]);
}

static cJSON *describe(const struct fleet_entry *entry)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "name", entry->name);
    cJSON_AddStringToObject(object, "dialect", entry->dialect->id);
    cJSON_AddStringToObject(object, "port", entry->port);
    cJSON_AddBoolToObject(object, "on", entry->modem != NULL);
    if (entry->modem) {
        struct modem_status status = modem_status(entry->modem);
        cJSON_AddBoolToObject(object, "host", status.host);
        cJSON_AddStringToObject(object, "connection", status.connection);
    }
    return object;
}

static void list(struct control_client *client, const cJSON *request)
{
    const struct fleet *fleet = control_fleet(client->control);
    cJSON *object = answer(request, true);
    cJSON *modems = cJSON_AddArrayToObject(object, "modems");
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        struct fleet_entry entry = fleet_entry(fleet, i);
        cJSON_AddItemToArray(modems, describe(&entry));
        free(entry.port);
    }
    control_client_send(client, object);
}

static void add_counters(cJSON *object, const struct at_counters *counters)
{
    cJSON *group = cJSON_AddObjectToObject(object, "counters");
    cJSON_AddNumberToObject(group, "commands", (double)counters->commands);
    cJSON_AddNumberToObject(group, "errors", (double)counters->errors);
    cJSON_AddNumberToObject(group, "urcs", (double)counters->urcs);
    cJSON_AddNumberToObject(group, "urcs_dropped", (double)counters->urcs_dropped);
    cJSON_AddNumberToObject(group, "bytes_in", (double)counters->bytes_in);
    cJSON_AddNumberToObject(group, "bytes_out", (double)counters->bytes_out);
}

static void status(struct control_client *client, const cJSON *request)
{
    const struct fleet *fleet = control_fleet(client->control);
    const char *name = modem_name(client, request);
    for (size_t i = 0; name && i < fleet_count(fleet); i++) {
        struct fleet_entry entry = fleet_entry(fleet, i);
        if (strcmp(entry.name, name) == 0) {
            cJSON *object = answer(request, true);
            cJSON *modem = describe(&entry);
            struct modem_status state = modem_status(entry.modem);
            struct dialect_wifi wifi;
            if (modem_wifi(entry.modem, &wifi)) {
                add_wifi(modem, &wifi);
            }
            add_counters(modem, &state.counters);
            cJSON_AddItemToObject(object, "modem", modem);
            control_client_send(client, object);
        }
        free(entry.port);
    }
}

/* ---- Wi-Fi ---- */

/* That of the modem in question, and its name. NULL: refused already. */
static const char *find_wifi(struct control_client *client, const cJSON *request,
                             struct dialect_wifi *wifi)
{
    const char *name = modem_name(client, request);
    if (name && !modem_wifi(fleet_find(control_fleet(client->control), name), wifi)) {
        refuse(client, request, "this modem is no Wi-Fi one");
        name = NULL;
    }
    return name;
}

static bool is_text(const char *text, size_t min, size_t max)
{
    return text && strlen(text) >= min && strlen(text) <= max;
}

static void give(struct control_client *client, const cJSON *request, const char *ssid,
                 const char *psk)
{
    struct dialect_wifi wifi;
    const char *name = find_wifi(client, request, &wifi);
    if (!name) {
        return;
    }
    if (provision_give(wifi.provision, ssid, psk)) {
        control_client_send(client, answer(request, true));
        return;
    }
    char *error = mem_printf("%s is not waiting for provisioning: %s is needed first", name,
                             wifi.provision_start);
    refuse(client, request, error);
    free(error);
}

static void provision(struct control_client *client, const cJSON *request)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(request, "psk");
    char *psk = cJSON_GetStringValue(item);
    const char *ssid = text_of(request, "ssid");
    if (!is_text(ssid, 1, PROVISION_SSID_MAX)) {
        refuse(client, request, "`ssid` wants a text of 1 to 32 bytes");
    } else if (item && !is_text(psk, 0, PROVISION_PSK_MAX)) {
        refuse(client, request, "`psk` wants a text of up to 64 bytes");
    } else {
        give(client, request, ssid, psk);
    }
    if (psk) {
        mem_wipe(psk, strlen(psk));
    }
}

static void wifi_link(struct control_client *client, const cJSON *request)
{
    struct dialect_wifi wifi;
    const char *state = text_of(request, "state");
    bool up = state && strcmp(state, "up") == 0;
    if (!up && (!state || strcmp(state, "down") != 0)) {
        refuse(client, request, "`state` wants up or down");
    } else if (!find_wifi(client, request, &wifi)) {
        return;
    } else if (!wifi_sim_link(wifi.wifi, up)) {
        refuse(client, request, "its Wi-Fi is the host's own (network.provider), not simulated");
    } else {
        cJSON *object = answer(request, true);
        add_wifi(object, &wifi);
        control_client_send(client, object);
    }
}

/* ---- console ---- */

static void add_commands(cJSON *object, const struct at_table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        char name[64] = "AT";
        strncat(name, table->rows[i].name, sizeof name - 3);
        cJSON_AddItemToArray(object, cJSON_CreateString(name));
    }
}

static void console(struct control_client *client, const cJSON *request)
{
    const char *name = modem_name(client, request);
    if (!name) {
        return;
    }
    cJSON *object = answer(request, true);
    cJSON_AddStringToObject(object, "modem", name);
    cJSON *commands = cJSON_AddArrayToObject(object, "commands");
    const struct dialect *dialect =
        dialect_find(modem_status(fleet_find(control_fleet(client->control), name)).dialect);
    for (size_t i = 0; i < dialect->table_count; i++) {
        add_commands(commands, dialect->tables[i]);
    }
    add_commands(commands, &at_v250_table);
    control_client_send(client, object);
    control_attach(client, name);
}

static void line(struct control_client *client, const cJSON *request)
{
    const char *text = text_of(request, "line");
    struct modem *modem =
        client->console ? fleet_find(control_fleet(client->control), client->console) : NULL;
    if (!text) {
        refuse(client, request, "`line` wants a text");
    } else if (!modem) {
        refuse(client, request, "this connection is no console of a modem");
    } else if (!modem_console_line(modem, text, strlen(text))) {
        refuse(client, request, "too much waits already, or there is a line end in it");
    } else {
        control_client_send(client, answer(request, true));
    }
}

/* ---- all ---- */

static const struct {
    const char *name;
    void (*carry_out)(struct control_client *client, const cJSON *request);
} requests[] = {
    {"list", list}, {"status", status},       {"console", console},
    {"line", line}, {"provision", provision}, {"wifi", wifi_link},
};

void control_request(struct control_client *client, const char *text)
{
    cJSON *request = cJSON_Parse(text);
    const char *name = text_of(request, "do");
    size_t i = 0;
    while (name && i < sizeof requests / sizeof *requests && strcmp(requests[i].name, name) != 0) {
        i++;
    }
    if (!name) {
        refuse(client, request, "not a request: a JSON object with a text `do` is wanted");
    } else if (i == sizeof requests / sizeof *requests) {
        refuse(client, request, "no such request");
    } else {
        requests[i].carry_out(client, request);
    }
    cJSON_Delete(request);
}
