/* The interpreter's inside, shared by the files of this folder. */
#ifndef AT_INTERNAL_H
#define AT_INTERNAL_H

#include "at/at.h"
#include "at/stream.h"
#include "base/buf.h"

enum at_state {
    AT_STATE_COMMAND, /* between lines or inside one */
    AT_STATE_RUNNING, /* a command has no final result yet; input waits */
    AT_STATE_LF_WAIT, /* a data phase is open, its prompt waits for a LF that belongs to the line */
    AT_STATE_COUNT,   /* data, to a number of bytes */
    AT_STATE_MARK,    /* data, to an end mark */
    AT_STATE_DROP,    /* after a data time-out: late data must not run as commands */
    AT_STATE_STREAM_LF, /* a stream opens as soon as the LF of its command line has come, or not */
    AT_STATE_STREAM,    /* the line belongs to it */
};

enum {
    URC_HOLD_MS = 5000,   /* an unfinished line holds URCs back so long */
    URC_AHEAD = 4 * 1024, /* URCs join the output only while less than this waits there */
    END_MARK_MAX = 5,     /* `+++` CR LF */
};

/* A URC, framed, waiting for its turn. */
struct at_block {
    struct at_block *next;
    size_t line, line_len; /* its information text, for traces */
    bool tapped;           /* a console has seen it */
    size_t len;
    bool boot;
    bool secret;
    char bytes[];
};

struct at_queue {
    struct at_block *first, **last;
    size_t bytes;
    bool dropping; /* the bound is reached: warn once an episode */
};

/* Of stream mode. */
struct stream {
    enum at_stream_state state;
    struct at_stream given;
    at_ticket ticket; /* WAITING: of the command that opens it; 0: none */
    bool resumes;     /* WAITING: it was suspended */
    char *line;       /* the words of its opening, or NULL */
    int number;
    struct buf in;     /* the host's, not taken yet */
    unsigned pluses;   /* behind them: perhaps an escape, held back */
    at_time last_byte; /* when the host's last one came */
    bool skip_lf;      /* a LF that comes first ends the command line */
    bool in_burst;     /* bytes have come since the last burst ended */
    bool stalled;      /* in is full: the line is not read */
    bool refused;      /* input() took too few: at_stream_ready() is awaited */
    bool starved;      /* at_stream_write() took too few: writable() is owed */
    bool offering;     /* inside input() */
    bool closed;       /* from inside it */
};

struct at {
    struct at_config config;
    const struct at_grammar *grammar;
    enum at_state state;
    at_time now;
    bool present; /* a host is there */
    bool tracing; /* someone reads config.trace */
    bool tapped;  /* someone reads config.tap */
    bool deaf;    /* the module restarts: input is thrown away */
    bool dozes;
    struct at_doze doze;
    bool drops; /* input up to drop_end */
    char drop_end;
    bool loses_line;  /* it was woken in the middle of a line */
    at_time last_end; /* when the last command ended */

    /* line settings (V.250 6.2, 27.007 9.1) */
    bool echo, verbose, quiet;
    unsigned char s3, s4, s5;
    unsigned char registers[256]; /* the others, where the grammar has them */
    int cmee;

    /* input */
    struct buf input;  /* as it came, not yet taken up */
    size_t stale;      /* of it: bytes of a host that has gone */
    bool from_gone;    /* the byte being taken up is one of those */
    at_time last_byte; /* when the last one was taken up */
    struct buf line;   /* being typed, without its end */
    struct buf last;   /* the host's line that is executed, or was last (A/) */
    bool in_line;      /* from a line's first byte to its end */
    bool overlong;
    bool cr_before; /* the byte before was the terminator: a LF now belongs to it */

    /* a console's lines, each with a LF behind it */
    struct buf console;
    struct buf console_line;               /* the one that is executed */
    uint64_t console_given, console_taken; /* lines up to now */
    uint64_t console_first;                /* number of the one that is executed */

    /* the command under way */
    bool running;
    bool from_console;
    const struct buf *text; /* its line: last or console_line */
    bool continues;         /* finished well, the rest of its line is still to be run */
    bool muted;             /* its host has gone: no answer */
    at_time began;          /* when its line was complete */
    size_t next;            /* offset in text of what follows it on its line */
    at_ticket tickets;
    struct at_call call;
    char *strings;    /* what call's values point into */
    struct buf after; /* behind its OK */

