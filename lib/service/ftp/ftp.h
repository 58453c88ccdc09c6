/* FTP client (RFC 959, 2428, 3659): one session over one control connection, non-blocking on libev.
 * Knows nothing of AT commands. It obeys the modem's network (service/env.h); network.redirect
 * holds for the control connection, and data connections always go to where that went, whatever
 * address a PASV reply names.
 *
 * (Not on libcurl: its FTP waits for the reply behind a transfer, and for that to QUIT, in blocking
 * reads of up to a minute, in the multi interface, too. The loop must not stand still.)
 *
 *   CLOSED ──ftp_open()──► GREETED ──ftp_login()──► READY ──ftp_quit(), loss──► CLOSED
 */
#ifndef SERVICE_FTP_FTP_H
#define SERVICE_FTP_FTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ftp;
struct service_env;

enum ftp_state { FTP_CLOSED, FTP_GREETED, FTP_READY };

enum {
    FTP_TEXT_MAX = 1024,       /* bytes of a name, user, password */
    FTP_QUEUE_MAX = 64 * 1024, /* bytes of an upload that wait to be sent */
};

struct ftp_options {
    const char *host;            /* a name or a number, [IPv6] in brackets or not */
    int port;                    /* 1..65535 */
    unsigned connect_timeout_ms; /* for name, addresses and greeting */
    unsigned timeout_ms; /* of each other request; of a transfer: without a byte or a reply. It
                          * stands still while the caller holds a transfer up. */
};

enum ftp_outcome {
    FTP_DONE,
    FTP_REFUSED, /* the server says no: code */
    FTP_NETWORK, /* the modem's network is not usable (any more) */
    FTP_RESOLVE, /* the name has no address */
    FTP_CONNECT, /* no address takes the connection */
    FTP_TIMEOUT, /* no answer in time; the session is over */
    FTP_GARBAGE, /* the peer does not speak FTP; the session is over */
    FTP_LOST,    /* the control connection broke; the session is over */
    FTP_DATA,    /* there was no data connection, or it broke; the session goes on */
    FTP_ABORTED, /* by ftp_abort() */
};

struct ftp_result {
    enum ftp_outcome outcome;
    int code;        /* the server's last reply to the request, 0: there was none */
    int64_t size;    /* of ftp_size(); bytes of a transfer */
    const char *why; /* in words; valid during the call, never NULL */
};

/* They come from the loop, never from inside a call of this interface, and may call any function of
 * it, ftp_destroy() included. */
struct ftp_events {
    /* The request under way is over. See ftp_state() for what is left of the session. */
    void (*done)(void *ctx, const struct ftp_result *result);
    /* Bytes of ftp_get() or ftp_list(), as they come; how many of them were taken. With fewer than
     * len the transfer waits until ftp_resume(), and the rest is offered again. */
    size_t (*data)(void *ctx, const char *bytes, size_t len);
    /* ftp_put() takes bytes: for the first time, and again after it took too few. */
    void (*writable)(void *ctx);
    /* The session ended while nothing was under way: FTP_LOST, or FTP_NETWORK. */
    void (*closed)(void *ctx, enum ftp_outcome outcome);
};

/* env and events outlive the object. */
struct ftp *ftp_create(const struct service_env *env, const struct ftp_events *events, void *ctx);
/* Closes at once, without an event. NULL is fine. */
void ftp_destroy(struct ftp *ftp);

enum ftp_state ftp_state(const struct ftp *ftp);
/* Whether a request is under way: only ftp_put(), ftp_put_end(), ftp_resume(), ftp_abort() and
 * ftp_close() may come then. */
bool ftp_busy(const struct ftp *ftp);

/* How transfers go from the next one on; both false at first: active, and type I. */
void ftp_set_passive(struct ftp *ftp, bool passive);
void ftp_set_ascii(struct ftp *ftp, bool ascii); /* type A; bytes pass as they are all the same */

/* Requests. Each begins, and done() tells its outcome; false: nothing begins, as another one is
 * under way, the state is another, or a text has a line end in it, is too long or (user excepted)
 * empty. Texts are copied.
 *
 * The state in which each may come stands behind it. */
bool ftp_open(struct ftp *ftp, const struct ftp_options *options);       /* CLOSED */
bool ftp_login(struct ftp *ftp, const char *user, const char *password); /* GREETED */
bool ftp_change_folder(struct ftp *ftp, const char *path);               /* READY: CWD; and so on */
bool ftp_make_folder(struct ftp *ftp, const char *path);                 /* MKD */
bool ftp_remove_folder(struct ftp *ftp, const char *path);               /* RMD */
bool ftp_size(struct ftp *ftp, const char *name);                        /* SIZE, in type I */
bool ftp_list(struct ftp *ftp);                                          /* LIST */
bool ftp_get(struct ftp *ftp, const char *name, int64_t offset);         /* (REST,) RETR */
bool ftp_put_open(struct ftp *ftp, const char *name);                    /* STOR */
bool ftp_quit(
    struct ftp *ftp); /* GREETED, READY. In the end the session is over, whatever comes. */

/* How many bytes the upload took; with fewer than len writable() comes later. 0 before the first
 * writable() and without an upload. */
size_t ftp_put(struct ftp *ftp, const char *bytes, size_t len);
/* That was all of it. False without an upload, or if that was said before. */
bool ftp_put_end(struct ftp *ftp);
/* data() would take bytes again. */
void ftp_resume(struct ftp *ftp);
/* Ends the request under way: done() comes with FTP_ABORTED, or with what happened before. The
 * session survives if the server lets it. */
void ftp_abort(struct ftp *ftp);
/* Ends the session at once, without QUIT and without an event. */
void ftp_close(struct ftp *ftp);

#endif
