#include "cloud/plugin/connack.h"

#include <mosquitto.h>
#include <mosquitto_broker.h>
#include <mqtt_protocol.h>
#include <stdint.h>

#include "cloud/plugin/login.h"

/* The plugin interface knows a single refusal, which is CONNACK 5, and devices tell the platform's
 * 2, 3 and 4 apart. This function of the broker itself is not part of the interface, but has not
 * changed in any 2.0 and is exported by Debian's broker. Where it is not, refusals are 5. */
extern int send__connack(struct mosquitto *client, uint8_t ack, uint8_t code,
                         const mosquitto_property *properties) __attribute__((weak));

static uint8_t code_of_version_5(int code)
{
    switch (code) {
    case LOGIN_BAD_PARAMETERS:
        return MQTT_RC_CLIENTID_NOT_VALID;
    case LOGIN_UNAVAILABLE:
        return MQTT_RC_SERVER_UNAVAILABLE;
    default:
        return MQTT_RC_BAD_USERNAME_OR_PASSWORD;
    }
}

int connack_refuse(struct mosquitto *client, int code)
{
    if (LIBMOSQUITTO_MAJOR != 2 || LIBMOSQUITTO_MINOR != 0 || !send__connack) {
        return MOSQ_ERR_AUTH;
    }
    bool five = mosquitto_client_protocol_version(client) == 5;
    send__connack(client, 0, five ? code_of_version_5(code) : (uint8_t)code, NULL);
    /* Any other error than MOSQ_ERR_AUTH ends the connection without a CONNACK of the broker's. */
    return MOSQ_ERR_UNKNOWN;
}
