/* A port on a bench: its events become a trace, hosts are made of plain descriptors. */
#ifndef TESTS_PORT_BENCH_H
#define TESTS_PORT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "port/port.h"

enum event { EVENT_NONE, EVENT_INPUT, EVENT_ROOM, EVENT_WRITABLE, EVENT_ARRIVED, EVENT_LEFT };

struct bench {
    struct ev_loop *loop;
    struct buf log_lines;
    struct log *log;
    struct port_watch *watch;
    struct port *port; /* NULL: closed */
    char *folder;
    char *link;
    struct buf trace;    /* '+' arrived, '-' left, and what came in */
    size_t room;         /* what input_room() says */
    bool echo;           /* send input back, with room for 8 KiB of it */
    struct buf output;   /* not yet written */
    enum event close_in; /* the event that closes the port */
    unsigned writable_calls;
    bool gone; /* the last report was that nobody is there */
};

/* As cmocka's set-up and tear-down: *state is the bench. */
int bench_create(void **state);
int bench_destroy(void **state);

/* The default settings with this path. */
struct port_settings bench_settings(const char *path);

/* Opens a port with these settings; with default ones as a PTY (bench_create has done so for the
 * first one). */
struct port *bench_open_as(struct bench *bench, const struct port_settings *settings,
                           const char *link);
struct port *bench_open(struct bench *bench, const char *link);

/* The bench's port becomes one with these settings; the log is emptied before. */
void bench_replace(struct bench *bench, const struct port_settings *settings);

/* For loop_until(): an event closed the port; the last report was that nobody is there. */
bool bench_closed(void *bench);
bool bench_gone(void *bench);

/* Opens the host's side without waiting. */
int bench_host(const struct bench *bench);

/* Runs the loop until the trace is this; fails if it does not become so. Clears the trace. */
void bench_expect(struct bench *bench, const char *trace);

/* Queues output as an owner of a port does. */
void bench_send(struct bench *bench, const char *bytes, size_t len);

/* Reads exactly len bytes on the host's side while the loop runs. */
void bench_host_reads(struct bench *bench, int fd, const char *bytes, size_t len);

/* A host of its own process, with fd for its line (closed here), sends len bytes and expects them
 * back. Ends when the host has. */
void bench_echo(struct bench *bench, int fd, size_t len);

/* The loop sleeps: nothing wakes it but the end of the wait. */
void bench_expect_sleep(struct bench *bench);

/* Writes to the host's side until it takes no more, however long the loop runs. */
size_t bench_fill(struct bench *bench, int fd);

#endif
