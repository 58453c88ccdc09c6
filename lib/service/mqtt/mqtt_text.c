#include "service/mqtt/mqtt_text.h"

#include <mosquitto.h>
#include <string.h>

#include "net/network.h"
#include "service/mqtt/mqtt.h"

const char *mqtt_failure_text(enum mqtt_failure failure)
{
    static const char *const texts[] = {
        [MQTT_FAILED_SETUP] = "bad options or files",
        [MQTT_FAILED_RESOLVE] = "the name has no address",
        [MQTT_FAILED_CONNECT] = "no connection",
        [MQTT_FAILED_TLS] = "TLS failed",
        [MQTT_FAILED_TIMEOUT] = "no answer in time",
        [MQTT_FAILED_REFUSED] = "refused by the broker",
        [MQTT_FAILED_NETWORK] = NETWORK_MISSING,
    };
    return texts[failure];
}

const char *mqtt_state_text(enum mqtt_state state)
{
    static const char *const texts[] = {
        [MQTT_OFFLINE] = "offline",       [MQTT_CONNECTING] = "connecting",
        [MQTT_ONLINE] = "online",         [MQTT_RECONNECTING] = "reconnecting",
        [MQTT_CLOSING] = "disconnecting",
    };
    return texts[state];
}

const char *mqtt_error_text(enum mqtt_error error)
{
    static const char *const texts[] = {
        [MQTT_OK] = "done",
        [MQTT_NOT_ONLINE] = "there is no session",
        [MQTT_INVALID] = "bad topic, filter or QoS",
        [MQTT_FULL] = "too much waits for the broker",
    };
    return texts[error];
}

const char *mqtt_connack_text(int code)
{
    static const char *const texts[] = {"",
                                        "CONNACK 1: unacceptable protocol version",
                                        "CONNACK 2: client id rejected",
                                        "CONNACK 3: server unavailable",
                                        "CONNACK 4: bad user name or password",
                                        "CONNACK 5: not authorised"};
    return code > 0 && code < 6 ? texts[code] : "CONNACK with an unknown code";
}

const char *mqtt_library_text(int rc, int error)
{
    switch (rc) {
    case MOSQ_ERR_ERRNO:
        return error ? strerror(error) : "the connection broke";
    case MOSQ_ERR_KEEPALIVE:
        return "the broker does not answer PINGREQ";
    case MOSQ_ERR_PROTOCOL:
    case MOSQ_ERR_MALFORMED_PACKET:
    case MOSQ_ERR_MALFORMED_UTF8:
        return "what the broker sends is not MQTT";
    default:
        return "the broker closed the connection";
    }
}
