/* network, signal, registration: the simulated network of a cellular modem. */
#include <stdio.h>

#include "daemon/ctl/commands.h"

void print_network(const cJSON *object)
{
    const cJSON *dbm = cJSON_GetObjectItemCaseSensitive(object, "signal");
    if (cJSON_IsNumber(dbm)) {
        printf("%-13s %s\n", "registration", answer_text(object, "registration"));
        printf(dbm->valueint ? "%-13s %d dBm\n" : "%-13s none\n", "signal", dbm->valueint);
    }
}

bool command_network(const struct request *request)
{
    cJSON *object = request_new(request, "network");
    cJSON_AddStringToObject(object, "state", request->values[0]);
    return request_ask(request, object, print_network);
}

bool command_signal(const struct request *request)
{
    cJSON *object = request_new(request, "signal");
    request_add_number(object, "dbm", request->values[0]);
    return request_ask(request, object, print_network);
}

bool command_registration(const struct request *request)
{
    cJSON *object = request_new(request, "registration");
    cJSON_AddStringToObject(object, "registration", request->values[0]);
    return request_ask(request, object, print_network);
}
