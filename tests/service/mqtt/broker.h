/* A real mosquitto on a free port of 127.0.0.1, in a folder of its own. It ends with the test. */
#ifndef TESTS_SERVICE_MQTT_BROKER_H
#define TESTS_SERVICE_MQTT_BROKER_H

#include <sys/types.h>

struct broker {
    pid_t pid; /* 0: not running */
    int port;
    char *folder;
    char *config;
};

/* config: lines for mosquitto.conf behind those that make the one listener. `@` in it stands for
 * the folder. */
struct broker *broker_create(const char *config);
/* Makes the folder and starts nothing yet. */
struct broker *broker_prepare(const char *config);
void broker_destroy(struct broker *broker);

/* Starts it, always on the same port. */
void broker_start(struct broker *broker);
/* An orderly end. */
void broker_stop(struct broker *broker);
/* Stops it in its tracks, so that nothing is answered, or ends it there. */
void broker_freeze(struct broker *broker);
void broker_kill(struct broker *broker);

#endif
