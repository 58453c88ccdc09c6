/* FTPGET, FTPLIST, FTPPUT. */
#include <stdlib.h>
#include <string.h>

#include "dialect/uc8088/instance.h"
#include "dialect/uc8088/value.h"

enum {
    PIECE_MAX = 1024,         /* of a file, in one line */
    WAITING_MAX = 64 * 1024,  /* bytes for the host above which reading pauses */
    LISTING_MAX = 256 * 1024, /* more of a folder is left out */
};
static const double resume_s = .02;

/* ---- what comes ---- */

static size_t waiting(const struct uc *uc)
{
    size_t output;
    at_output(uc->env.at, &output);
    return output + at_urcs_waiting(uc->env.at);
}

static void give(struct uc *uc, const char *bytes, size_t len)
{
    struct buf line = {0};
    buf_printf(&line, "+FTPGET:%zu,", len);
    buf_add(&line, bytes, len);
    if (uc->ftp.answers) {
        at_info_bytes(uc->env.at, uc->ftp.waiting, buf_bytes(&line), buf_len(&line), false);
    } else {
        at_urc(uc->env.at, &(struct at_urc){.line = buf_bytes(&line), .len = buf_len(&line)});
    }
    buf_free(&line);
    uc->ftp.told = true;
}

/* Whole lines; the last one waits for the server to say that it was the last. */
static void give_whole(struct uc *uc)
{
    struct buf *received = &uc->ftp.received;
    while (buf_len(received) > PIECE_MAX && waiting(uc) < WAITING_MAX) {
        give(uc, buf_bytes(received), PIECE_MAX);
        buf_take(received, PIECE_MAX);
    }
}

static void hold(struct uc *uc)
{
    ev_timer_stop(uc_loop(uc), &uc->ftp.resume);
    ev_timer_set(&uc->ftp.resume, resume_s, 0.);
    ev_timer_start(uc_loop(uc), &uc->ftp.resume);
}

void uc_ftp_resume(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct uc *uc = timer->data;
    if (uc->ftp.job != UC_FTP_GET) {
        return;
    }
    give_whole(uc);
    if (buf_len(&uc->ftp.received) > PIECE_MAX) {
        hold(uc);
    } else {
        ftp_resume(uc->ftp.service);
    }
}

static size_t list_data(struct uc *uc, const char *bytes, size_t len)
{
    size_t held = buf_len(&uc->ftp.received);
    size_t room = held < LISTING_MAX ? LISTING_MAX - held : 0;
    buf_add(&uc->ftp.received, bytes, len < room ? len : room);
    return len;
}

/* While the host does not read, the server is held up. */
size_t uc_ftp_data(void *ctx, const char *bytes, size_t len)
{
    struct uc *uc = ctx;
    if (uc->ftp.job == UC_FTP_LIST) {
        return list_data(uc, bytes, len);
    }
    if (buf_len(&uc->ftp.received) > PIECE_MAX) {
        return 0;
    }
    buf_add(&uc->ftp.received, bytes, len);
    give_whole(uc);
    if (buf_len(&uc->ftp.received) > PIECE_MAX) {
        hold(uc);
    }
    return len;
}

/* ---- FTPGET ---- */

static at_result get(struct uc *uc, const struct at_call *call, const char *name, bool answers)
{
    struct uc_ftp *ftp = &uc->ftp;
    if (!uc_ftp_is_ready(uc) || !ftp_get(ftp->service, name, ftp->offset)) {
        return CME_NOT_ALLOWED;
    }
    ftp->offset = 0;
    ftp->answers = answers;
    ftp->told = false;
    buf_clear(&ftp->received);
    at_result result = uc_ftp_begin(uc, call, UC_FTP_GET, true);
    return answers ? result : AT_OK;
}

at_result uc_ftpget_set(void *ctx, struct at_call *call)
{
    struct buf name;
    at_result result = AT_OK;
    if (uc_ftp_name(&call->params[1], &name, &result)) {
        result = get(ctx, call, buf_text(&name), false);
        buf_free(&name);
    }
    return result;
}

at_result uc_ftpget(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    const char *name = uc_ftp_text(&uc->ftp, UC_FTP_GETNAME);
    return *name ? get(uc, call, name, true) : (at_result)CME_NOT_ALLOWED;
}

