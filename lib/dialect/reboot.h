/* A module's reboot: everything that is not kept goes, and the line is dead for a while. */
#ifndef DIALECT_REBOOT_H
#define DIALECT_REBOOT_H

#include <ev.h>
#include <stdbool.h>
#include <stdint.h>

struct at;
struct dialect_env;

struct reboot_plan {
    /* What is being sent is out (a reboot that waits asks this). NULL: nothing is waited for but
     * what the host has not read. */
    bool (*all_sent)(void *ctx);
    /* Power off, then on again. */
    void (*cycle)(void *ctx);
    unsigned dead_ms; /* how long input is thrown away */
    /* Input is taken again. NULL: nobody wants to know. */
    void (*alive)(void *ctx);
};

/* A member of the dialect's instance. */
struct reboot {
    const struct dialect_env *env;
    struct reboot_plan plan;
    void *ctx;
    ev_timer timer;
    enum { REBOOT_NONE, REBOOT_WAITS, REBOOT_DEAD } state;
    int64_t latest; /* clock_ms() */
};

/* env and ctx outlive it. */
void reboot_init(struct reboot *reboot, const struct dialect_env *env,
                 const struct reboot_plan *plan, void *ctx);
void reboot_end(struct reboot *reboot);

/* Input is dead from now on; the reboot itself begins when the answer of the command under way is
 * out, or wait_ms later at the latest where something is still being sent. */
void reboot_begin(struct reboot *reboot, unsigned wait_ms);

#endif
