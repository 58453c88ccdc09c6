#include "service/mqtt/mqtt.h"

#include "settings/settings.h"

static const struct setting rows[] = {
    {.key = "host",
     .type = SETTING_TEXT,
     .offset = offsetof(struct mqtt_settings, host),
     .max = 255,
     .initial = "",
     .help = "broker, where the AT commands name none; empty: what the dialect derives"},
    {.key = "port",
     .type = SETTING_INT,
     .offset = offsetof(struct mqtt_settings, port),
     .max = 65535,
     .initial = "0",
     .help = "port of that broker; 0: the usual one, 1883 or with TLS 8883"},
    {.key = "tls",
     .type = SETTING_BOOL,
     .offset = offsetof(struct mqtt_settings, tls),
     .initial = "0",
     .help = "whether that broker is spoken to with TLS where the AT commands do not say"},
    {.key = "ca_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct mqtt_settings, ca_file),
     .initial = "",
     .help = "PEM file of the authorities that TLS trusts; empty: those of the system"},
    {.key = "cert_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct mqtt_settings, cert_file),
     .initial = "",
     .help = "PEM file of the client certificate that TLS shows; empty: none"},
    {.key = "key_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct mqtt_settings, key_file),
     .initial = "",
     .help = "PEM file of the key of cert_file; empty: it is in cert_file"},
    {.key = "insecure",
     .type = SETTING_BOOL,
     .offset = offsetof(struct mqtt_settings, insecure),
     .initial = "0",
     .help = "1: TLS takes any certificate from anyone (for tests only)"},
};

const struct settings_group mqtt_settings_group = {
    .section = "mqtt",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct mqtt_settings),
};

struct service_tls mqtt_settings_tls(const struct mqtt_settings *settings)
{
    return (struct service_tls){
        .ca_file = settings->ca_file,
        .cert_file = settings->cert_file,
        .key_file = settings->key_file,
        .insecure = settings->insecure,
    };
}
