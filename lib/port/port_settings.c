#include <stdio.h>
#include <string.h>

#include "port/line.h"
#include "port/port.h"
#include "port/tcp_address.h"
#include "settings/settings.h"

static bool check_path(const char *value, char *why, size_t why_size)
{
    struct tcp_address address;
    if (strcmp(value, "pty") == 0 || value[0] == '/') {
        return true;
    }
    if (strncmp(value, "tcp:", 4) == 0) {
        return tcp_address_parse(value + 4, &address, why, why_size);
    }
    snprintf(why, why_size,
             "must be 'pty', the path of a device from '/' on, or tcp:HOST:PORT, not '%.80s'",
             value);
    return false;
}

static bool check_format(const char *value, char *why, size_t why_size)
{
    struct port_line line;
    if (line_parse_format(value, &line)) {
        return true;
    }
    snprintf(why, why_size,
             "must be 7 or 8, then N, O or E, then 1 or 2 (such as 8N1), not '%.80s'", value);
    return false;
}

/* In the order of enum port_flow. */
static const char *const flows[] = {"none", "rtscts", NULL};

static const struct setting rows[] = {
    {
        .key = "path",
        .type = SETTING_TEXT,
        .offset = offsetof(struct port_settings, path),
        .initial = "pty",
        .help =
            "where the modem's bytes come from: 'pty' (a pseudo-terminal), the path of a serial "
            "device, or tcp:HOST:PORT to listen on a numeric address (no HOST: loopback; PORT "
            "0: any free one, see the log)",
        .check = check_path,
    },
    {
        .key = "link",
        .type = SETTING_TEXT,
        .offset = offsetof(struct port_settings, link),
        .initial = "",
        .help = "symbolic link to the client side of the PTY; empty: NAME in the runtime folder",
    },
    {
        .key = "baud",
        .type = SETTING_INT,
        .offset = offsetof(struct port_settings, baud),
        .min = LINE_BAUD_MIN,
        .max = LINE_BAUD_MAX,
        .initial = "115200",
        .help = "speed of a serial device; a PTY shows it until a host sets another",
    },
    {
        .key = "format",
        .type = SETTING_TEXT,
        .offset = offsetof(struct port_settings, format),
        .initial = "8N1",
        .help = "data bits (7, 8), parity (N, O, E) and stop bits (1, 2) of a serial device",
        .check = check_format,
    },
    {
        .key = "flow",
        .type = SETTING_CHOICE,
        .offset = offsetof(struct port_settings, flow),
        .choices = flows,
        .initial = "none",
        .help = "flow control of a serial device",
    },
    {
        .key = "pace",
        .type = SETTING_BOOL,
        .offset = offsetof(struct port_settings, pace),
        .initial = "0",
        .help = "carry bytes no faster than a UART would: on a PTY at the speed that the host has "
                "set (else port.baud), on TCP at port.baud",
    },
};

const struct settings_group port_settings_group = {
    .section = "port",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct port_settings),
};
