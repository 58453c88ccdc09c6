/* How a connection is refused. */
#ifndef CLOUD_PLUGIN_CONNACK_H
#define CLOUD_PLUGIN_CONNACK_H

struct mosquitto;

/* Refuses with one of the codes of login.h; gives what the callback has to return. */
int connack_refuse(struct mosquitto *client, int code);

#endif
