/* The control connection: bytes to replies, and its ends. */
#include <stdio.h>

#include "base/log.h"
#include "net/network.h"
#include "service/env.h"
#include "service/ftp/ftp_session.h"

static void on_connected(void *ctx, const char *address, int local_port)
{
    (void)local_port;
    struct ftp *ftp = ctx;
    log_write(ftp->env->log, LEVEL_STATE, "ftp: connected to %s (%s)", ftp->options.host, address);
    snprintf(ftp->address, sizeof ftp->address, "%s", address);
    ftp->step = FTP_GREETING;
}

static void on_failed(void *ctx, enum socket_failure failure, const char *why)
{
    static const enum ftp_outcome outcomes[] = {
        [SOCKET_FAILED_NETWORK] = FTP_NETWORK,    [SOCKET_FAILED_RESOLVE] = FTP_RESOLVE,
        [SOCKET_FAILED_CONNECT] = FTP_CONNECT,    [SOCKET_FAILED_TIMEOUT] = FTP_TIMEOUT,
        [SOCKET_FAILED_LOCAL_PORT] = FTP_CONNECT,
    };
    ftp_break(ctx, outcomes[failure], "%s", why);
}

static void unasked(struct ftp *ftp, const struct ftp_reply *reply)
{
    enum { UNASKED_MAX = 100 };
    log_write(ftp->env->log, LEVEL_REQUEST, "ftp: %s says unasked: %d", ftp->options.host,
              reply->code);
    if (reply->code == 421 || ++ftp->unasked > UNASKED_MAX) {
        ftp_break(ftp, FTP_LOST, "%d %s", reply->code, reply->text);
    }
}

static void on_reply(struct ftp *ftp, const struct ftp_reply *reply)
{
    log_write(ftp->env->log, LEVEL_REQUEST, "ftp: < %d %s", reply->code, reply->text);
    if (ftp->request == FTP_IDLE || ftp->step == FTP_BEGIN) {
        unasked(ftp, reply);
        return;
    }
    ftp->code = reply->code;
    if (reply->code == 421 && ftp->request != FTP_OPEN) {
        ftp_break(ftp, FTP_LOST, "421 %s", reply->text);
        return;
    }
    ftp_touch(ftp);
    ftp_session_reply(ftp, reply);
}

static size_t on_control_data(void *ctx, const char *bytes, size_t len)
{
    struct ftp *ftp = ctx;
    struct ftp_reply reply;
    bool gone = false;
    enum ftp_replies_step step;
    ftp_replies_add(&ftp->replies, bytes, len);
    ftp->gone = &gone;
    struct socket *control = ftp->control;
    while ((step = ftp_replies_next(&ftp->replies, &reply)) == FTP_REPLIES_ONE) {
        on_reply(ftp, &reply);
        if (gone || ftp->control != control) {
            break;
        }
    }
    if (gone) {
        return len;
    }
    ftp->gone = NULL;
    if (step == FTP_REPLIES_GARBAGE && ftp->control == control) {
        ftp_break(ftp, FTP_GARBAGE, "the server does not speak FTP");
    }
    return len;
}

static void on_closed(void *ctx, enum socket_end end)
{
    ftp_break(ctx, end == SOCKET_ENDED_NETWORK ? FTP_NETWORK : FTP_LOST, "%s",
              end == SOCKET_ENDED_NETWORK ? NETWORK_MISSING
                                          : "the server has closed the connection");
}

static const struct socket_events control_events = {
    .connected = on_connected,
    .failed = on_failed,
    .data = on_control_data,
    .closed = on_closed,
};

struct socket *ftp_control_create(struct ftp *ftp)
{
    return socket_create(ftp->env, &control_events, ftp);
}