    /* its data phase */
    struct buf data;
    size_t data_count;
    enum at_data_end data_end;
    enum at_prompt prompt;
    at_result data_failure; /* AT_OK: none */
    bool cr_ended;          /* the command line ended with CR, so that a LF may follow */
    at_time since;          /* DROP, LF_WAIT: since when */

    struct stream stream;

    /* output */
    struct buf output;
    struct at_queue urcs;
    struct at_counters counters;
};

/* ---- lookup.c ---- */

/* The row for a name of len bytes, or NULL. */
const struct at_command *at_lookup(const struct at *at, const char *name, size_t len);
/* The row for the V.250 basic command that text begins with, and the length of its name. */
const struct at_command *at_lookup_basic(const struct at *at, const char *text, size_t len,
                                         size_t *name_len);

/* ---- parse.c ---- */

/* Parses the text behind `=` into call->params and call->tags. Strings go into *strings (fresh
 * memory, the caller frees). *used is how much of text belongs to the command (up to a separator).
 * Returns -1 if all is well, else the fault. */
int at_parse(const struct at *at, struct at_call *call, const char *text, size_t len,
             char **strings, size_t *used);
/* Where a command without parameters ends in text: at a separator or the end. */
size_t at_skip_blanks(const char *text, size_t len, size_t from);

/* ---- execute.c ---- */

/* A line is complete in at->last, or at->console_line: the first command behind its AT is next. */
void at_begin_line(struct at *at, const struct buf *text);
/* Runs the next command of the line, or ends it. */
void at_run_next(struct at *at);
/* The line under way has its final result: for counters, and for a console. */
void at_note_end(struct at *at, bool good);
/* Ends the command under way without an answer: its host has gone, or has got it. */
void at_end_command(struct at *at);
/* The final result of a line that never became a command. */
void at_refuse_line(struct at *at, enum at_fault fault);
/* Acts on what a handler of the running command returned. */
void at_conclude(struct at *at, at_result result);
/* Ends the running command with a fault of it. */
void at_conclude_fault(struct at *at, enum at_fault fault);

/* ---- data.c ---- */

/* Whether a data phase is open. */
bool at_in_data(const struct at *at);
/* The handler has returned: sends the prompt, or waits for the LF of the line. */
void at_data_begin(struct at *at);
void at_data_byte(struct at *at, char byte);
void at_data_tick(struct at *at);
at_time at_data_deadline(const struct at *at);

/* ---- stream.c ---- */

/* The command under way has ended with AT_STREAM. */
void at_stream_begin(struct at *at);
/* Whether it may: it has opened or resumed one. */
bool at_stream_prepared(const struct at *at);
/* It ends; what it prepared and did not begin is as before. */
void at_stream_unprepare(struct at *at);
/* Takes the host's bytes, all of one time; false: they are not the stream's. */
bool at_stream_feed(struct at *at, const char *bytes, size_t len);
size_t at_stream_room(const struct at *at);
void at_stream_tick(struct at *at);
at_time at_stream_deadline(const struct at *at);
/* Whether there is something to be done for it now, and doing it. */
bool at_stream_due(const struct at *at);
void at_stream_run(struct at *at);
void at_stream_host_gone(struct at *at);
/* Closes it and tells its owner. */
void at_stream_reset(struct at *at);
void at_stream_free(struct at *at);

/* ---- doze.c ---- */

/* How many of these bytes of the host are lost because the module slept, or are of a stream that is
 * over. */
size_t at_doze_loses(struct at *at, const char *bytes, size_t len);

/* ---- output.c ---- */

/* Towards the host, and for a console to see. */
void at_put(struct at *at, const char *bytes, size_t len);
void at_put_final(struct at *at, at_result result);
void at_put_prompt(struct at *at);
/* A result code: a line, or under ATV0 number if that is 0 or more; and the same as a URC. */
void at_put_line(struct at *at, const char *line, int number);
void at_queue_line(struct at *at, const char *line, int number);
void at_frame(const struct at *at, struct buf *out, const char *text, size_t len);
/* Moves what may go now from the URC queue to the output. */
void at_release_urcs(struct at *at);
/* Drops the oldest URCs, boot lines excepted, until at most keep bytes wait. */
void at_drop_urcs(struct at *at, size_t keep);
void at_clear_urcs(struct at *at);
void at_trace(const struct at *at, enum at_trace what, const char *text, size_t len);

/* ---- at.c ---- */

void at_wake(const struct at *at);
/* Input waits in the port, or in here, because too much output waits for the host. */
bool at_blocked(const struct at *at);

#endif
