/* gpio: what is outside of simulated GPIO lines. */
#include <stdio.h>

#include "daemon/ctl/commands.h"

static void print_line(const cJSON *answer)
{
    printf("%s, level %.0f\n", answer_text(answer, "direction"),
           cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(answer, "level")));
}

bool command_gpio(const struct request *request)
{
    cJSON *object = request_new(request, "gpio");
    request_add_number(object, "line", request->values[0]);
    cJSON_AddStringToObject(object, "level", request->values[1]);
    return request_ask(request, object, print_line);
}
