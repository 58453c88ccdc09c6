/* One connection on the control socket. */
#ifndef DAEMON_CONTROL_CLIENT_H
#define DAEMON_CONTROL_CLIENT_H

#include <cjson/cJSON.h>
#include <ev.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct control;

struct control_client {
    struct control_client *next;
    struct control *control;
    struct ev_loop *loop;
    int fd;
    ev_io io;
    struct buf in, out;
    char *console;   /* name of the modem it is a console of, or NULL */
    bool monitor;    /* it watches the lines of a modem */
    char *monitored; /* of which; NULL: of all */
    bool dead;       /* control_client_gone() is due */
};

/* fd belongs to the client from now on. */
struct control_client *control_client_create(struct control *control, struct ev_loop *loop, int fd);
void control_client_free(struct control_client *client);

/* Sends an object as one line and frees it. A client that leaves a mebibyte unread is dropped. */
void control_client_send(struct control_client *client, cJSON *object);
/* {"event":"output","text":...}: what a modem sent, what JSON cannot hold as \xNN. */
void control_client_send_output(struct control_client *client, const char *bytes, size_t len);

/* {"event":"line"}: what passed between a host and a modem. */
void control_client_send_line(struct control_client *client, const char *modem, const char *kind,
                              const char *text, size_t len);

/* control_requests.c: carries out one line and answers it. */
void control_request(struct control_client *client, const char *line);

/* control.c */
struct fleet *control_fleet(const struct control *control);
/* As struct control_options' reload(). */
bool control_reload(const struct control *control, char **error);

/* control_watch.c */
/* Makes it a console of the modem of that name, which there is. */
void control_attach(struct control_client *client, const char *modem);
/* Makes it a monitor of the modem of that name, NULL: of all. */
void control_monitor(struct control_client *client, const char *modem);
/* control.c */
/* It has closed the connection, or is to lose it: takes it off the list and frees it. */
void control_client_gone(struct control_client *client);

#endif
