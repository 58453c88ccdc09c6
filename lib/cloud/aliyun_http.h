/* Alibaba Cloud IoT Platform over HTTPS: host, the body of POST /auth, and its answers. Only texts;
 * whoever owns an HTTP client sends them. A report is POST /topic<topic> with the header
 * `password: <token>` and the bytes as body. */
#ifndef CLOUD_ALIYUN_HTTP_H
#define CLOUD_ALIYUN_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "cloud/aliyun.h"

/* The codes of the answers that a device can do something about. */
enum aliyun_http_code {
    ALIYUN_HTTP_NO_CODE = -1, /* the answer is not one of this cloud */
    ALIYUN_HTTP_SUCCESS = 0,
    ALIYUN_HTTP_AUTH_FAILED = 20000,
    ALIYUN_HTTP_TOKEN_EXPIRED = 20001,
    ALIYUN_HTTP_TOKEN_EMPTY = 20002,
    ALIYUN_HTTP_TOKEN_WRONG = 20003,
    ALIYUN_HTTP_PUBLISH_FAILED = 30001,
    ALIYUN_HTTP_TOO_MANY = 40000,
};

/* `https://` and the host, without a "/" behind. The caller frees it. */
char *aliyun_http_base(const struct cloud_settings *cloud);

/* The body of POST /auth (Content-Type: application/json): client id `<pk>.<dn>`, HMAC-SHA1, no
 * timestamp, which would have to be right within 15 minutes. The caller frees it. NULL: the TLS
 * library lacks the digest. */
char *aliyun_http_auth(const struct aliyun_device *device);

/* What an answer to /auth says. */
struct aliyun_http_answer {
    int code;          /* of enum aliyun_http_code, or another one of the cloud */
    char message[128]; /* for logs; cut where longer, "" where there is none */
    char token[256];   /* printable ASCII, not empty where code is 0; secret */
};

/* Reads it. Code 0 without a token that can be sent counts as no answer (ALIYUN_HTTP_NO_CODE). */
void aliyun_http_answer_read(struct aliyun_http_answer *answer, const char *bytes, size_t len);

/* The code of an answer to a report, or ALIYUN_HTTP_NO_CODE. Nothing else in it is looked at:
 * messageId is above 2^53, where a JSON number is no whole number any more. */
int aliyun_http_report_code(const char *bytes, size_t len);

#endif
