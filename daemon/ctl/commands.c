#include "daemon/ctl/commands.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/client.h"

const struct command commands[] = {
    {"list", "", "the modems, a line each: name, dialect, host there, connection, port", false, 0,
     .carry_out = command_list},
    {"status", "[MODEM]", "one modem in full", true, 0, .carry_out = command_status},
    {"metrics", "", "counters of all modems, in Prometheus' text format", false, 0,
     .carry_out = command_metrics},
    {"reload", "", "read the configuration again, as SIGHUP", false, 0,
     .carry_out = command_reload},
    {.name = "A modem's line"},
    {"console", "[MODEM]", "AT commands by hand: editing, history, completion", true, 0,
     .carry_out = command_console},
    {"send", "[MODEM] LINE", "one AT command; its answer, status 0 if it was a good one", true, 1,
     .carry_out = command_send},
    {"monitor", "[MODEM] [--only command,answer,data]",
     "what passes on the line of one modem, or of all; secrets masked", true, 0, .takes_only = true,
     .carry_out = command_monitor},
    {"urc", "[MODEM] LINE", "an unsolicited result, as if the module had made it", true, 1,
     .carry_out = command_urc},
    {"power", "[MODEM] on|off|cycle", "its power", true, 1, .carry_out = command_power},
    {.name = "The simulated network of a cellular modem"},
    {"network", "[MODEM] up|down", "its coverage", true, 1, .carry_out = command_network},
    {"signal", "[MODEM] DBM", "-140 to -1, 0: no signal", true, 1, .carry_out = command_signal},
    {"registration", "[MODEM] home|roaming|searching|denied|none", "", true, 1,
     .carry_out = command_registration},
    {.name = "GPIO lines of a modem"},
    {"gpio", "[MODEM] LINE 0|1|release", "a level that is applied to a simulated line", true, 2,
     .carry_out = command_gpio},
    {.name = "A Wi-Fi modem"},
    {"provision", "[MODEM] --ssid SSID [--password PASS]",
     "the network that it waits for, as a phone would give it;\n"
     "PASS - asks for the password, or reads it from stdin;\n"
     "without it an open network is meant",
     true, 0, .takes_ssid = true, .carry_out = command_provision},
    {"wifi", "[MODEM] up|down", "the simulated link", true, 1, .carry_out = command_wifi},
};
const int command_count = sizeof commands / sizeof *commands;

const struct command *command_find(const char *name)
{
    for (int i = 0; i < command_count; i++) {
        if (commands[i].carry_out && strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

cJSON *request_new(const struct request *request, const char *what)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "do", what);
    if (request->modem) {
        cJSON_AddStringToObject(object, "modem", request->modem);
    }
    return object;
}

bool request_ask(const struct request *request, cJSON *object, void (*print)(const cJSON *answer))
{
    cJSON *answer = client_ask(request->client, object);
    if (answer && request->json) {
        char *line = cJSON_PrintUnformatted(answer);
        puts(line);
        cJSON_free(line);
    } else if (answer) {
        print(answer);
    }
    cJSON_Delete(answer);
    return answer;
}

void request_add_number(cJSON *object, const char *name, const char *text)
{
    char *end = NULL;
    errno = 0;
    double number = strtod(text, &end);
    if (errno == 0 && end != text && *end == '\0') {
        cJSON_AddNumberToObject(object, name, number);
    }
}

const char *answer_text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value && *value ? value : "-";
}

void print_ok(const cJSON *answer)
{
    (void)answer;
    puts("ok");
}

bool answer_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}
