/* provision, wifi: a Wi-Fi modem. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/ctl/commands.h"
#include "daemon/ctl/password.h"

void print_wifi(const cJSON *object)
{
    const cJSON *wifi = cJSON_GetObjectItemCaseSensitive(object, "wifi");
    if (wifi) {
        printf("%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n", "wifi", answer_text(wifi, "state"),
               "network", answer_text(wifi, "ssid"), "address", answer_text(wifi, "ip"),
               "provisioning", answer_text(wifi, "provisioning"));
    }
}

bool command_provision(const struct request *request)
{
    bool from_stdin = request->password && strcmp(request->password, "-") == 0;
    char *password = from_stdin ? password_read() : NULL;
    if (from_stdin && !password) {
        return false;
    }
    cJSON *object = request_new(request, "provision");
    cJSON_AddStringToObject(object, "ssid", request->ssid);
    if (request->password) {
        cJSON_AddStringToObject(object, "psk", from_stdin ? password : request->password);
    }
    if (password) {
        mem_wipe(password, strlen(password));
        free(password);
    }
    return request_ask(request, object, print_ok);
}

bool command_wifi(const struct request *request)
{
    cJSON *object = request_new(request, "wifi");
    cJSON_AddStringToObject(object, "state", request->values[0]);
    return request_ask(request, object, print_wifi);
}
