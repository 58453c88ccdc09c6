/* FTPSERV, FTPPW, FTPPATH, folders, FTPSIZE, FTPQUIT: requests of one reply. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "dialect/uc8088/instance.h"

enum { CONNECT_MS = 20000, REQUEST_MS = 30000 };

/* Codes of +FTPSERV. */
enum {
    SERV_DONE = 0,
    SERV_NO_CONTEXT = 1,
    SERV_ADDRESS = 2,
    SERV_CONNECT = 3,
    SERV_TIMEOUT = 4,
    SERV_REFUSED = 5
};

/* Of the manual's FTP codes those that no server gives; and 530, for a login that is missing. */
enum { CODE_RECEIVE = 6, CODE_TIMEOUT = 8, CODE_NO_LOGIN = 530 };

at_result uc_ftp_begin(struct uc *uc, const struct at_call *call, enum uc_ftp_job job, bool begun)
{
    if (!begun) {
        return CME_NOT_ALLOWED;
    }
    uc->ftp.job = job;
    uc->ftp.waiting = call->ticket;
    return AT_PENDING;
}

at_result uc_ftp_failure(const struct ftp_result *result)
{
    return result->outcome == FTP_DONE      ? (at_result)AT_OK
           : result->outcome == FTP_REFUSED ? (at_result)CME_NOT_ALLOWED
           : result->outcome == FTP_TIMEOUT ? (at_result)CME_NETWORK_TIMEOUT
                                            : (at_result)CME_NO_NETWORK;
}

/* ---- FTPSERV ---- */

static at_result tell_serv(const struct uc *uc, at_ticket ticket, int code)
{
    at_info(uc->env.at, ticket, "+FTPSERV:%d", code);
    return code == SERV_DONE ? AT_OK : AT_ERROR;
}

static at_result opened(struct uc *uc, const struct ftp_result *result)
{
    static const int codes[] = {
        [FTP_DONE] = SERV_DONE,       [FTP_REFUSED] = SERV_REFUSED, [FTP_NETWORK] = SERV_NO_CONTEXT,
        [FTP_RESOLVE] = SERV_ADDRESS, [FTP_CONNECT] = SERV_CONNECT, [FTP_TIMEOUT] = SERV_TIMEOUT,
        [FTP_GARBAGE] = SERV_CONNECT, [FTP_LOST] = SERV_CONNECT,    [FTP_DATA] = SERV_CONNECT,
        [FTP_ABORTED] = SERV_CONNECT,
    };
    return tell_serv(uc, uc->ftp.waiting, codes[result->outcome]);
}

at_result uc_ftpserv_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_ftp *ftp = &uc->ftp;
    if (ftp_state(ftp->service) != FTP_CLOSED || ftp_busy(ftp->service)) {
        return CME_NOT_ALLOWED;
    }
    free(ftp->text[UC_FTP_HOST]);
    ftp->text[UC_FTP_HOST] = mem_string(call->params[0].text);
    if (call->params[1].present) {
        ftp->port = (int)call->params[1].number;
    }
    if (!network_usable(uc->env.network)) {
        return tell_serv(uc, call->ticket, SERV_NO_CONTEXT);
    }
    return uc_ftp_begin(uc, call, UC_FTP_OPENING,
                        ftp_open(ftp->service, &(struct ftp_options){
                                                   .host = ftp->text[UC_FTP_HOST],
                                                   .port = ftp->port,
                                                   .connect_timeout_ms = CONNECT_MS,
                                                   .timeout_ms = REQUEST_MS,
                                               }));
}

/* ---- FTPPW ---- */

at_result uc_ftppw_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_ftp *ftp = &uc->ftp;
    at_result result = uc_ftp_store(uc, call, UC_FTP_PASSWORD);
    if (result != AT_OK || ftp_state(ftp->service) != FTP_GREETED) {
        return result;
    }
    const char *user = uc_ftp_text(ftp, UC_FTP_USER);
    bool begun = *user && ftp_login(ftp->service, user, uc_ftp_text(ftp, UC_FTP_PASSWORD));
    return uc_ftp_begin(uc, call, UC_FTP_LOGIN, begun);
}

/* ---- FTPPATH ---- */

static at_result tell_path(const struct uc *uc, at_ticket ticket, int code, bool good)
{
    at_info(uc->env.at, ticket, "+FTPPATH:%d", code);
    return good ? AT_OK : AT_ERROR;
}

