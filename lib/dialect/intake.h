/* Data of a peer on their way to the host as reports (URCs), in pieces. While the host does not
 * read they stay with the service, and so with the peer. */
#ifndef DIALECT_INTAKE_H
#define DIALECT_INTAKE_H

#include <ev.h>
#include <stddef.h>

struct dialect_env;

/* A member of the dialect's instance. */
struct intake {
    const struct dialect_env *env;
    void (*resume)(void *ctx); /* the services are to offer again what was not taken */
    void *ctx;
    ev_timer timer;
};

/* env and ctx outlive it. */
void intake_init(struct intake *intake, const struct dialect_env *env, void (*resume)(void *ctx),
                 void *ctx);
void intake_end(struct intake *intake);

/* Calls report(source, …) for as much of the data as may wait for the host, at most `piece` bytes
 * (1 or more) at a time. Returns how many bytes that were; resume follows if not all. */
size_t intake_take(struct intake *intake, const char *bytes, size_t len, size_t piece,
                   void (*report)(void *source, const char *bytes, size_t len), void *source);

#endif
