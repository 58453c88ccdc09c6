/* What requests share: their answers, and the modem that they name. */
#include <stdlib.h>

#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "daemon/fleet.h"

cJSON *control_answer(const cJSON *request, bool ok)
{
    cJSON *object = cJSON_CreateObject();
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(request, "id");
    if (id) {
        cJSON_AddItemToObject(object, "id", cJSON_Duplicate(id, true));
    }
    cJSON_AddBoolToObject(object, "ok", ok);
    return object;
}

void control_refuse(struct control_client *client, const cJSON *request, const char *error)
{
    cJSON *object = control_answer(request, false);
    cJSON_AddStringToObject(object, "error", error);
    control_client_send(client, object);
}

const char *control_text(const cJSON *request, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, name));
}

const char *control_modem_name(struct control_client *client, const cJSON *request)
{
    const struct fleet *fleet = control_fleet(client->control);
    const char *name = control_text(request, "modem");
    if (!name && fleet_count(fleet) == 1) {
        struct fleet_entry only = fleet_entry(fleet, 0);
        free(only.port);
        name = only.name;
    }
    if (!name) {
        control_refuse(client, request, "there are several modems: say which one");
    } else if (!fleet_find(fleet, name)) {
        control_refuse(client, request, "there is no such modem; `list` names them");
        name = NULL;
    }
    return name;
}

struct modem *control_modem(struct control_client *client, const cJSON *request)
{
    const char *name = control_modem_name(client, request);
    return name ? fleet_find(control_fleet(client->control), name) : NULL;
}
