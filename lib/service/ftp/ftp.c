#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/ftp/ftp_session.h"

/* ---- ends ---- */

static void forget_request(struct ftp *ftp)
{
    ev_timer_stop(ftp->env->loop, &ftp->timer);
    ev_clear_pending(ftp->env->loop, &ftp->soon);
    ftp_data_destroy(ftp->data);
    ftp->data = NULL;
    free(ftp->text);
    ftp->text = NULL;
    if (ftp->password) {
        mem_wipe(ftp->password, strlen(ftp->password));
        free(ftp->password);
        ftp->password = NULL;
    }
    ftp->request = FTP_IDLE;
    ftp->data_over = ftp->put_ended = ftp->held = false;
    ftp->offset = ftp->size = 0;
    ftp->finale = ftp->data_error = 0;
}

static void close_session(struct ftp *ftp)
{
    socket_destroy(ftp->control); /* not socket_close(): nothing is worth waiting for */
    ftp->control = NULL;
    ftp_replies_free(&ftp->replies);
    ftp->state = FTP_CLOSED;
    ftp->type = 0;
    ftp->unasked = 0;
}

void ftp_close(struct ftp *ftp)
{
    if (ftp->gone) {
        *ftp->gone = true;
        ftp->gone = NULL;
    }
    forget_request(ftp);
    close_session(ftp);
}

static void finish(struct ftp *ftp, enum ftp_outcome outcome)
{
    struct ftp_result result = {outcome, ftp->code, ftp->size, ftp->why};
    bool known = outcome == FTP_DONE || outcome == FTP_ABORTED;
    log_write(ftp->env->log, known ? LEVEL_REQUEST : LEVEL_WARNING, "ftp: %s: %s: %s",
              ftp->options.host, ftp->verb, ftp->why);
    forget_request(ftp);
    ftp->events->done(ftp->ctx, &result);
}

void ftp_finish(struct ftp *ftp, enum ftp_outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ftp->why, sizeof ftp->why, format, args);
    va_end(args);
    finish(ftp, outcome);
}

void ftp_break(struct ftp *ftp, enum ftp_outcome outcome, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(ftp->why, sizeof ftp->why, format, args);
    va_end(args);
    close_session(ftp);
    if (ftp->request == FTP_IDLE) {
        log_write(ftp->env->log, LEVEL_INFO, "ftp: %s: the session is over: %s", ftp->options.host,
                  ftp->why);
        ftp->events->closed(ftp->ctx, outcome);
    } else if (ftp->request == FTP_QUIT) {
        finish(ftp, FTP_DONE);
    } else {
        finish(ftp, ftp->step == FTP_ABORT ? FTP_ABORTED : outcome);
    }
}

/* ---- time ---- */

/* The caller makes the transfer wait, not the server. */
static bool held_up(const struct ftp *ftp)
{
    return ftp->step == FTP_MOVE &&
           (ftp->held || (ftp->request == FTP_PUT && !ftp->put_ended && !ftp->finale && ftp->data &&
                          ftp_data_is_open(ftp->data) && !ftp_data_unsent(ftp->data)));
}

void ftp_touch(struct ftp *ftp)
{
    enum { ABORT_MS = 5000 }; /* servers differ in how often they answer */
    unsigned ms = ftp->step == FTP_ABORT && ftp->options.timeout_ms > ABORT_MS
                      ? ABORT_MS
                      : ftp->options.timeout_ms;
    ev_timer_stop(ftp->env->loop, &ftp->timer);
    if (ftp->request == FTP_IDLE || held_up(ftp)) {
        return;
    }
    if (ftp->request == FTP_OPEN) {
        ms = ftp->options.connect_timeout_ms;
    }
    ftp->unsent = ftp->data ? ftp_data_unsent(ftp->data) : 0;
    ev_now_update(ftp->env->loop);
    ev_timer_set(&ftp->timer, ms / 1000.0, 0.);
    ev_timer_start(ftp->env->loop, &ftp->timer);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    struct ftp *ftp = timer->data;
    if (ftp->data && ftp_data_unsent(ftp->data) < ftp->unsent) {
        ftp_touch(ftp); /* slow, but it moves */
        return;
    }
    ftp_break(ftp, FTP_TIMEOUT, "no answer in time");
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    ftp_session_begin(timer->data);
}

/* ---- life ---- */

struct ftp *ftp_create(const struct service_env *env, const struct ftp_events *events, void *ctx)
{
    struct ftp *ftp = mem_zeroed(sizeof *ftp);
    ftp->env = env;
    ftp->events = events;
    ftp->ctx = ctx;
    ev_timer_init(&ftp->timer, on_timer, 0., 0.);
    ev_timer_init(&ftp->soon, on_soon, 0., 0.);
    ftp->timer.data = ftp->soon.data = ftp;
    return ftp;
}

