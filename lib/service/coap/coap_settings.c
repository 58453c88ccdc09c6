#include <stdio.h>

#include "service/coap/coap_client.h"
#include "settings/settings.h"

static bool check_uri(const char *value, char *why, size_t why_size)
{
    struct coap_client_uri uri;
    if (!*value || coap_client_uri_parse(value, &uri)) {
        return true;
    }
    snprintf(why, why_size, "must be coap://HOST[:PORT][/PATH] or coaps://...");
    return false;
}

static const struct setting rows[] = {
    {.key = "uri",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, uri),
     .max = 600,
     .initial = "",
     .help = "server, coap[s]://HOST[:PORT][/PATH]; empty: what the dialect derives",
     .check = check_uri},
    {.key = "ca_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, tls.ca_file),
     .initial = "",
     .help = "PEM file of the authorities that DTLS trusts; empty: those of the system"},
    {.key = "cert_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, tls.cert_file),
     .initial = "",
     .help = "PEM file of the client certificate that DTLS shows; empty: none"},
    {.key = "key_file",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, tls.key_file),
     .initial = "",
     .help = "PEM file of the key of cert_file; empty: it is in cert_file"},
    {.key = "insecure",
     .type = SETTING_BOOL,
     .offset = offsetof(struct coap_client_settings, tls.insecure),
     .initial = "0",
     .help = "1: DTLS takes any certificate from anyone (for tests only)"},
    {.key = "psk_identity",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, psk_identity),
     .max = COAP_CLIENT_PSK_IDENTITY_MAX,
     .initial = "",
     .help = "identity that goes with psk_key"},
    {.key = "psk_key",
     .type = SETTING_TEXT,
     .offset = offsetof(struct coap_client_settings, psk_key),
     .max = COAP_CLIENT_PSK_KEY_MAX,
     .initial = "",
     .help = "pre-shared key, used as text; where it is set DTLS uses it instead of certificates",
     .secret = true},
};

const struct settings_group coap_client_settings_group = {
    .section = "coap",
    .rows = rows,
    .count = sizeof rows / sizeof *rows,
    .size = sizeof(struct coap_client_settings),
};