static at_result changed(struct uc *uc, const struct ftp_result *result)
{
    int code = result->code;
    if (result->outcome != FTP_DONE && result->outcome != FTP_REFUSED) {
        code = result->outcome == FTP_TIMEOUT ? CODE_TIMEOUT : CODE_RECEIVE;
    }
    return tell_path(uc, uc->ftp.waiting, code, result->outcome == FTP_DONE);
}

at_result uc_ftppath_set(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct uc_ftp *ftp = &uc->ftp;
    at_result result = uc_ftp_store(uc, call, UC_FTP_PATH);
    if (result != AT_OK || ftp_state(ftp->service) == FTP_CLOSED) {
        return result;
    }
    if (ftp_state(ftp->service) == FTP_GREETED) {
        return tell_path(uc, call->ticket, CODE_NO_LOGIN, false);
    }
    return uc_ftp_begin(uc, call, UC_FTP_FOLDER,
                        uc_ftp_is_ready(uc) &&
                            ftp_change_folder(ftp->service, ftp->text[UC_FTP_PATH]));
}

/* ---- FTPMKD, FTPRMD, FTPSIZE ---- */

static at_result ask(struct uc *uc, const struct at_call *call, enum uc_ftp_job job,
                     bool (*request)(struct ftp *ftp, const char *name))
{
    struct buf name;
    at_result result = AT_OK;
    if (!uc_ftp_name(&call->params[0], &name, &result)) {
        return result;
    }
    result = uc_ftp_begin(uc, call, job,
                          uc_ftp_is_ready(uc) && request(uc->ftp.service, buf_text(&name)));
    buf_free(&name);
    return result;
}

at_result uc_ftpmkd_set(void *ctx, struct at_call *call)
{
    return ask(ctx, call, UC_FTP_MADE, ftp_make_folder);
}

at_result uc_ftprmd_set(void *ctx, struct at_call *call)
{
    return ask(ctx, call, UC_FTP_MADE, ftp_remove_folder);
}

at_result uc_ftpsize_set(void *ctx, struct at_call *call)
{
    return ask(ctx, call, UC_FTP_SIZE, ftp_size);
}

static at_result measured(const struct uc *uc, const struct ftp_result *result)
{
    if (result->outcome == FTP_DONE) {
        at_info(uc->env.at, uc->ftp.waiting, "+FTPSIZE:%lld", (long long)result->size);
    }
    return result->outcome == FTP_REFUSED ? (at_result)UC_NOT_FOUND : uc_ftp_failure(result);
}

/* ---- FTPQUIT ---- */

/* What is under way ends first. */
at_result uc_ftpquit(void *ctx, struct at_call *call)
{
    struct uc *uc = ctx;
    struct ftp *service = uc->ftp.service;
    uc->ftp.broken = false;
    if (ftp_state(service) == FTP_CLOSED) {
        return AT_OK;
    }
    if (ftp_busy(service)) {
        ftp_abort(service);
    } else if (!ftp_quit(service)) {
        return AT_OK;
    }
    return uc_ftp_begin(uc, call, UC_FTP_QUIT, true);
}

/* True: another request has begun. */
static bool quit_goes_on(struct uc *uc)
{
    return ftp_state(uc->ftp.service) != FTP_CLOSED && ftp_quit(uc->ftp.service);
}

/* ---- events ---- */

static void finish(struct uc *uc, at_result result)
{
    uc->ftp.job = UC_FTP_IDLE;
    at_finish(uc->env.at, uc->ftp.waiting, result);
}

static void done(void *ctx, const struct ftp_result *result)
{
    struct uc *uc = ctx;
    switch (uc->ftp.job) {
    case UC_FTP_OPENING:
        finish(uc, opened(uc, result));
        break;
    case UC_FTP_LOGIN:
    case UC_FTP_MADE:
        finish(uc, uc_ftp_failure(result));
        break;
    case UC_FTP_FOLDER:
        finish(uc, changed(uc, result));
        break;
    case UC_FTP_SIZE:
        finish(uc, measured(uc, result));
        break;
    case UC_FTP_GET:
        uc_ftp_got(uc, result);
        break;
    case UC_FTP_LIST:
        uc_ftp_listed(uc);
        break;
    case UC_FTP_PUT:
        uc_ftp_put_done(uc, result);
        break;
    case UC_FTP_QUIT:
        if (!quit_goes_on(uc)) {
            finish(uc, AT_OK);
        }
        break;
    case UC_FTP_IDLE:
        break;
    }
}

/* The module does not tell. */
static void closed(void *ctx, enum ftp_outcome outcome)
{
    (void)ctx;
    (void)outcome;
}

const struct ftp_events uc_ftp_events = {
    .done = done,
    .closed = closed,
    .data = uc_ftp_data,
    .writable = uc_ftp_writable,
};
