#include "service/ppp/ppp.h"
#include "settings/settings.h"

static const struct setting rows[] = {
    {.key = "command",
     .type = SETTING_TEXT,
     .offset = offsetof(struct ppp_settings, command),
     .initial = "",
     .help =
         "program behind a data call, with %a host's address, %l modem's, %d DNS; empty: built in"},
    {.key = "loopback",
     .type = SETTING_BOOL,
     .offset = offsetof(struct ppp_settings, loopback),
     .initial = "0",
     .help = "1: the built-in peer's own address leads to services on this machine's loopback"},
};

const struct settings_group ppp_settings_group = {
    .section = "ppp",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct ppp_settings),
};
