/* Dynamic registration: which devices are activated, and the tokens of those that the devices file
 * does not know.
 *
 * An activated device is an empty file {product key}&{device name} in a folder, because the
 * stand-in's other services (HTTP, CoAP) are another process: both sides may make and look for such
 * files at any time, and no message between them can be lost. Tokens need no memory at all: they
 * are signed with the product's secret. */
#ifndef CLOUD_PLUGIN_REGISTRATION_H
#define CLOUD_PLUGIN_REGISTRATION_H

#include <stdbool.h>

#include "cloud/plugin/devices.h"

void registration_activate(const char *folder, const struct device *device);
bool registration_is_active(const char *folder, const struct device *device);

/* The payload that hands out a device's secret; free() it. */
char *registration_secret_answer(const struct device *device);
/* The payload that hands out a client id and a token; free() it. NULL: OpenSSL fails. */
char *registration_token_answer(const struct product *product, const char *device_name);
bool registration_token_is_good(const struct product *product, const char *device_name,
                                const char *client_id, const char *token);

#endif