void ftp_destroy(struct ftp *ftp)
{
    if (ftp) {
        ftp_close(ftp);
        free((char *)ftp->options.host);
        free(ftp);
    }
}

enum ftp_state ftp_state(const struct ftp *ftp)
{
    return ftp->state;
}

bool ftp_busy(const struct ftp *ftp)
{
    return ftp->request != FTP_IDLE;
}

void ftp_set_passive(struct ftp *ftp, bool passive)
{
    ftp->passive = passive;
}

void ftp_set_ascii(struct ftp *ftp, bool ascii)
{
    ftp->ascii = ascii;
}

/* ---- requests ---- */

static bool fit(const char *text)
{
    return strlen(text) <= FTP_TEXT_MAX && !strpbrk(text, "\r\n");
}

static bool begin(struct ftp *ftp, enum ftp_request request, enum ftp_state state, const char *verb,
                  const char *text)
{
    if (ftp->request != FTP_IDLE || ftp->state != state || (text && !fit(text))) {
        return false;
    }
    ftp->request = request;
    ftp->step = FTP_BEGIN;
    ftp->code = 0;
    snprintf(ftp->verb, sizeof ftp->verb, "%s", verb);
    ftp->text = mem_string(text);
    ftp_touch(ftp);
    ev_feed_event(ftp->env->loop, &ftp->soon, EV_CUSTOM);
    return true;
}

bool ftp_open(struct ftp *ftp, const struct ftp_options *options)
{
    if (!begin(ftp, FTP_OPEN, FTP_CLOSED, "open", NULL)) {
        return false;
    }
    char *host = mem_string(options->host);
    free((char *)ftp->options.host);
    ftp->options = *options;
    ftp->options.host = host;
    ftp_touch(ftp);
    ftp->control = ftp_control_create(ftp);
    return true;
}

bool ftp_login(struct ftp *ftp, const char *user, const char *password)
{
    if (!fit(password) || !begin(ftp, FTP_LOGIN, FTP_GREETED, "USER", user)) {
        return false;
    }
    ftp->password = mem_string(password);
    return true;
}

static bool begin_named(struct ftp *ftp, enum ftp_request request, const char *verb,
                        const char *name)
{
    return *name && begin(ftp, request, FTP_READY, verb, name);
}

bool ftp_change_folder(struct ftp *ftp, const char *path)
{
    return begin_named(ftp, FTP_SIMPLE, "CWD", path);
}

bool ftp_make_folder(struct ftp *ftp, const char *path)
{
    return begin_named(ftp, FTP_SIMPLE, "MKD", path);
}

bool ftp_remove_folder(struct ftp *ftp, const char *path)
{
    return begin_named(ftp, FTP_SIMPLE, "RMD", path);
}

bool ftp_size(struct ftp *ftp, const char *name)
{
    return begin_named(ftp, FTP_SIZE, "SIZE", name);
}

bool ftp_list(struct ftp *ftp)
{
    return begin(ftp, FTP_LIST, FTP_READY, "LIST", NULL);
}

bool ftp_get(struct ftp *ftp, const char *name, int64_t offset)
{
    if (!begin_named(ftp, FTP_GET, "RETR", name)) {
        return false;
    }
    ftp->offset = offset;
    return true;
}

bool ftp_put_open(struct ftp *ftp, const char *name)
{
    return begin_named(ftp, FTP_PUT, "STOR", name);
}

bool ftp_quit(struct ftp *ftp)
{
    return ftp->state != FTP_CLOSED && begin(ftp, FTP_QUIT, ftp->state, "QUIT", NULL);
}

size_t ftp_put(struct ftp *ftp, const char *bytes, size_t len)
{
    if (ftp->request != FTP_PUT || ftp->step != FTP_MOVE || ftp->put_ended || ftp->data_over) {
        return 0;
    }
    size_t taken = ftp_data_send(ftp->data, bytes, len);
    ftp->size += (int64_t)taken;
    ftp_touch(ftp);
    return taken;
}

bool ftp_put_end(struct ftp *ftp)
{
    if (ftp->request != FTP_PUT || ftp->put_ended) {
        return false;
    }
    ftp_session_end_upload(ftp);
    return true;
}

void ftp_resume(struct ftp *ftp)
{
    if (ftp->held && ftp->data) {
        ftp->held = false;
        ftp_touch(ftp);
        ftp_data_resume(ftp->data);
    }
}

void ftp_abort(struct ftp *ftp)
{
    if (ftp->request != FTP_IDLE && ftp->step != FTP_ABORT) {
        ftp_session_abort(ftp);
    }
}
