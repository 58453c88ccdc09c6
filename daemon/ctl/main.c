/* atmodemctl: talks to a running atmodemd over its control socket. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/ctl/client.h"
#include "daemon/ctl/console.h"
#include "daemon/ctl/password.h"

enum { EXIT_USAGE = 2, OPTION_SSID = 256, OPTION_PASSWORD };

static const char usage[] =
    "Usage: atmodemctl [OPTION]... COMMAND [MODEM] [VALUE]\n"
    "\n"
    "  list              the modems, a line each: name, dialect, host there, connection, port\n"
    "  status [MODEM]    one modem in full\n"
    "  console [MODEM]   AT commands by hand: editing, history, completion\n"
    "\n"
    "A Wi-Fi modem:\n"
    "  provision [MODEM] --ssid SSID [--password PASS]\n"
    "                          the network that it waits for, as a phone would give it;\n"
    "                          PASS - asks for the password, or reads it from stdin; without\n"
    "                          it an open network is meant\n"
    "  wifi [MODEM] up|down    the simulated link\n"
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
    const char *value; /* of the command, where it takes one */
    const char *ssid;
    const char *password;
    bool json;
};

static cJSON *new_request(const struct request *request, const char *what)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "do", what);
    if (request->modem) {
        cJSON_AddStringToObject(object, "modem", request->modem);
    }
    return object;
}

static cJSON *ask(const struct request *request, const char *what)
{
    return client_ask(request->client, new_request(request, what));
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
    return value && *value ? value : "-";
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

/* Of a Wi-Fi modem. */
static void print_wifi(const cJSON *object)
{
    const cJSON *wifi = cJSON_GetObjectItemCaseSensitive(object, "wifi");
    if (wifi) {
        printf("%-13s %s\n%-13s %s\n%-13s %s\n%-13s %s\n", "wifi", text(wifi, "state"), "network",
               text(wifi, "ssid"), "address", text(wifi, "ip"), "provisioning",
               text(wifi, "provisioning"));
    }
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
        print_wifi(modem);
        const cJSON *counter;
        cJSON_ArrayForEach(counter, cJSON_GetObjectItemCaseSensitive(modem, "counters"))
        {
            printf("%-13s %.0f\n", counter->string, cJSON_GetNumberValue(counter));
        }
    }
    cJSON_Delete(answer);
    return answer;
}

/* ---- Wi-Fi ---- */

static bool provision(const struct request *request)
{
    bool from_stdin = request->password && strcmp(request->password, "-") == 0;
    char *password = from_stdin ? password_read() : NULL;
    if (from_stdin && !password) {
        return false;
    }
    cJSON *object = new_request(request, "provision");
    cJSON_AddStringToObject(object, "ssid", request->ssid);
    if (request->password) {
        cJSON_AddStringToObject(object, "psk", from_stdin ? password : request->password);
    }
    if (password) {
        mem_wipe(password, strlen(password));
        free(password);
    }
    cJSON *answer = client_ask(request->client, object);
    if (answer && request->json) {
        print_json(answer);
    } else if (answer) {
        puts("ok");
    }
    cJSON_Delete(answer);
    return answer;
}

static bool wifi(const struct request *request)
{
    cJSON *object = new_request(request, "wifi");
    cJSON_AddStringToObject(object, "state", request->value);
    cJSON *answer = client_ask(request->client, object);
    if (answer && request->json) {
        print_json(answer);
    } else if (answer) {
        print_wifi(answer);
    }
    cJSON_Delete(answer);
    return answer;
}

/* ---- all ---- */

static bool console(const struct request *request)
{
    return console_run(request->client, request->modem);
}

static const struct {
    const char *name;
    bool takes_modem;
    bool takes_value; /* behind the modem */
    bool takes_ssid;
    bool (*carry_out)(const struct request *request);
} commands[] = {
    {"list", false, false, false, list},      {"status", true, false, false, status},
    {"console", true, false, false, console}, {"provision", true, false, true, provision},
    {"wifi", true, true, false, wifi},
};

/* words: what is no option. */
static int run(int count, char **words, const char *dir, struct request *request)
{
    size_t i = 0;
    while (count > 0 && i < sizeof commands / sizeof *commands &&
           strcmp(commands[i].name, words[0]) != 0) {
        i++;
    }
    if (count < 1 || i == sizeof commands / sizeof *commands) {
        fputs("atmodemctl: list, status, console, provision or wifi is wanted; see --help\n",
              stderr);
        return EXIT_USAGE;
    }
    int names = count - 1 - commands[i].takes_value;
    if (names < 0 || names > commands[i].takes_modem) {
        fprintf(stderr, "atmodemctl: %s%s%s is wanted; see --help\n", words[0],
                commands[i].takes_modem ? " [MODEM]" : "", commands[i].takes_value ? " VALUE" : "");
        return EXIT_USAGE;
    }
    if (commands[i].takes_ssid ? !request->ssid : request->ssid || request->password) {
        fprintf(stderr, "atmodemctl: %s wants %s; see --help\n", words[0],
                commands[i].takes_ssid ? "--ssid" : "neither --ssid nor --password");
        return EXIT_USAGE;
    }
    struct client client;
    if (!client_connect(&client, dir)) {
        return EXIT_FAILURE;
    }
    request->client = &client;
    request->modem = names ? words[1] : NULL;
    request->value = commands[i].takes_value ? words[count - 1] : NULL;
    bool ok = commands[i].carry_out(request);
    client_close(&client);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"runtime-dir", required_argument, NULL, 'S'},
        {"json", no_argument, NULL, 'j'},
        {"ssid", required_argument, NULL, OPTION_SSID},
        {"password", required_argument, NULL, OPTION_PASSWORD},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *dir = NULL;
    char *password = NULL;
    struct request request = {0};
    int option;
    while ((option = getopt_long(argc, argv, "S:jVh", longs, NULL)) != -1) {
        switch (option) {
        case 'S':
            dir = optarg;
            break;
        case 'j':
            request.json = true;
            break;
        case OPTION_SSID:
            request.ssid = optarg;
            break;
        case OPTION_PASSWORD:
            free(password);
            request.password = password = password_take(optarg);
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
    int status = run(argc - optind, argv + optind, dir, &request);
    if (password) {
        mem_wipe(password, strlen(password));
        free(password);
    }
    return status;
}
