/* Stream mode (the online data state of V.250 6.3): the line is handed to something else, a
 * transparent link or a PPP peer. Bytes pass in runs, of any value, with back pressure both ways;
 * neither echo nor unsolicited results nor a console's lines come between, they wait. There is at
 * most one stream.
 *
 *   NONE ──at_open_stream()──► OPEN ──`+++`──► SUSPENDED ──at_resume_stream()──► OPEN
 *     └─(without a command)─► WAITING ─► OPEN    at_close_stream(): from each of them to NONE
 *
 * Streams are not traced. A console that watches sees what goes out. */
#ifndef AT_STREAM_H
#define AT_STREAM_H

#include "at/at.h"

enum at_stream_state {
    AT_STREAM_NONE,
    AT_STREAM_WAITING,   /* opens as soon as it may */
    AT_STREAM_OPEN,      /* the line belongs to it */
    AT_STREAM_SUSPENDED, /* command mode; it can be resumed */
};

/* How a stream was left without at_close_stream(). */
enum at_stream_left {
    AT_LEFT_ESCAPE, /* by `+++`: it is suspended */
    AT_LEFT_GONE,   /* the host has gone: it is suspended */
    AT_LEFT_RESET,  /* by ATZ or at_restart(): it is closed */
};

/* All of them may call anything here; silent and writable may be NULL. */
struct at_stream_events {
    /* Bytes of the host; how many of them were taken. With fewer than len the rest waits, and in
     * the end the host with it, until at_stream_ready(). Also comes while the stream is suspended,
     * for what the host sent before. */
    size_t (*input)(void *ctx, const char *bytes, size_t len);
    /* The line has been silent for burst_ms: a burst ends here. Comes once a burst, behind its
     * bytes. (Bursts that were held up by back pressure may be joined.) */
    void (*silent)(void *ctx);
    /* at_stream_write() takes bytes again, after it took too few. */
    void (*writable)(void *ctx);
    void (*left)(void *ctx, enum at_stream_left how);
};

struct at_stream {
    const struct at_stream_events *events;
    void *ctx;
    /* `+++` is the way out when the line is silent for so long before and after, and never so long
     * in between. While back pressure holds the host up, silence means nothing. 0: no way out. */
    unsigned guard_ms;
    unsigned burst_ms; /* 0: silent() never comes */
    bool prompt;       /* it begins with the grammar's `>` in place of words */
    bool escape_ok;    /* the way out is answered with OK */
    bool stays;        /* open while no host is there, for the next one; else suspended then */
};

/* Opens it as the outcome of the command under way, which must then end with AT_STREAM (as a
 * handler's value, or by at_finish()) at once; what is behind it on its line is dropped. The line
 * changes hands, then the words leave: a line ("CONNECT"; NULL: none) in the frame of a final
 * result, under ATV0 number in its place if that is 0 or more, under ATQ1 nothing.
 *
 * With ticket 0 it opens by itself, behind the unsolicited results that wait now, as soon as no
 * command runs, no line is half typed and a host is there.
 *
 * False if there is a stream already. stream is copied. */
bool at_open_stream(struct at *at, at_ticket ticket, const struct at_stream *stream,
                    const char *line, int number);
/* The same for one that is suspended; false if none is. */
bool at_resume_stream(struct at *at, at_ticket ticket, const char *line, int number);

/* Ends it. The words, as above, follow what it has written, or if it was suspended go as an
 * unsolicited result; none if it only waited. What the host had sent for it and input() has not
 * taken is lost; but from inside input() what this does not take is command input from then on. */
void at_close_stream(struct at *at, const char *line, int number);

/* Behind the end of a stream: what the host sends is dropped up to end, that byte included; but
 * silence of a second also ends it. */
void at_drop_until(struct at *at, char end);

enum at_stream_state at_stream_state(const struct at *at);

/* Bytes for the host: how many were taken, with fewer than len writable() comes later. Nothing is
 * taken while it is not open or no host is there. */
size_t at_stream_write(struct at *at, const char *bytes, size_t len);

/* input() would take bytes again. Never calls it at once. */
void at_stream_ready(struct at *at);

#endif
