#include "daemon/control_requests.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/control_client.h"
#include "daemon/control_watch.h"
#include "daemon/fleet.h"
#include "dialect/dialect.h"
#include "modem/modem.h"

/* ---- list and status ---- */

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
    cJSON *object = control_answer(request, true);
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
    const char *name = control_modem_name(client, request);
    for (size_t i = 0; name && i < fleet_count(fleet); i++) {
        struct fleet_entry entry = fleet_entry(fleet, i);
        if (strcmp(entry.name, name) == 0) {
            cJSON *object = control_answer(request, true);
            cJSON *modem = describe(&entry);
            struct modem_status state = modem_status(entry.modem);
            control_add_wifi(modem, entry.modem);
            control_add_network(modem, entry.modem);
            add_counters(modem, &state.counters);
            cJSON_AddItemToObject(object, "modem", modem);
            control_client_send(client, object);
        }
        free(entry.port);
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
    const char *name = control_modem_name(client, request);
    if (!name) {
        return;
    }
    cJSON *object = control_answer(request, true);
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

static void give_line(struct control_client *client, const cJSON *request, struct modem *modem,
                      const char *text)
{
    uint64_t number = modem_console_line(modem, text, strlen(text));
    if (number) {
        control_turn_add(client, number);
        control_client_send(client, control_answer(request, true));
    } else {
        control_refuse(client, request,
                       modem_status(modem).powered
                           ? "too much waits already, or there is a line end in it"
                           : "it is off; `power on` switches it on");
    }
}

static void line(struct control_client *client, const cJSON *request)
{
    const char *text = control_text(request, "line");
    struct modem *modem =
        client->console ? fleet_find(control_fleet(client->control), client->console) : NULL;
    if (!text) {
        control_refuse(client, request, "`line` wants a text");
    } else if (!modem) {
        control_refuse(client, request, "this connection is no console of a modem");
    } else {
        give_line(client, request, modem, text);
    }
}

/* ---- all ---- */

static const struct {
    const char *name;
    void (*carry_out)(struct control_client *client, const cJSON *request);
} requests[] = {
    {"list", list},
    {"status", status},
    {"console", console},
    {"line", line},
    {"network", control_network},
    {"signal", control_signal},
    {"registration", control_registration},
    {"monitor", control_watch},
    {"power", control_power},
    {"urc", control_urc},
    {"reload", control_reload_request},
    {"metrics", control_metrics},
    {"gpio", control_gpio},
    {"provision", control_provision},
    {"wifi", control_wifi},
};

void control_request(struct control_client *client, const char *text)
{
    cJSON *request = cJSON_Parse(text);
    const char *name = control_text(request, "do");
    size_t i = 0;
    while (name && i < sizeof requests / sizeof *requests && strcmp(requests[i].name, name) != 0) {
        i++;
    }
    if (!name) {
        control_refuse(client, request, "not a request: a JSON object with a text `do` is wanted");
    } else if (i == sizeof requests / sizeof *requests) {
        control_refuse(client, request, "no such request");
    } else {
        requests[i].carry_out(client, request);
    }
    cJSON_Delete(request);
}
