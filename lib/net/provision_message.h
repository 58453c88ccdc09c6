/* What is in a provisioning datagram: {"ssid": "...", "psk": "..."}. Private to lib/net. */
#ifndef NET_PROVISION_MESSAGE_H
#define NET_PROVISION_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "net/provision.h"

struct provision_credentials {
    char ssid[PROVISION_SSID_MAX + 1];
    char psk[PROVISION_PSK_MAX + 1];
};

/* ssid of 1..32 bytes, psk of 0..64 or NULL: false if not. */
bool provision_credentials_set(struct provision_credentials *credentials, const char *ssid,
                               const char *psk);

/* The same out of JSON; psk may be missing, further members are ignored. */
bool provision_credentials_read(struct provision_credentials *credentials, const char *text,
                                size_t len);

#endif
