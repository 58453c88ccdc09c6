/* A stand-in for wpa_supplicant, on the loop of the test: a control socket that answers and tells
 * what the test wants. */
#ifndef TESTS_NET_SUPPLICANT_H
#define TESTS_NET_SUPPLICANT_H

#include <ev.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/buf.h"

enum { SUPPLICANT_CLIENTS = 4 };

struct supplicant {
    struct ev_loop *loop;
    int fd;
    ev_io io;
    char *path;
    struct buf trace; /* the commands, a line each; keys as they came */

    /* What it does. */
    const char *networks;     /* lines behind the heading of LIST_NETWORKS */
    const char *ours;         /* numbers that have our mark, as ",2,5," */
    const char *refuse;       /* commands that begin so get FAIL; or NULL */
    const char *refuse_with;  /* in place of FAIL */
    const char *mute;         /* commands that begin so get no answer; or NULL */
    const char *after_select; /* what it tells then, lines; a '\1' in it: a NUL byte */
    const char *after_scan;
    const char *results; /* lines behind the heading of SCAN_RESULTS */
    bool noise;          /* junk before each answer */
    int next_network;

    struct sockaddr_un clients[SUPPLICANT_CLIENTS]; /* attached */
    socklen_t lens[SUPPLICANT_CLIENTS];
};

/* All zero, but for what it does; listens at FOLDER/NAME. */
void supplicant_start(struct supplicant *supplicant, struct ev_loop *loop, const char *folder,
                      const char *name);
void supplicant_stop(struct supplicant *supplicant);

/* Tells all that are attached; len: it may be any bytes. */
void supplicant_tell(struct supplicant *supplicant, const char *bytes, size_t len);

/* Whether a command that begins so has come. */
bool supplicant_got(struct supplicant *supplicant, const char *command);

/* How many are attached. */
int supplicant_attached(const struct supplicant *supplicant);

#endif
