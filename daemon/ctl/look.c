/* list, status, console. */
#include <stdio.h>

#include "daemon/ctl/commands.h"
#include "daemon/ctl/console.h"

static void print_list(const cJSON *answer)
{
    const cJSON *modem;
    cJSON_ArrayForEach(modem, cJSON_GetObjectItemCaseSensitive(answer, "modems"))
    {
        printf("%s\t%s\t%s\t%s\t%s\n", answer_text(modem, "name"), answer_text(modem, "dialect"),
               answer_true(modem, "host") ? "host" : "no host",
               answer_true(modem, "on") ? answer_text(modem, "connection")
                                        : "could not be powered on",
               answer_text(modem, "port"));
    }
}

bool command_list(const struct request *request)
{
    return request_ask(request, request_new(request, "list"), print_list);
}

static void print_status(const cJSON *answer)
{
    const cJSON *modem = cJSON_GetObjectItemCaseSensitive(answer, "modem");
    printf("%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n", "modem",
           answer_text(modem, "name"), "dialect", answer_text(modem, "dialect"), "port",
           answer_text(modem, "port"), "host", answer_true(modem, "host") ? "there" : "none",
           "connection", answer_text(modem, "connection"));
    print_network(modem);
    print_wifi(modem);
    const cJSON *counter;
    cJSON_ArrayForEach(counter, cJSON_GetObjectItemCaseSensitive(modem, "counters"))
    {
        printf("%-13s %.0f\n", counter->string, cJSON_GetNumberValue(counter));
    }
}

bool command_status(const struct request *request)
{
    return request_ask(request, request_new(request, "status"), print_status);
}

bool command_console(const struct request *request)
{
    return console_run(request->client, request->modem);
}
