/* What a test of the FTP service works with: a loop, a log, a session whose events become lines of
 * text, a server, a folder.
 *
 *     done OUTCOME CODE SIZE     data BYTES     writable     closed OUTCOME
 */
#ifndef TESTS_SERVICE_FTP_BENCH_H
#define TESTS_SERVICE_FTP_BENCH_H

#include <ev.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "base/buf.h"
#include "net/network.h"
#include "net/resolve.h"
#include "service/env.h"
#include "service/ftp/ftp.h"

struct bench {
    struct ev_loop *loop;
    struct service_env env;
    struct network *network;
    struct buf log_lines;
    struct buf lines; /* events that bench_expect() has not taken yet */
    struct ftp *ftp;
    struct ftp_options options;
    char *folder; /* what the good server serves */
    pid_t server;
    size_t room;   /* what data() takes in all */
    bool silent;   /* data and writable are no lines */
    uint64_t got;  /* bytes that data() took */
    uint64_t sum;  /* of them, as bench_sum() makes it */
    uint64_t left; /* that writable() has to put, when silent */
    uint64_t put;
    bool in_call;
    const char *die; /* the event in which the session is destroyed */
    const char *cut; /* ... aborted */
};

/* As a test's setup and teardown; with `good` a real server runs. */
int bench_setup(void **state);
int bench_teardown(void **state);

/* Starts one of ftp_server.py's, in place of what is there. */
void bench_server(struct bench *bench, const char *mode, const char *address);

/* A call of the interface, in which no event may come. */
#define BENCH_CALL(bench, call)                                                                    \
    do {                                                                                           \
        (bench)->in_call = true;                                                                   \
        assert_true(call);                                                                         \
        (bench)->in_call = false;                                                                  \
    } while (false)

/* Opens and logs in. */
void bench_login(struct bench *bench, const char *user, const char *password);
/* Waits for the next event and takes it: it must be this line, as far as the line goes. */
void bench_expect(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs the loop for some time; no event may come. */
void bench_quiet(struct bench *bench, double seconds);
bool bench_logged(struct bench *bench, const char *text);

/* Files in the folder: byte number i of a pattern is bench_byte(i). */
char bench_byte(uint64_t i);
void bench_write(struct bench *bench, const char *name, const char *text);
void bench_write_pattern(struct bench *bench, const char *name, uint64_t len);
/* What a file holds must be this text. */
void bench_file_is(struct bench *bench, const char *name, const char *text);

#endif
