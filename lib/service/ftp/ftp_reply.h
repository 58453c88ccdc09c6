/* Private to the FTP service: the replies of a server (RFC 959 4.2), out of a stream of bytes. */
#ifndef SERVICE_FTP_FTP_REPLY_H
#define SERVICE_FTP_FTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct ftp_reply {
    int code;       /* 100..599 */
    char text[256]; /* of its last line, behind the code; cut if it is longer */
};

/* All zero is a fresh one. */
struct ftp_replies {
    struct buf bytes;
    int open; /* the code of a reply of several lines that has begun, or 0 */
};

enum ftp_replies_step {
    FTP_REPLIES_MORE, /* no whole reply is there */
    FTP_REPLIES_ONE,
    FTP_REPLIES_GARBAGE, /* that is no FTP */
};

void ftp_replies_add(struct ftp_replies *replies, const char *bytes, size_t len);
enum ftp_replies_step ftp_replies_next(struct ftp_replies *replies, struct ftp_reply *reply);
void ftp_replies_free(struct ftp_replies *replies);

#endif
