/* The AT interpreter: a pure core. It is fed bytes and the time, and emits bytes; no descriptor, no
 * clock, no global. V.250 and 3GPP TS 27.007 conduct; what differs between modules is in the
 * grammar and the command tables.
 *
 * Output leaves through four doors (information line, final result, URC, data) over one queue
 * that alone decides what may go now and what waits: nothing ever falls inside another command's
 * answer, a prompt's data or a half-typed line.
 */
#ifndef AT_AT_H
#define AT_AT_H

#include "at/command.h"

/* Milliseconds of a monotonic clock. */
typedef int64_t at_time;
#define AT_NEVER INT64_MAX

/* Names one command under way; no later command shares it. */
typedef uint64_t at_ticket;

/* The command a handler is called for. Valid until its final result. */
struct at_call {
    struct at *at;
    at_ticket ticket;
    const struct at_command *command;
    enum at_form form;
    struct at_value params[AT_PARAMS_MAX];
    struct at_value tags[AT_TAGS_MAX];
};

enum at_trace { AT_TRACE_IN, AT_TRACE_OUT, AT_TRACE_DATA };

struct at_config {
    const struct at_grammar *grammar;
    const struct at_table *const
        *tables; /* searched in order, before the interpreter's own commands */
    size_t table_count;
    void *ctx;       /* of the handlers */
    void *hooks_ctx; /* of the hooks that follow */
    /* Whether a gated command exists now. NULL: none does. */
    bool (*enabled)(void *ctx, const char *gate);
    /* What passes, secrets masked, for logs, while at_set_tracing() is on. */
    void (*trace)(void *ctx, enum at_trace what, const char *text, size_t len);
    /* All that goes out to the host, or would if one were there; secret answers masked. For a
     * console, while at_set_tapped() is on. */
    void (*tap)(void *ctx, const char *bytes, size_t len);
    /* A line of a console, number first, has its final result, good or not; lines up to last were
     * its data. May be NULL. */
    void (*console_done)(void *ctx, bool ok, uint64_t first, uint64_t last);
    /* Something is to be done outside of at_feed()/at_tick(): call at_tick() and look at
     * at_output() soon, but not from inside this call. May be NULL (tests). */
    void (*wake)(void *ctx);
    /* Something that a person should know; once an episode. May be NULL. */
    void (*warn)(void *ctx, const char *text);
    bool echo;
    bool lenient;             /* the dialect's lenient switch */
    size_t backlog;           /* bytes of whole URCs kept while no host is there */
    unsigned data_timeout_ms; /* silence that ends a data phase */
    unsigned guard_ms;        /* silence behind `+++`; 0: none needed */
};

/* Bounds (bytes). */
enum {
    AT_INPUT_MAX = 32 * 1024,   /* kept while a command is pending */
    AT_OUTPUT_MAX = 64 * 1024,  /* waiting output above which input is no longer taken */
    AT_URCS_MAX = 1024 * 1024,  /* waiting URCs above which the newest is dropped */
    AT_CONSOLE_MAX = 32 * 1024, /* waiting console lines */
};

/* config is copied; what it points to outlives the object. */
struct at *at_create(const struct at_config *config);
/* Gives config.ctx when it could not be known at creation. */
void at_set_context(struct at *at, void *ctx);
void at_destroy(struct at *at);

/* ---- the line side (the owner of the port) ---- */

/* Takes bytes from the host; len at most at_input_room(). Handlers run in here. */
void at_feed(struct at *at, const char *bytes, size_t len, at_time now);
/* The time has come, or wake() was called. */
void at_tick(struct at *at, at_time now);
/* When at_tick() is wanted next. */
at_time at_deadline(const struct at *at);
/* How many bytes at_feed() takes now. */
size_t at_input_room(const struct at *at);

/* What is to be written to the host now; at_output_written() takes len bytes of it away. */
const char *at_output(const struct at *at, size_t *len);
void at_output_written(struct at *at, size_t len, at_time now);

/* A host is there from now on / has gone: the half-typed line, the data phase and queued answers
 * go with it; lines that it completed still run, their answers are dropped. */
void at_host_came(struct at *at, at_time now);
void at_host_gone(struct at *at, at_time now);

/* A line from a console, without its end: runs as a command line between the host's commands; its
 * answer goes to both. What follows while a data phase that it opened is open are its data, without
 * line ends. Returns the number of the line, from 1 on; 0: it is not taken, because more than
 * AT_CONSOLE_MAX bytes would wait, or there is a line end in it. */
uint64_t at_console_line(struct at *at, const char *line, size_t len);
/* Whether config.tap is called. Off at first. */
void at_set_tapped(struct at *at, bool on);

