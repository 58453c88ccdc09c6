/* atmodemctl: talks to a running atmodemd over its control socket. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/ctl/client.h"
#include "daemon/ctl/commands.h"
#include "daemon/ctl/password.h"

enum { EXIT_USAGE = 2, OPTION_SSID = 256, OPTION_PASSWORD, OPTION_ONLY };

static void print_command(const struct command *command)
{
    char head[80];
    snprintf(head, sizeof head, "%s %s", command->name, command->usage);
    bool wide = strlen(head) > 24;
    printf("  %-24s%s", head, wide && *command->help ? "\n" : "");
    for (const char *line = command->help; *line;) {
        size_t len = strcspn(line, "\n");
        bool first = line == command->help && !wide;
        printf("%*s%.*s\n", first ? 1 : 27, "", (int)len, line);
        line += len + (line[len] == '\n');
    }
    if (!*command->help) {
        putchar('\n');
    }
}

static void print_usage(void)
{
    puts("Usage: atmodemctl [OPTION]... COMMAND [MODEM] [VALUE]\n");
    for (int i = 0; i < command_count; i++) {
        if (commands[i].carry_out) {
            print_command(&commands[i]);
        } else {
            printf("\n%s:\n", commands[i].name);
        }
    }
    puts("\n"
         "MODEM may be left out where there is only one.\n"
         "\n"
         "  -S, --runtime-dir DIR    the daemon's runtime folder; default /run/atmodemd, then the\n"
         "                           user's state folder\n"
         "  -j, --json               answers as the daemon gives them\n"
         "  -V, --version\n"
         "  -h, --help");
}

/* words: what is no option. NULL, said why, if they are no command. */
static const struct command *understand(int count, char **words, struct request *request)
{
    const struct command *command = count ? command_find(words[0]) : NULL;
    if (!command) {
        fprintf(stderr, "atmodemctl: %s%s; see --help\n",
                count ? "there is no command " : "a command is wanted", count ? words[0] : "");
        return NULL;
    }
    int names = count - 1 - command->values;
    if (names < 0 || names > (command->takes_modem ? 1 : 0)) {
        fprintf(stderr, "atmodemctl: %s %s is wanted; see --help\n", command->name, command->usage);
        return NULL;
    }
    if (command->takes_ssid ? !request->ssid : request->ssid || request->password) {
        fprintf(stderr, "atmodemctl: %s wants %s; see --help\n", command->name,
                command->takes_ssid ? "--ssid" : "neither --ssid nor --password");
        return NULL;
    }
    if (request->only && !command->takes_only) {
        fprintf(stderr, "atmodemctl: %s takes no --only; see --help\n", command->name);
        return NULL;
    }
    request->modem = names ? words[1] : NULL;
    request->values = words + count - command->values;
    return command;
}

static int run(int count, char **words, const char *dir, struct request *request)
{
    const struct command *command = understand(count, words, request);
    if (!command) {
        return EXIT_USAGE;
    }
    struct client client;
    if (!client_connect(&client, dir)) {
        return EXIT_FAILURE;
    }
    request->client = &client;
    bool ok = command->carry_out(request);
    client_close(&client);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* getopt() would take a negative number for an option: it is put behind the others, where a value
 * belongs. */
static char *take_number(int *argc, char **argv)
{
    for (int i = 1; i < *argc; i++) {
        if (argv[i][0] == '-' && argv[i][1] >= '0' && argv[i][1] <= '9') {
            char *number = argv[i];
            memmove(argv + i, argv + i + 1, (size_t)(*argc - i) * sizeof *argv);
            --*argc;
            return number;
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    static const struct option longs[] = {
        {"runtime-dir", required_argument, NULL, 'S'},
        {"json", no_argument, NULL, 'j'},
        {"ssid", required_argument, NULL, OPTION_SSID},
        {"password", required_argument, NULL, OPTION_PASSWORD},
        {"only", required_argument, NULL, OPTION_ONLY},
        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    const char *dir = NULL;
    char *password = NULL;
    struct request request = {0};
    char *number = take_number(&argc, argv);
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
        case OPTION_ONLY:
            request.only = optarg;
            break;
        case OPTION_PASSWORD:
            free(password);
            request.password = password = password_take(optarg);
            break;
        case 'V':
            puts("atmodemctl " ATMODEMD_VERSION);
            return EXIT_SUCCESS;
        case 'h':
            print_usage();
            return EXIT_SUCCESS;
        default:
            return EXIT_USAGE;
        }
    }
    if (number) {
        argv[argc++] = number;
    }
    int status = run(argc - optind, argv + optind, dir, &request);
    if (password) {
        mem_wipe(password, strlen(password));
        free(password);
    }
    return status;
}
