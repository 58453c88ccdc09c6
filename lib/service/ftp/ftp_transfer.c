#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "service/env.h"
#include "service/ftp/ftp_session.h"

/* A failure that the server has no part in: it expects a next command. */
static void fail_data(struct ftp *ftp, const char *what, int error)
{
    ftp_finish(ftp, FTP_DATA, "%s: %s", what, strerror(error));
}

static void start(struct ftp *ftp)
{
    ftp->step = FTP_START;
    ftp_session_command(ftp, ftp->verb, ftp->text);
}

/* The way for the data is there, or on its way. */
static void prepare(struct ftp *ftp)
{
    if (ftp->request == FTP_GET && ftp->offset > 0) {
        char text[24];
        snprintf(text, sizeof text, "%lld", (long long)ftp->offset);
        ftp->step = FTP_REST;
        ftp_session_command(ftp, "REST", text);
    } else {
        start(ftp);
    }
}

void ftp_transfer_check(struct ftp *ftp)
{
    if (!ftp->finale || !ftp->data_over) {
        return;
    }
    if (ftp->request == FTP_PUT && !ftp->put_ended) {
        ftp_finish(ftp, FTP_DATA, "the server has closed the data connection");
    } else {
        ftp_finish(ftp, FTP_DONE, "%d, %lld bytes", ftp->finale, (long long)ftp->size);
    }
}

/* ---- the data connection ---- */

static void ready_to_put(struct ftp *ftp)
{
    if (ftp->request == FTP_PUT && ftp->step == FTP_MOVE && ftp_data_is_open(ftp->data)) {
        if (ftp->put_ended) {
            ftp_data_end(ftp->data);
        } else {
            ftp_touch(ftp);
            ftp->events->writable(ftp->ctx);
        }
    }
}

static void on_open(void *ctx, int error)
{
    struct ftp *ftp = ctx;
    if (error) {
        fail_data(ftp, "no data connection", error);
        return;
    }
    ftp_touch(ftp);
    if (ftp->step == FTP_DIAL) {
        prepare(ftp);
    } else {
        ready_to_put(ftp);
    }
}

static size_t on_data(void *ctx, const char *bytes, size_t len)
{
    struct ftp *ftp = ctx;
    if (ftp->request == FTP_PUT) {
        return len; /* nothing is expected */
    }
    struct ftp_data *data = ftp->data;
    size_t taken =
        ftp->events->data(ftp->ctx, bytes, len); /* may have freed ftp, then data is closed */
    if (ftp_data_is_open(data)) {
        taken = taken < len ? taken : len;
        ftp->size += (int64_t)taken;
        ftp->held = taken < len;
        ftp_touch(ftp);
    }
    return taken;
}

static void on_writable(void *ctx)
{
    struct ftp *ftp = ctx;
    ftp_touch(ftp);
    if (!ftp->put_ended) {
        ftp->events->writable(ftp->ctx);
    }
}

static void on_ended(void *ctx, int error)
{
    struct ftp *ftp = ctx;
    ftp_touch(ftp);
    if (error && ftp->finale) {
        fail_data(ftp, "the data connection broke", error);
        return;
    }
    ftp->data_over = true;
    ftp->data_error = error;
    ftp_transfer_check(ftp);
}

static const struct ftp_data_events data_events = {on_open, on_data, on_writable, on_ended};

/* ---- commands ---- */

void ftp_transfer_enter(struct ftp *ftp)
{
    union ftp_address peer;
    union ftp_address own;
    char command[100];
    ftp->step = FTP_ENTER;
    ftp_address_set(&peer, ftp->address, 0);
    ftp->passive_now = ftp->passive;
    if (ftp->passive) {
        ftp_session_command(ftp, peer.any.sa_family == AF_INET6 ? "EPSV" : "PASV", NULL);
        return;
    }
    ftp->data = ftp_data_create(ftp->env->loop, &data_events, ftp);
    if (!ftp_data_listen(ftp->data, &peer, &own)) {
        fail_data(ftp, "no port to listen at", errno);
        return;
    }
    ftp_address_command(&own, command, sizeof command);
    ftp_session_command(ftp, command, NULL);
}

static void on_enter(struct ftp *ftp, const struct ftp_reply *reply)
{
    union ftp_address peer;
    if (reply->code < 200 || reply->code >= 300) {
        ftp_finish(ftp, FTP_REFUSED, "%d %s", reply->code, reply->text);
        return;
    }
    if (!ftp->passive_now) {
        prepare(ftp);
        return;
    }
    int port = ftp_address_passive_port(reply->code, reply->text);
    if (!port || !ftp_address_set(&peer, ftp->address, port)) {
        ftp_finish(ftp, FTP_DATA, "no port in the reply %d", reply->code);
        return;
    }
    ftp->step = FTP_DIAL;
    ftp->data = ftp_data_create(ftp->env->loop, &data_events, ftp);
    if (!ftp_data_connect(ftp->data, &peer)) {
        fail_data(ftp, "no data connection", errno);
    }
}

static void on_rest(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (reply->code == 350) {
        start(ftp);
    } else {
        ftp_finish(ftp, FTP_REFUSED, "%d %s", reply->code, reply->text);
    }
}

/* What the server says about a transfer. */
static void on_moving(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (reply->code < 200) {
        if (ftp->step == FTP_START) {
            ftp->step = FTP_MOVE;
            ready_to_put(ftp);
        }
    } else if (reply->code >= 300) {
        ftp_finish(ftp, FTP_REFUSED, "%d %s", reply->code, reply->text);
    } else if (ftp->data_error) {
        fail_data(ftp, "the data connection broke", ftp->data_error);
    } else {
        ftp->step = FTP_MOVE;
        ftp->finale = reply->code;
        ftp_transfer_check(ftp);
    }
}

void ftp_transfer_reply(struct ftp *ftp, const struct ftp_reply *reply)
{
    if (ftp->step == FTP_ENTER) {
        on_enter(ftp, reply);
    } else if (ftp->step == FTP_REST) {
        on_rest(ftp, reply);
    } else if (ftp->step == FTP_START || ftp->step == FTP_MOVE) {
        on_moving(ftp, reply);
    } /* else FTP_DIAL: nothing was asked */
}