/* ---- the dialect side ---- */

/* An information line of the command under way, framed. A stale ticket is ignored. */
void at_info(struct at *at, at_ticket ticket, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for bytes of any value; secret ones are not traced. */
void at_info_bytes(struct at *at, at_ticket ticket, const char *bytes, size_t len, bool secret);
/* Bytes that follow the final OK of this command directly, as they are; dropped if it fails. */
void at_after_ok(struct at *at, at_ticket ticket, const char *bytes, size_t len);

/* Ends a pending command. False if the ticket is stale: its host no longer waits. */
bool at_finish(struct at *at, at_ticket ticket, at_result result);

struct at_urc {
    const char *line; /* framed; any byte; NULL: none */
    size_t len;
    bool ok;         /* an OK line follows */
    const char *raw; /* bytes behind, as they are, or NULL */
    size_t raw_len;
    bool boot;   /* kept for a host that attaches late, whatever the backlog */
    bool secret; /* what stands behind the colon of line is not traced, nor shown to a console */
};

/* Queues an unsolicited result code; it goes, whole, when it may. */
void at_urc(struct at *at, const struct at_urc *urc);
/* The same for a line in printf form with nothing behind. */
void at_urc_line(struct at *at, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Bytes of unsolicited results that wait for the host. */
size_t at_urcs_waiting(const struct at *at);

enum at_data_end {
    AT_END_COUNT,  /* after count bytes */
    AT_END_PLUSES, /* after `+++` and the guard time; at most count bytes */
    AT_END_SUB,    /* after the byte SUB (Ctrl-Z); at most count bytes; ESC cancels */
};
enum at_prompt { AT_PROMPT_OK, AT_PROMPT_CHEVRON, AT_PROMPT_OK_CHEVRON };

/* From a handler that then returns AT_DATA: the bytes that follow are data for the command's data
 * handler. The mode is switched before the prompt leaves. */
void at_open_data(struct at_call *call, enum at_data_end end, size_t count, enum at_prompt prompt);
/* What the data of this command were for has failed meanwhile: they are still taken to their end,
 * then answered with result. No effect unless its data phase is open. */
void at_fail_data(struct at *at, at_ticket ticket, at_result result);

/* Whether config.trace is called: making its text costs time. Off at first. */
void at_set_tracing(struct at *at, bool on);

/* Whether command lines are given back (ATE). */
bool at_echo(const struct at *at);
void at_set_echo(struct at *at, bool on);
/* E, V, Q, S and CMEE as at boot (ATZ, AT&F). */
void at_reset(struct at *at);
/* Input is thrown away until at_undeafen(), waiting input and a half-typed line as well. */
void at_deafen(struct at *at);
void at_undeafen(struct at *at);
/* Whatever is under way ends here, without a word: nobody is left who would finish a command, or
 * take its data. Not from inside a handler. */
void at_cut(struct at *at);
/* The module restarts: as at_reset(), and waiting URCs go. What is in the output already leaves. */
void at_restart(struct at *at);

/* The module sleeps when it has been idle for after_ms: the byte that wakes it is lost, and with
 * loses_line all of its line. */
struct at_doze {
    unsigned after_ms;
    bool loses_line;
    void (*woken)(void *ctx); /* it was woken; ctx is the handlers'. May be NULL. */
};
/* From the end of the command under way on; doze is copied. NULL: it never sleeps, as at first. */
void at_set_doze(struct at *at, const struct at_doze *doze);

/* Nothing waits for the host, URCs included (or nobody is there to read). */
bool at_drained(const struct at *at);
/* Bytes that wait for the host: answers and data, unsolicited results. */
size_t at_output_waiting(const struct at *at);

/* How long command lines took, from their end to their final result: how many took at most
 * at_latency_ms[i], each counted in one place; the last place has the others. */
enum { AT_LATENCIES = 12 };
extern const unsigned at_latency_ms[AT_LATENCIES - 1];

struct at_counters {
    uint64_t commands, errors;
    uint64_t urcs, urcs_dropped;
    uint64_t bytes_in, bytes_out;
    uint64_t latency[AT_LATENCIES];
    uint64_t latency_sum_ms;
};
struct at_counters at_counters(const struct at *at);

/* ---- tables, for lists and generated documents ---- */

/* The interpreter's own commands. */
extern const struct at_table at_v250_table;

/* Copies a command line, masking secret parameters by the table; what cannot be told apart is
 * masked whole. Appends to out. */
void at_mask(const struct at *at, const char *line, size_t len, struct buf *out);

#endif
