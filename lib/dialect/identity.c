#include "dialect/identity.h"

#include <stddef.h>

#include "net/mac.h"
#include "settings/settings.h"

#define TEXT(field, start, text)                                                                   \
    {                                                                                              \
        .key = #field, .type = SETTING_TEXT, .offset = offsetof(struct identity_settings, field),  \
        .max = 64, .initial = (start), .help = (text)                                              \
    }

static const struct setting rows[] = {
    TEXT(manufacturer, "atmodemd", "manufacturer that identity commands answer"),
    TEXT(model, "", "model that identity commands answer"),
    TEXT(revision, ATMODEMD_VERSION, "revision that identity commands answer"),
    TEXT(hardware, "", "version of the hardware that identity commands answer"),
    TEXT(imei, "", "IMEI that identity commands answer"),
    TEXT(imsi, "", "IMSI of the SIM; empty: no SIM"),
    TEXT(iccid, "", "ICCID of the SIM; empty: no SIM"),
    {.key = "mac",
     .type = SETTING_TEXT,
     .offset = offsetof(struct identity_settings, mac),
     .initial = "",
     .check = mac_check,
     .help = "MAC address, XX:XX:XX:XX:XX:XX; empty: that of the host's interface, or with "
             "network.provider=sim one made from the names of host and modem"},
};

const struct settings_group identity_settings_group = {
    .section = "identity",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct identity_settings),
};
