/* The connection to a running daemon: requests and answers as JSON lines. */
#ifndef CTL_CLIENT_H
#define CTL_CLIENT_H

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct client {
    int fd;
    struct buf in;
};

/* Connects to DIR/control; DIR NULL: /run/atmodemd, else the user's state folder. False with a
 * message on stderr that says what to do. */
bool client_connect(struct client *client, const char *dir);
void client_close(struct client *client);

/* Sends a request and frees it. False: the daemon has gone. */
bool client_send(struct client *client, cJSON *request);

/* The next object if a whole line of it is here, else NULL. */
cJSON *client_next(struct client *client);
/* Reads what is there, waiting for it. False: the daemon has gone. */
bool client_read(struct client *client);

/* Sends a request and waits for its answer, which the caller frees. NULL, with a message on stderr:
 * it was refused, or the daemon has gone. */
cJSON *client_ask(struct client *client, cJSON *request);

#endif
