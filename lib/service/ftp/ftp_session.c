#include "service/ftp/ftp_session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"

void ftp_session_command(struct ftp *ftp, const char *verb, const char *argument)
{
    char *line = mem_printf("%s%s%s\r\n", verb, argument ? " " : "", argument ? argument : "");
    size_t len = strlen(line);
    bool secret = strcmp(verb, "PASS") == 0;
    log_write(ftp->env->log, LEVEL_REQUEST, "ftp: > %s%s%s", verb, argument ? " " : "",
              secret     ? "****"
              : argument ? argument
                         : "");
    /* The queue is as good as empty: one command is under way at a time. */
    socket_send(ftp->control, line, len);
    mem_wipe(line, len);
    free(line);
}

static void send_only(struct ftp *ftp)
{
    ftp->step = FTP_ONLY;
    ftp_session_command(ftp, ftp->verb, ftp->text);
}

/* Of SIZE and of transfers. */
static void go_on_typed(struct ftp *ftp)
{
    if (ftp->request == FTP_SIZE) {
        send_only(ftp);
    } else {
        ftp_transfer_enter(ftp);
    }
}

static void send_type(struct ftp *ftp)
{
    /* What SIZE says depends on it (RFC 3659 4). */
    char type = ftp->ascii && ftp->request != FTP_SIZE ? 'A' : 'I';
    if (ftp->type == type) {
        go_on_typed(ftp);
        return;
    }
    ftp->step = FTP_TYPE;
    ftp->type = type; /* a refusal takes it back */
    ftp_session_command(ftp, "TYPE", type == 'A' ? "A" : "I");
}

static void connect_control(struct ftp *ftp)
{
    const struct socket_options options = {
        .kind = SOCKET_TCP,
        .host = ftp->options.host,
        .port = ftp->options.port,
        .connect_timeout_ms = ftp->options.connect_timeout_ms,
    };
    ftp->step = FTP_GREETING;
    socket_open(ftp->control, &options);
}

void ftp_session_begin(struct ftp *ftp)
{
    switch (ftp->request) {
    case FTP_OPEN:
        connect_control(ftp);
        break;
    case FTP_LOGIN:
        ftp->step = FTP_USER;
        ftp_session_command(ftp, "USER", ftp->text);
        break;
    case FTP_SIMPLE:
    case FTP_QUIT:
        send_only(ftp);
        break;
    case FTP_SIZE:
    case FTP_LIST:
    case FTP_GET:
    case FTP_PUT:
        send_type(ftp);
        break;
    case FTP_IDLE:
        break;
    }
}

/* ---- replies ---- */

static bool good(const struct ftp_reply *reply)
{
    return reply->code >= 200 && reply->code < 300;
}

static void refuse(struct ftp *ftp, const struct ftp_reply *reply)
{
    ftp_finish(ftp, FTP_REFUSED, "%d %s", reply->code, reply->text);
}

static void on_greeting(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (good(reply)) {
        ftp->state = FTP_GREETED;
        ftp_finish(ftp, FTP_DONE, "%d %s", reply->code, reply->text);
    } else {
        ftp_break(ftp, FTP_REFUSED, "%d %s", reply->code, reply->text);
    }
}

static void on_login(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (good(reply)) {
        ftp->state = FTP_READY;
        ftp_finish(ftp, FTP_DONE, "%d %s", reply->code, reply->text);
    } else if (reply->code == 331 && ftp->step == FTP_USER) {
        ftp->step = FTP_PASS;
        ftp_session_command(ftp, "PASS", ftp->password);
    } else {
        refuse(ftp, reply);
    }
}

static void on_only(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (ftp->request == FTP_QUIT) {
        ftp_break(ftp, FTP_DONE, "%d %s", reply->code, reply->text);
        return;
    }
    if (!good(reply)) {
        refuse(ftp, reply);
        return;
    }
    if (ftp->request == FTP_SIZE) {
        char *end = NULL;
        ftp->size = strtoll(reply->text, &end, 10);
        if (reply->code != 213 || end == reply->text || ftp->size < 0) {
            ftp->size = 0;
            refuse(ftp, reply);
            return;
        }
    }
    ftp_finish(ftp, FTP_DONE, "%d %s", reply->code, reply->text);
}

static void on_type(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (good(reply)) {
        go_on_typed(ftp);
    } else {
        ftp->type = 0;
        refuse(ftp, reply);
    }
}

/* The reply to NOOP is the last one. There is one to ABOR at least before it, so that a 200 which
 * the aborted command itself gets is not taken for it. */
static void on_abort(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (++ftp->abort_replies >= 2 && reply->code == 200) {
        ftp_finish(ftp, FTP_ABORTED, "aborted");
    }
}

void ftp_session_reply(struct ftp *ftp, const struct ftp_reply *reply)
{
    bool transfers = ftp->step == FTP_START || ftp->step == FTP_MOVE;
    if (reply->code < 200 && !transfers) {
        return; /* 120: wait */
    }
    switch (ftp->step) {
    case FTP_GREETING:
        on_greeting(ftp, reply);
        break;
    case FTP_USER:
    case FTP_PASS:
        on_login(ftp, reply);
        break;
    case FTP_ONLY:
        on_only(ftp, reply);
        break;
    case FTP_TYPE:
        on_type(ftp, reply);
        break;
    case FTP_ABORT:
        on_abort(ftp, reply);
        break;
    case FTP_BEGIN:
        break;
    default:
        ftp_transfer_reply(ftp, reply);
        break;
    }
}

/* ---- from outside ---- */

/* Servers give one reply or two for a transfer and its ABOR (RFC 959 4.1.3 wants two), so a NOOP
 * tells where they end. Where that does not help, time ends the session. */
void ftp_session_abort(struct ftp *ftp)
{
    ftp_data_destroy(ftp->data);
    ftp->data = NULL;
    ev_clear_pending(ftp->env->loop, &ftp->soon);
    if (ftp->state == FTP_CLOSED || ftp->step == FTP_USER || ftp->step == FTP_PASS) {
        ftp->step = FTP_ABORT; /* nothing to be saved: the end comes from the loop */
        socket_destroy(ftp->control);
        ftp->control = NULL;
        ev_timer_stop(ftp->env->loop, &ftp->timer);
        ev_feed_event(ftp->env->loop, &ftp->timer, EV_CUSTOM);
        return;
    }
    ftp->abort_replies = 0;
    ftp->step = FTP_ABORT;
    ftp_session_command(ftp, "ABOR", NULL);
    ftp_session_command(ftp, "NOOP", NULL);
    ftp_touch(ftp);
}

void ftp_session_end_upload(struct ftp *ftp)
{
    ftp->put_ended = true;
    ftp_touch(ftp);
    if (ftp->step == FTP_MOVE && ftp->data) {
        ftp_data_end(ftp->data);
    }
}
