/* atmodemctl: talks to a running atmodemd over its control socket. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/ctl/client.h"
#include "daemon/ctl/console.h"

enum { EXIT_USAGE = 2 };

static const char usage[] =
    "Usage: atmodemctl [OPTION]... COMMAND [MODEM]\n"
    "\n"
    "  list              the modems, a line each: name, dialect, host there, connection, port\n"
    "  status [MODEM]    one modem in full\n"
    "  console [MODEM]   AT commands by hand: editing, history, completion\n"
    "\n"
    "MODEM may be left out where there is only one.\n"
    "\n"
    "  -S, --runtime-dir DIR   the daemon's runtime folder; default /run/atmodemd, then the\n"
    "                          user's state folder\n"
    "  -j, --json              answers as the daemon gives them\n"
    "  -V, --version\n"
    "  -h, --help\n";

struct request {
    struct client *client;
    const char *modem; /* NULL: not named */
    bool json;
};

static cJSON *ask(const struct request *request, const char *what)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "do", what);
    if (request->modem) {
        cJSON_AddStringToObject(object, "modem", request->modem);
    }
    return client_ask(request->client, object);
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value ? value : "-";
}

static bool is_true(const cJSON *object, const char *name)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static void print_json(const cJSON *object)
{
    char *line = cJSON_PrintUnformatted(object);
    puts(line);
    cJSON_free(line);
}

static bool list(const struct request *request)
{
    cJSON *answer = ask(request, "list");
    if (answer && request->json) {
        print_json(answer);
    } else if (answer) {
        const cJSON *modem;
        cJSON_ArrayForEach(modem, cJSON_GetObjectItemCaseSensitive(answer, "modems"))
        {
            printf("%s\t%s\t%s\t%s\t%s\n", text(modem, "name"), text(modem, "dialect"),
                   is_true(modem, "host") ? "host" : "no host",
                   is_true(modem, "on") ? text(modem, "connection") : "could not be powered on",
                   text(modem, "port"));
        }
    }
    cJSON_Delete(answer);
    return answer;
}

static bool status(const struct request *request)
{
    cJSON *answer = ask(request, "status");
    const cJSON *modem = cJSON_GetObjectItemCaseSensitive(answer, "modem");
    if (answer && request->json) {
        print_json(answer);
    } else if (answer) {
        printf("%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n", "modem", text(modem, "name"),
               "dialect", text(modem, "dialect"), "port", text(modem, "port"), "host",
               is_true(modem, "host") ? "there" : "none", "connection", text(modem, "connection"));
        const cJSON *counter;
        cJSON_ArrayForEach(counter, cJSON_GetObjectItemCaseSensitive(modem, "counters"))
        {
            printf("%-13s %.0f\n", counter->string, cJSON_GetNumberValue(counter));
        }
    }
    cJSON_Delete(answer);
    return answer;
}

static bool console(const struct request *request)
{
    return console_run(request->client, request->modem);
}

static const struct {
    const char *name;
    bool takes_modem;
    bool (*carry_out)(const struct request *request);
} commands[] = {
    {"list", false, list},
    {"status", true, status},
    {"console", true, console},
};

static int run(int argc, char **argv, const char *dir, bool json)
{
    size_t i = 0;
    while (argc > 0 && i < sizeof commands / sizeof *commands &&
           strcmp(commands[i].name, argv[0]) != 0) {
        i++;
    }
    if (argc < 1 || i == sizeof commands / sizeof *commands || argc > 1 + commands[i].takes_modem) {
        fputs("atmodemctl: list, status [MODEM] or console [MODEM] is wanted; see --help\n",
              stderr);
        return EXIT_USAGE;
    }
    struct client client;
    if (!client_connect(&client, dir)) {
        return EXIT_FAILURE;
    }
    bool ok = commands[i].carry_out(
        &(struct request){.client = &client, .modem = argc > 1 ? argv[1] : NULL, .json = json});
    client_close(&client);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"runtime-dir", required_argument, NULL, 'S'},
        {"json", no_argument, NULL, 'j'},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *dir = NULL;
    bool json = false;
    int option;
    while ((option = getopt_long(argc, argv, "S:jVh", longs, NULL)) != -1) {
        switch (option) {
        case 'S':
            dir = optarg;
            break;
        case 'j':
            json = true;
            break;
        case 'V':
            puts("atmodemctl " ATMODEMD_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            fputs(usage, stdout);
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    return run(argc - optind, argv + optind, dir, json);
}
