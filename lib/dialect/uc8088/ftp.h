/* The FTP family of commands. */
#ifndef DIALECT_UC8088_FTP_H
#define DIALECT_UC8088_FTP_H

#include <ev.h>

#include "at/at.h"
#include "base/buf.h"
#include "service/ftp/ftp.h"

struct uc;

/* The texts that commands set. */
enum uc_ftp_text {
    UC_FTP_HOST,
    UC_FTP_USER,
    UC_FTP_PASSWORD,
    UC_FTP_GETNAME,
    UC_FTP_PATH,
    UC_FTP_PUTNAME,
    UC_FTP_TEXTS
};

/* What the service is at. */
enum uc_ftp_job {
    UC_FTP_IDLE,
    UC_FTP_OPENING,
    UC_FTP_LOGIN,
    UC_FTP_FOLDER, /* changed */
    UC_FTP_MADE,   /* a folder made or removed */
    UC_FTP_SIZE,
    UC_FTP_LIST,
    UC_FTP_GET, /* behind the OK of its command, or as its answer */
    UC_FTP_PUT,
    UC_FTP_QUIT,
};

struct uc_ftp {
    struct ftp *service;
    char *text[UC_FTP_TEXTS]; /* NULL: never set */
    int port;
    bool passive, ascii;
    int64_t offset; /* of the next FTPGET */
    enum uc_ftp_job job;
    at_ticket waiting;   /* the command that it will finish; 0: none */
    bool answers;        /* FTPGET: the data are information of the command */
    bool told;           /* FTPGET: some of them have been given */
    struct buf received; /* not given to the host yet */
    struct buf unsent;   /* of FTPPUT's piece */
    bool writable;       /* the upload takes bytes */
    bool broken;         /* the upload has ended, and the host does not know */
    ev_timer resume;     /* the host has too much to read */
};

void uc_ftp_power_on(struct uc *uc);
void uc_ftp_power_off(struct uc *uc);

/* ftp.c */
const char *uc_ftp_text(const struct uc_ftp *ftp, enum uc_ftp_text which);
/* A name from the end of a command line; false with *result: it is none. */
bool uc_ftp_name(const struct at_value *value, struct buf *name, at_result *result);
/* Whether the server can be asked something now. */
bool uc_ftp_is_ready(const struct uc *uc);
/* Remembers the text of a set command. */
at_result uc_ftp_store(struct uc *uc, const struct at_call *call, enum uc_ftp_text which);

/* ftp_session.c: requests, and how they end. */
extern const struct ftp_events uc_ftp_events;
at_result uc_ftp_begin(struct uc *uc, const struct at_call *call, enum uc_ftp_job job, bool begun);
at_result uc_ftp_failure(const struct ftp_result *result);
at_result uc_ftpserv_set(void *ctx, struct at_call *call);
at_result uc_ftppw_set(void *ctx, struct at_call *call);
at_result uc_ftppath_set(void *ctx, struct at_call *call);
at_result uc_ftpmkd_set(void *ctx, struct at_call *call);
at_result uc_ftprmd_set(void *ctx, struct at_call *call);
at_result uc_ftpsize_set(void *ctx, struct at_call *call);
at_result uc_ftpquit(void *ctx, struct at_call *call);

/* ftp_transfer.c */
void uc_ftp_resume(struct ev_loop *loop, ev_timer *timer, int events);
size_t uc_ftp_data(void *ctx, const char *bytes, size_t len);
void uc_ftp_writable(void *ctx);
void uc_ftp_got(struct uc *uc, const struct ftp_result *result);
void uc_ftp_listed(struct uc *uc);
void uc_ftp_put_done(struct uc *uc, const struct ftp_result *result);
at_result uc_ftpget_set(void *ctx, struct at_call *call);
at_result uc_ftpget(void *ctx, struct at_call *call);
at_result uc_ftpput_set(void *ctx, struct at_call *call);
at_result uc_ftplist(void *ctx, struct at_call *call);

#endif
