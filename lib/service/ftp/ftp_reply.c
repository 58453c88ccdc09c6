#include "service/ftp/ftp_reply.h"

#include <stdio.h>
#include <string.h>

enum { LINE_MAX_LEN = 4096 };

void ftp_replies_add(struct ftp_replies *replies, const char *bytes, size_t len)
{
    buf_add(&replies->bytes, bytes, len);
}

void ftp_replies_free(struct ftp_replies *replies)
{
    buf_free(&replies->bytes);
    replies->open = 0;
}

/* The code that a line begins with, or 0; *more tells of a hyphen behind it. */
static int code_of(const char *line, size_t len, bool *more)
{
    int code = 0;
    for (size_t i = 0; i < 3; i++) {
        if (i >= len || line[i] < '0' || line[i] > '9') {
            return 0;
        }
        code = code * 10 + (line[i] - '0');
    }
    *more = len > 3 && line[3] == '-';
    bool ends = len == 3 || line[3] == ' ' || *more;
    return ends && code >= 100 && code < 600 ? code : 0;
}

/* One line without its end. */
static enum ftp_replies_step take_line(struct ftp_replies *replies, const char *line, size_t len,
                                       struct ftp_reply *reply)
{
    bool more = false;
    int code = code_of(line, len, &more);
    if (replies->open) {
        if (code != replies->open || more) {
            return FTP_REPLIES_MORE;
        }
    } else if (!code) {
        return FTP_REPLIES_GARBAGE;
    }
    if (more) {
        replies->open = code;
        return FTP_REPLIES_MORE;
    }
    replies->open = 0;
    reply->code = code;
    int shown = len > 4 ? (int)(len - 4) : 0;
    snprintf(reply->text, sizeof reply->text, "%.*s", shown, shown ? line + 4 : "");
    return FTP_REPLIES_ONE;
}

enum ftp_replies_step ftp_replies_next(struct ftp_replies *replies, struct ftp_reply *reply)
{
    for (;;) {
        const char *line = buf_bytes(&replies->bytes);
        size_t have = buf_len(&replies->bytes);
        const char *end = memchr(line, '\n', have);
        size_t len = end ? (size_t)(end - line) : have;
        if (len > LINE_MAX_LEN) {
            return FTP_REPLIES_GARBAGE;
        }
        if (!end) {
            return FTP_REPLIES_MORE;
        }
        size_t shown = len && line[len - 1] == '\r' ? len - 1 : len;
        enum ftp_replies_step step = take_line(replies, line, shown, reply);
        buf_take(&replies->bytes, len + 1);
        if (step != FTP_REPLIES_MORE) {
            return step;
        }
    }
}
