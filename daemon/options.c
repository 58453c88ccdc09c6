#include "daemon/options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

const char options_usage[] =
    "Usage: atmodemd [OPTION]...\n"
    "A daemon that is an AT-command modem on a pseudo-terminal, a serial device or a TCP port.\n"
    "\n"
    "  -c, --config FILE       daemon settings; default /etc/atmodemd/atmodemd.conf when no\n"
    "                          modem is given by option\n"
    "  -n, --name NAME         name of the one modem described by the options (default ttyAT0)\n"
    "  -d, --dialect ID        its dialect (default ica)\n"
    "  -p, --port pty|DEVICE|tcp:HOST:PORT  where its bytes come from (default pty)\n"
    "  -l, --link PATH         symbolic link to the PTY's client side\n"
    "  -S, --state-dir DIR     where NVRAM files live (default $STATE_DIRECTORY, else\n"
    "                          /var/lib/atmodemd for root, ~/.local/state/atmodemd for others)\n"
    "  -s, --set SECTION.KEY=VAL  override one setting of the modem; repeatable\n"
    "  -k, --check             check the configuration, say what is wrong and where, exit\n"
    "      --list-dialects     one line each\n"
    "      --list-settings     every setting: section.key, type, range, default, meaning\n"
    "      --list-commands     every command of the dialect: name, forms, help\n"
    "  -v, --verbose           more detail in the log; repeatable\n"
    "  -q, --quiet             warnings and errors only\n"
    "  -V, --version\n"
    "  -h, --help\n"
    "\n"
    "It stays in the foreground and logs to stderr. Exit status: 0 a clean end or a good --check,\n"
    "1 cannot run, 2 bad options or settings.\n";

enum { OPTION_LIST_DIALECTS = 256, OPTION_LIST_SETTINGS, OPTION_LIST_COMMANDS };

static const struct option longs[] = {
    {"config", required_argument, NULL, 'c'},
    {"name", required_argument, NULL, 'n'},
    {"dialect", required_argument, NULL, 'd'},
    {"port", required_argument, NULL, 'p'},
    {"link", required_argument, NULL, 'l'},
    {"state-dir", required_argument, NULL, 'S'},
    {"set", required_argument, NULL, 's'},
    {"check", no_argument, NULL, 'k'},
    {"list-dialects", no_argument, NULL, OPTION_LIST_DIALECTS},
    {"list-settings", no_argument, NULL, OPTION_LIST_SETTINGS},
    {"list-commands", no_argument, NULL, OPTION_LIST_COMMANDS},
    {"verbose", no_argument, NULL, 'v'},
    {"quiet", no_argument, NULL, 'q'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static void describe_modem(struct options *options, const char **what, const char *value)
{
    options->modem = true;
    *what = value;
}

static void add_set(struct options *options, const char *pair)
{
    options->modem = true;
    options->sets = mem_resize(options->sets, (options->set_count + 1) * sizeof *options->sets);
    options->sets[options->set_count++] = pair;
}

static bool take(struct options *options, int option)
{
    switch (option) {
    case 'c':
        options->config = optarg;
        return true;
    case 'n':
        describe_modem(options, &options->name, optarg);
        return true;
    case 'd':
        describe_modem(options, &options->dialect, optarg);
        return true;
    case 'p':
        describe_modem(options, &options->port, optarg);
        return true;
    case 'l':
        describe_modem(options, &options->link, optarg);
        return true;
    case 'S':
        options->state_dir = optarg;
        return true;
    case 's':
        add_set(options, optarg);
        return true;
    case 'k':
        options->action = ACTION_CHECK;
        return true;
    case OPTION_LIST_DIALECTS:
        options->action = ACTION_LIST_DIALECTS;
        return true;
    case OPTION_LIST_SETTINGS:
        options->action = ACTION_LIST_SETTINGS;
        return true;
    case OPTION_LIST_COMMANDS:
        options->action = ACTION_LIST_COMMANDS;
        return true;
    case 'v':
        options->verbosity++;
        return true;
    case 'q':
        options->verbosity--;
        return true;
    case 'V':
        options->action = ACTION_VERSION;
        return true;
    case 'h':
        options->action = ACTION_HELP;
        return true;
    default:
        return false; /* getopt has said why */
    }
}

bool options_parse(int argc, char **argv, struct options *options)
{
    *options = (struct options){.action = ACTION_RUN, .name = "ttyAT0"};
    int option;
    while ((option = getopt_long(argc, argv, "c:n:d:p:l:S:s:kvqVh", longs, NULL)) != -1) {
        if (!take(options, option)) {
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "atmodemd: %s: not an option; see --help\n", argv[optind]);
        return false;
    }
    return true;
}

void options_free(struct options *options)
{
    free(options->sets);
    options->sets = NULL;
}
