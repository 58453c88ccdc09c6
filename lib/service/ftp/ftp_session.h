/* Private to the FTP service: what a session is, and the steps of its requests. */
#ifndef SERVICE_FTP_FTP_SESSION_H
#define SERVICE_FTP_FTP_SESSION_H

#include <ev.h>

#include "service/ftp/ftp.h"
#include "service/ftp/ftp_data.h"
#include "service/ftp/ftp_reply.h"
#include "service/socket/socket.h"

enum ftp_request {
    FTP_IDLE,
    FTP_OPEN,
    FTP_LOGIN,
    FTP_SIMPLE, /* one command, one reply */
    FTP_SIZE,
    FTP_LIST,
    FTP_GET,
    FTP_PUT,
    FTP_QUIT,
};

/* What the request waits for. */
enum ftp_step {
    FTP_BEGIN, /* the loop */
    FTP_GREETING,
    FTP_USER, /* the reply to it, and so on */
    FTP_PASS,
    FTP_ONLY, /* its only command */
    FTP_TYPE,
    FTP_ENTER, /* PASV, EPSV, PORT, EPRT */
    FTP_DIAL,  /* the passive data connection */
    FTP_REST,
    FTP_START, /* a first reply to the command that transfers */
    FTP_MOVE,  /* a last one, and the end of the data */
    FTP_ABORT, /* what follows ABOR */
};

struct ftp {
    const struct service_env *env;
    const struct ftp_events *events;
    void *ctx;
    struct ftp_options options; /* host is a copy */
    bool passive;
    bool ascii;

    enum ftp_state state;
    struct socket *control;
    struct ftp_replies replies;
    char address[64]; /* the server's, a number */
    char type;        /* that the server has: 'A', 'I'; 0: not known */
    unsigned unasked; /* replies that nobody waited for */
    ev_timer timer;
    ev_timer soon; /* never started: fed to begin a request from the loop */
    bool *gone;    /* set when the object goes inside a call from the loop */

    /* The request under way. */
    enum ftp_request request;
    enum ftp_step step;
    char verb[8]; /* of its command */
    char *text;   /* a name, or the user */
    char *password;
    int64_t offset;
    int64_t size;
    int code;   /* of the last reply */
    int finale; /* the code of the reply that ends a transfer, or 0 */
    struct ftp_data *data;
    bool passive_now;
    bool data_over;         /* all of it is through */
    int data_error;         /* how it broke, or 0 */
    bool put_ended;         /* ftp_put_end() came */
    bool held;              /* data() took too few */
    unsigned abort_replies; /* since ABOR */
    size_t unsent;          /* of an upload when the timer was set */
    char why[300];
};

/* Begins what request says. */
void ftp_session_begin(struct ftp *ftp);
void ftp_session_reply(struct ftp *ftp, const struct ftp_reply *reply);
void ftp_session_abort(struct ftp *ftp);
void ftp_session_end_upload(struct ftp *ftp);
/* Sends one command line. */
void ftp_session_command(struct ftp *ftp, const char *verb, const char *argument);

/* ---- ftp.c ---- */

/* The request is over: the callee may free ftp. */
void ftp_finish(struct ftp *ftp, enum ftp_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same, and the session with it. */
void ftp_break(struct ftp *ftp, enum ftp_outcome outcome, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The time-out begins anew, or stands still where the caller holds the transfer up. */
void ftp_touch(struct ftp *ftp);

/* ---- ftp_control.c ---- */

/* Not opened yet. */
struct socket *ftp_control_create(struct ftp *ftp);

/* ---- ftp_transfer.c: LIST, RETR, STOR ---- */

/* The first step behind TYPE. */
void ftp_transfer_enter(struct ftp *ftp);
void ftp_transfer_reply(struct ftp *ftp, const struct ftp_reply *reply);
/* The server's last word on it, if data are through too. */
void ftp_transfer_check(struct ftp *ftp);

#endif
