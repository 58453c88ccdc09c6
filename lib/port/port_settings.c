#include <stdio.h>
#include <string.h>

#include "port/port.h"
#include "settings/settings.h"

static bool check_path(const char *value, char *why, size_t why_size)
{
    if (strcmp(value, "pty") == 0) {
        return true;
    }
    snprintf(why, why_size, "'%.80s' is not supported: must be 'pty'", value);
    return false;
}

static const struct setting rows[] = {
    {
        .key = "path",
        .type = SETTING_TEXT,
        .offset = offsetof(struct port_settings, path),
        .initial = "pty",
        .help = "where the modem's bytes come from: 'pty', a pseudo-terminal",
        .check = check_path,
    },
    {
        .key = "link",
        .type = SETTING_TEXT,
        .offset = offsetof(struct port_settings, link),
        .initial = "",
        .help = "symbolic link to the client side of the PTY; empty: NAME in the runtime folder",
    },
};

const struct settings_group port_settings_group = {
    .section = "port",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct port_settings),
};
