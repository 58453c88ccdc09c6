#include <stdio.h>
#include <string.h>

#include "service/http/http.h"
#include "settings/settings.h"

static bool check_uri(const char *value, char *why, size_t why_size)
{
    if (*value && (!http_url_valid(value, strlen(value)) || strpbrk(value, "?#"))) {
        snprintf(why, why_size, "expected http[s]://HOST[:PORT][/PATH]: '%s'", value);
        return false;
    }
    return true;
}

static const struct setting rows[] = {
    {.key = "uri",
     .type = SETTING_TEXT,
     .offset = offsetof(struct http_settings, uri),
     .max = 1024,
     .initial = "",
     .check = check_uri,
     .help = "server, http[s]://HOST[:PORT][/PATH]; empty: what the dialect derives"},
    {.key = "ca_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct http_settings, ca_file),
     .initial = "",
     .help = "PEM file of the authorities that HTTPS trusts; empty: those of the system"},
    {.key = "insecure",
     .type = SETTING_BOOL,
     .offset = offsetof(struct http_settings, insecure),
     .initial = "0",
     .help = "1: HTTPS takes any certificate from anyone (for tests only)"},
};

const struct settings_group http_settings_group = {
    .section = "http",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct http_settings),
};
