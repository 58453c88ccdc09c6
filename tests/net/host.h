/* A Wi-Fi object of the host, with a stand-in for wpa_supplicant. Its interface is loopback. */
#ifndef TESTS_NET_HOST_H
#define TESTS_NET_HOST_H

#include "tests/net/air.h"
#include "tests/net/supplicant.h"

struct host {
    struct air *air;
    struct supplicant supplicant;
};

extern const char host_connected[]; /* what the stand-in tells when its network 7 is joined */

/* As cmocka's set-up and tear-down: *state is the host, its wifi not created yet. */
int host_create(void **state);
int host_destroy(void **state);

/* Creates wifi; loopback counts as joined. */
void host_start(struct host *host);

/* The stand-in has heard what the object has sent, and nobody listens any more. */
void host_expect_ended(struct host *host);
/* And nothing wakes the loop. */
void host_expect_quiet(struct host *host);
/* And these were the commands. */
void host_expect_trace(struct host *host, const char *trace);

#endif