/* An empty file has a line, too; and where nothing answers, one that failed. */
void uc_ftp_got(struct uc *uc, const struct ftp_result *result)
{
    struct uc_ftp *ftp = &uc->ftp;
    bool good = result->outcome == FTP_DONE;
    bool tell = good || !ftp->answers;
    ev_timer_stop(uc_loop(uc), &ftp->resume);
    while (buf_len(&ftp->received) || (tell && !ftp->told)) {
        size_t len = buf_len(&ftp->received);
        size_t piece = len < PIECE_MAX ? len : PIECE_MAX;
        give(uc, buf_bytes(&ftp->received), piece);
        buf_take(&ftp->received, piece);
    }
    ftp->job = UC_FTP_IDLE;
    if (ftp->answers) {
        bool missing = result->outcome == FTP_REFUSED;
        at_finish(uc->env.at, ftp->waiting,
                  missing ? (at_result)UC_NOT_FOUND : uc_ftp_failure(result));
    }
}

/* ---- FTPLIST ---- */

at_result uc_ftplist(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    if (!uc_ftp_is_ready(uc) || !ftp_list(uc->ftp.service)) {
        return CME_NOT_ALLOWED;
    }
    buf_clear(&uc->ftp.received);
    uc_ftp_begin(uc, call, UC_FTP_LIST, true);
    return AT_OK;
}

void uc_ftp_listed(struct uc *uc)
{
    struct uc_ftp *ftp = &uc->ftp;
    struct buf line = {0};
    buf_printf(&line, "+FTPLIST:%d,%zu", ftp->passive, buf_len(&ftp->received));
    at_urc(uc->env.at, &(struct at_urc){.line = buf_bytes(&line),
                                        .len = buf_len(&line),
                                        .raw = buf_bytes(&ftp->received),
                                        .raw_len = buf_len(&ftp->received)});
    buf_free(&line);
    buf_free(&ftp->received);
    ftp->job = UC_FTP_IDLE;
}

/* ---- FTPPUT ---- */

/* The piece is gone, or the rest of it waits for uc_ftp_writable(). */
static at_result send_rest(struct uc_ftp *ftp)
{
    if (ftp->writable) {
        size_t len = buf_len(&ftp->unsent);
        buf_take(&ftp->unsent, ftp_put(ftp->service, buf_bytes(&ftp->unsent), len));
        ftp->writable = !buf_len(&ftp->unsent);
    }
    return buf_len(&ftp->unsent) ? AT_PENDING : AT_OK;
}

void uc_ftp_writable(void *ctx)
{
    struct uc *uc = ctx;
    uc->ftp.writable = true;
    if (buf_len(&uc->ftp.unsent) && send_rest(&uc->ftp) == AT_OK) {
        at_finish(uc->env.at, uc->ftp.waiting, AT_OK);
    }
}

/* By itself, if no command waits for it: the next FTPPUT tells. */
void uc_ftp_put_done(struct uc *uc, const struct ftp_result *result)
{
    struct uc_ftp *ftp = &uc->ftp;
    ftp->job = UC_FTP_IDLE;
    ftp->writable = false;
    buf_free(&ftp->unsent);
    ftp->broken =
        !at_finish(uc->env.at, ftp->waiting, uc_ftp_failure(result)) && result->outcome != FTP_DONE;
}

/* A first piece opens the upload. */
static at_result put_piece(struct uc *uc, const struct at_call *call)
{
    struct uc_ftp *ftp = &uc->ftp;
    if (ftp->job == UC_FTP_PUT) {
        ftp->waiting = call->ticket;
        return send_rest(ftp);
    }
    const char *name = uc_ftp_text(ftp, UC_FTP_PUTNAME);
    bool begun = *name && uc_ftp_is_ready(uc) && ftp_put_open(ftp->service, name);
    if (!begun) {
        buf_clear(&ftp->unsent);
    }
    ftp->writable = false;
    return uc_ftp_begin(uc, call, UC_FTP_PUT, begun);
}

static at_result put_end(struct uc *uc, const struct at_call *call)
{
    struct uc_ftp *ftp = &uc->ftp;
    bool ends = ftp->job == UC_FTP_PUT && ftp_put_end(ftp->service);
    return uc_ftp_begin(uc, call, ends ? UC_FTP_PUT : ftp->job, ends);
}

at_result uc_ftpput_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_ftp *ftp = &uc->ftp;
    const struct at_value *data = &call->params[1];
    size_t len = (size_t)call->params[0].number;
    struct buf piece = {0};
    if (len && !data->present) {
        return UC_PARAMETER;
    }
    if (data->present && !uc_measured_value(&piece, UC_VALUE_RAW, data->text, data->len, len)) {
        buf_free(&piece);
        return UC_CORRUPTED;
    }
    if (ftp->broken) {
        ftp->broken = false;
        buf_free(&piece);
        return CME_NOT_ALLOWED;
    }
    if (!len) {
        buf_free(&piece);
        return put_end(uc, call);
    }
    buf_free(&ftp->unsent);
    ftp->unsent = piece;
    return put_piece(uc, call);
}
