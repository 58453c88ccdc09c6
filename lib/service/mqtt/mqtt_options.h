/* Private to the MQTT service: owned copies of connection options. */
#ifndef SERVICE_MQTT_MQTT_OPTIONS_H
#define SERVICE_MQTT_MQTT_OPTIONS_H

#include <stdbool.h>

struct mqtt_options;

/* A copy with strings and will of its own, in one object for options_free(). */
struct mqtt_options *mqtt_options_copy(const struct mqtt_options *options);
/* Wipes the password. NULL is fine. */
void mqtt_options_free(struct mqtt_options *options);

/* True if both describe the same client of the same broker, so that what a connection left half
 * done can be finished by the next one. */
bool mqtt_options_same_session(const struct mqtt_options *a, const struct mqtt_options *b);

/* What is wrong with the options, or NULL. */
const char *mqtt_options_fault(const struct mqtt_options *options);

#endif
