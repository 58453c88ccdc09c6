/* What a client id says: {name}|key=value,key=value,...| */
#ifndef CLOUD_PLUGIN_CLIENT_ID_H
#define CLOUD_PLUGIN_CLIENT_ID_H

#include <stdbool.h>

/* Pairs that are not there are NULL; others than these are ignored. */
struct client_id {
    char *text; /* what all the others point into */
    const char *name;
    const char *securemode;
    const char *signmethod;
    const char *timestamp;
    const char *auth_type;
    const char *random;
    const char *ext;
};

/* False: it has not this form. client_id_clear() in any case. */
bool client_id_read(struct client_id *id, const char *text);
void client_id_clear(struct client_id *id);

/* Whether the device takes sync services on /ext/rrpc/... */
bool client_id_ext_rrpc(const struct client_id *id);

#endif
