/* A program beside the daemon, in a process group of its own: started without blocking the loop,
 * its end told from the loop. */
#ifndef SERVICE_PROCESS_PROCESS_H
#define SERVICE_PROCESS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct process;
struct service_env;

/* Everything is used during process_start() only. */
struct process_options {
    const char *const *argv; /* NULL at the end; argv[0] without a `/` is looked for in $PATH */
    const char *const *environment; /* "NAME=VALUE", NULL at the end; NULL: the daemon's own */
    /* What it has as standard input, output and errors; they stay the caller's. -1: /dev/null, but
     * errors go where the daemon's do. No other descriptor is handed down. */
    int in, out, err;
    /* The path of a terminal in place of in and out, which becomes its controlling terminal (it
     * then has a session of its own); NULL: none. */
    const char *terminal;
    unsigned grace_ms; /* what SIGTERM gives it before SIGKILL comes */
};

struct process_end {
    bool ok;         /* it has exited with status 0 */
    int status;      /* of exit, or -1 */
    int signal;      /* that killed it, or 0 */
    const char *why; /* in words: "exit status 3"; valid during the call */
};

/* It has ended; comes from the loop, once, and may destroy the object. */
typedef void (*process_ended)(void *ctx, const struct process_end *end);

/* Signals have their default action in it and none is blocked. NULL: it could not be started, why
 * (never empty then) says why, and so does the log. env outlives the object. */
struct process *process_start(const struct service_env *env, const struct process_options *options,
                              process_ended ended, void *ctx, char *why, size_t why_size);

/* No event comes any more. A program that still runs is told to end, it and its whole group:
 * SIGTERM now, SIGKILL to what is left when its first process has ended or the grace is over.
 * Nobody waits for that. NULL is fine. */
void process_destroy(struct process *process);

pid_t process_id(const struct process *process);

#endif
