/* monitor, power, urc, reload. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "daemon/fleet.h"
#include "modem/modem.h"

/* One modem where it is named, else all. */
void control_watch(struct control_client *client, const cJSON *request)
{
    const char *name = control_text(request, "modem");
    if (name && !control_modem(client, request)) {
        return;
    }
    control_client_send(client, control_answer(request, true));
    control_monitor(client, name);
}

void control_power(struct control_client *client, const cJSON *request)
{
    const char *state = control_text(request, "state");
    bool on = state && strcmp(state, "on") == 0;
    bool off = state && strcmp(state, "off") == 0;
    bool cycle = state && strcmp(state, "cycle") == 0;
    struct modem *modem = control_modem(client, request);
    if (!modem) {
        return;
    }
    if (!on && !off && !cycle) {
        control_refuse(client, request, "`state` wants on, off or cycle");
        return;
    }
    if (off || cycle) {
        modem_power(modem, false);
    }
    if (on || cycle) {
        modem_power(modem, true);
    }
    cJSON *object = control_answer(request, true);
    cJSON_AddBoolToObject(object, "powered", modem_status(modem).powered);
    control_client_send(client, object);
}

static bool printable(const char *text)
{
    while ((unsigned char)*text >= ' ' && *text != 0x7f) {
        text++;
    }
    return *text == '\0';
}

void control_urc(struct control_client *client, const cJSON *request)
{
    enum { LINE_MAX_LEN = 4096 };
    const char *line = control_text(request, "line");
    struct modem *modem = control_modem(client, request);
    if (!modem) {
        return;
    }
    if (!line || !*line || strlen(line) > LINE_MAX_LEN || !printable(line)) {
        control_refuse(client, request,
                       "`line` wants a text of 1 to 4096 bytes without control characters");
    } else if (!modem_urc(modem, line, strlen(line))) {
        control_refuse(client, request, "it is off; `power on` switches it on");
    } else {
        control_client_send(client, control_answer(request, true));
    }
}

void control_reload_request(struct control_client *client, const cJSON *request)
{
    char *error = NULL;
    if (control_reload(client->control, &error)) {
        cJSON *object = control_answer(request, true);
        cJSON_AddNumberToObject(object, "modems",
                                (double)fleet_count(control_fleet(client->control)));
        control_client_send(client, object);
    } else {
        char *text = mem_printf("nothing has changed: %s", error);
        control_refuse(client, request, text);
        free(text);
    }
    free(error);
}
