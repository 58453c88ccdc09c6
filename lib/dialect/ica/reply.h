/* What the three families word in the same way: read forms that repeat the last request, reports
 * of what was received. */
#ifndef DIALECT_ICA_REPLY_H
#define DIALECT_ICA_REPLY_H

#include "at/at.h"
#include "base/buf.h"

struct ica;

/* The last request of one command, or the last thing received of one kind. All zero: none yet. */
struct ica_last {
    bool any;
    char numbers[24]; /* what stands first: QoS, method, identifier, "token,status" */
    struct buf place; /* topic or path, as the host wrote it */
    struct buf bytes;
};

/* numbers in printf form. */
void ica_remember(struct ica_last *last, const char *place, size_t place_len, const char *bytes,
                  size_t len, const char *numbers, ...) __attribute__((format(printf, 6, 7)));
void ica_forget(struct ica_last *last);

/* A read form: AT_OK, after `NAME:NUMBERS,"PLACE","MESSAGE"`; binary: with the length in place of
 * the message and the bytes behind the OK. place_first: `"PLACE",NUMBERS`. */
enum ica_order { ICA_NUMBERS_FIRST, ICA_PLACE_FIRST };
at_result ica_repeat_text(const struct ica *ica, struct at_call *call, const struct ica_last *last,
                          enum ica_order order);
at_result ica_repeat_binary(const struct ica *ica, struct at_call *call,
                            const struct ica_last *last, enum ica_order order);

/* A kind of report: `NAME:NUMBERS,"PLACE",LENGTH,"MESSAGE"`, OK for a text; for anything else
 * without the message, and the bytes behind the OK. */
struct ica_report {
    const char *text_name;
    const char *binary_name;
    bool escapes; /* quotes within quotes have a backslash, unless ica.rcv_escape is off */
};

/* Reports what was received, and remembers it in *text or *binary. */
void ica_receive(struct ica *ica, const struct ica_report *report, struct ica_last *text,
                 struct ica_last *binary, const char *place, const char *bytes, size_t len,
                 const char *numbers, ...) __attribute__((format(printf, 8, 9)));
/* Their read forms; reading does not consume. */
at_result ica_received_text(struct ica *ica, struct at_call *call, const struct ica_report *report,
                            const struct ica_last *last);
at_result ica_received_binary(struct ica *ica, struct at_call *call,
                              const struct ica_report *report, const struct ica_last *last);

/* `"TEXT"`, with \" for each quote in it if escapes. */
void ica_put_quoted(struct buf *line, const char *bytes, size_t len, bool escapes);

/* Thousandths of a second in their shortest form: 2, 0.5, 1.25. */
void ica_put_seconds(struct buf *line, long ms);

/* A URC line and, unless ica.urc_ok is off, its OK. */
void ica_urc_ok(struct ica *ica, const char *line, size_t len);

/* ---- parameters of send commands ---- */

#define ICA_METHOD                                                                                 \
    {                                                                                              \
        .name = "method", .type = AT_INT, .min = 1, .max = 4                                       \
    }
#define ICA_PATH(check)                                                                            \
    {                                                                                              \
        .name = "path", .type = AT_STRING, .min = 1, .max = ICA_TOPIC_MAX, .valid = (check)        \
    }
#define ICA_MESSAGE                                                                                \
    {                                                                                              \
        .name = "message", .type = AT_STRING, .max = ICA_TEXT_MAX, .flags = AT_FREE                \
    }
#define ICA_MSG_LEN                                                                                \
    {                                                                                              \
        .name = "msg_len", .type = AT_INT, .max = ICA_BINARY_MAX                                   \
    }

/* The path of a request with the "/" that the host may have left out. The caller frees it. */
char *ica_absolute_path(const char *path);

/* Opens the data phase of a binary send: len bytes, or with 0 to the end mark. */
at_result ica_open_data(struct at_call *call, size_t len);

#endif
