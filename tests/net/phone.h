/* A module that is being provisioned, and the phone that speaks to it. */
#ifndef TESTS_NET_PHONE_H
#define TESTS_NET_PHONE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include <ev.h>

#include "base/buf.h"
#include "net/provision.h"

struct phone {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct provision_settings settings;
    struct provision_options options;
    struct provision *provision; /* NULL: destroyed in an event */
    unsigned given;              /* since the last look */
    char ssid[64];
    char psk[80];
    bool stop_in_event, restart_in_event, destroy_in_event;
    bool inside; /* a call is under way: no event may come */
    int fd;      /* the phone's socket */
};

extern const struct provision_events phone_events;

extern const char phone_default_key[];
extern const char phone_other_key[];
extern const char phone_good[]; /* credentials: Kitchen, correct horse */
extern const char phone_ok[];   /* answers */
extern const char phone_invalid[];

/* As cmocka's set-up and tear-down: *state is the phone. */
int phone_create(void **state);
int phone_destroy(void **state);

/* provision_start() with the options, which must not tell anything by itself. */
void phone_start(struct phone *phone);

bool phone_logged(struct phone *phone, const char *text);

/* One event comes, with this. */
void phone_expect_given(struct phone *phone, const char *ssid, const char *psk);
void phone_expect_nothing(struct phone *phone);

/* Nothing wakes the loop. */
void phone_expect_sleep(struct phone *phone);

/* Where the module listens. */
int phone_port(const struct phone *phone);

void phone_send(const struct phone *phone, int port, const void *bytes, size_t len);

/* Seals a text and returns the datagram's length. */
size_t phone_seal(const char *key, const char *text, unsigned char *sealed);

/* An answer to the datagram that begins with this nonce. */
void phone_expect_answer(struct phone *phone, const char *key, const void *nonce,
                         const char *wanted);
void phone_expect_no_answer(struct phone *phone);

#endif
