/* power, reload, metrics. */
#include <stdio.h>

#include "daemon/ctl/commands.h"

static void print_powered(const cJSON *answer)
{
    puts(answer_true(answer, "powered") ? "on" : "off");
}

bool command_power(const struct request *request)
{
    cJSON *object = request_new(request, "power");
    cJSON_AddStringToObject(object, "state", request->values[0]);
    return request_ask(request, object, print_powered);
}

static void print_reloaded(const cJSON *answer)
{
    printf("%.0f modems\n",
           cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(answer, "modems")));
}

bool command_reload(const struct request *request)
{
    return request_ask(request, request_new(request, "reload"), print_reloaded);
}

static void print_metrics(const cJSON *answer)
{
    fputs(answer_text(answer, "text"), stdout);
}

bool command_metrics(const struct request *request)
{
    return request_ask(request, request_new(request, "metrics"), print_metrics);
}
