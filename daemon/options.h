/* The command line. */
#ifndef DAEMON_OPTIONS_H
#define DAEMON_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum action {
    ACTION_RUN,
    ACTION_CHECK,
    ACTION_LIST_DIALECTS,
    ACTION_LIST_SETTINGS,
    ACTION_LIST_COMMANDS,
    ACTION_VERSION,
    ACTION_HELP,
};

struct options {
    enum action action;
    const char *config; /* NULL: not given */
    const char *state_dir;
    int verbosity; /* -v and -q added up */
    /* the one modem that the options describe */
    bool modem;
    const char *name;
    const char *dialect;
    const char *port;
    const char *link;
    const char **sets; /* "section.key=value" */
    size_t set_count;
};

/* Strings point into argv. False: a message is on stderr, the exit status is 2. */
bool options_parse(int argc, char **argv, struct options *options);
void options_free(struct options *options);

extern const char options_usage[];

#endif
