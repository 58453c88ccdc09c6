/* A plugin for mosquitto 2.0 that makes it Alibaba Cloud's broker, as far as devices see it. See
 * README.md in the folder above for what it checks.
 *
 * Options (plugin_opt_NAME in the broker's configuration; per_listener_settings must be true):
 *   devices FILE    the stand-in's INI file
 *   folder DIR      where registration.h has its files
 *   secret TEXT     password of the platform's own clients, whose user name is `standin`
 *   tls true        the listener is one with TLS: nothing else tells a plugin
 *
 * To each of the platform's clients it says what happens, as JSON on topics that nobody can
 * subscribe to: $standin/login, $standin/logout, $standin/refused (a connection) and
 * $standin/denied (a message or a subscription). A client id that they publish on
 * $CONTROL/standin/v1 is thrown out. */
#ifndef CLOUD_PLUGIN_PLUGIN_H
#define CLOUD_PLUGIN_PLUGIN_H

#include "cloud/plugin/devices.h"
#include "cloud/plugin/session.h"

/* What the instances of all listeners share. */
struct platform {
    unsigned users;
    struct devices devices;
    char *folder;
    char *secret;
    struct session *sessions;
};

/* One for each listener. */
struct instance {
    struct platform *platform;
    bool tls;
};

/* Callbacks, userdata being the instance. */
int plugin_on_basic_auth(int event, void *data, void *userdata);
int plugin_on_disconnect(int event, void *data, void *userdata);
int plugin_on_acl_check(int event, void *data, void *userdata);
int plugin_on_message(int event, void *data, void *userdata);
int plugin_on_control(int event, void *data, void *userdata);

#endif
