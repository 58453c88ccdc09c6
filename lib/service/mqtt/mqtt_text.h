/* Private to the MQTT service: what went wrong, in words. */
#ifndef SERVICE_MQTT_MQTT_TEXT_H
#define SERVICE_MQTT_MQTT_TEXT_H

/* CONNACK with a code other than 0. */
const char *mqtt_connack_text(int code);

/* A code of libmosquitto that ended a connection, with the errno of that moment. */
const char *mqtt_library_text(int rc, int error);

#endif
