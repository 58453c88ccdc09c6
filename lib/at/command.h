/* What a dialect tells the interpreter: its command table and its grammar, both const data.
 *
 * Syntax checks, the answers to `=?`, masking in traces, --list-commands, AT help and the command
 * reference all come from the same rows.
 */
#ifndef AT_COMMAND_H
#define AT_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct at;
struct at_call;
struct buf;

/* ---- results ---- */

/* What a handler returns and at_finish() takes. Numbers above 0 are the dialect's own error codes,
 * from AT_GOOD on its own good results ("SEND OK"); its grammar gives them their words, or none:
 * then the command ends without a final result. */
typedef int at_result;
enum {
    AT_GOOD = 10000,
    AT_OK = 0,
    AT_ERROR = -1,   /* plain ERROR */
    AT_PENDING = -2, /* handlers only: at_finish() will come */
    AT_DATA = -3,    /* handlers only: at_open_data() was called */
    AT_STREAM =
        -4, /* at_open_stream() or at_resume_stream() was called: its words are the answer */
};

/* What can be wrong with a line; the grammar maps each to a result. */
enum at_fault {
    AT_FAULT_NOT_AT,         /* does not begin with AT */
    AT_FAULT_LINE_TOO_LONG,  /* more than line_max bytes */
    AT_FAULT_UNKNOWN,        /* no such command */
    AT_FAULT_FORM,           /* the command has no such form (test, read, set, execute) */
    AT_FAULT_MISSING,        /* too few parameters */
    AT_FAULT_EXTRA,          /* too many */
    AT_FAULT_EMPTY,          /* nothing where a value must be */
    AT_FAULT_SYNTAX,         /* not a number, text where none may be */
    AT_FAULT_RANGE,          /* a number out of range, a word not among the choices */
    AT_FAULT_TOO_LONG,       /* a string above its maximum */
    AT_FAULT_QUOTE,          /* a quote that does not close, text behind a closing one */
    AT_FAULT_INVALID,        /* refused by the parameter's validator */
    AT_FAULT_TAG,            /* a tag unknown, given twice, or without its value */
    AT_FAULT_DATA_TIMEOUT,   /* a data phase that stalled */
    AT_FAULT_DATA_TOO_LONG,  /* a data phase above its limit */
    AT_FAULT_DATA_CANCELLED, /* by ESC */
    AT_FAULT_COUNT
};

/* ---- parameters ---- */

enum at_type {
    AT_INT,     /* decimal integer, min..max */
    AT_DECIMAL, /* decimal number with at most three decimals; value and range in thousandths */
    AT_CHOICE,  /* one of choices; the number is the index */
    AT_STRING,  /* min..max bytes after unescaping */
};

enum at_param_flags {
    AT_OPTIONAL = 1, /* may be left out, or be empty */
    AT_SECRET = 2,   /* masked in traces and logs */
    AT_EMPTY = 8,    /* must be there, but a string may be empty without quotes */
    AT_CASE = 16,    /* the case of a choice counts */
    AT_TRIM = 32,    /* blanks at both ends do not, even inside quotes */
    AT_FREE = 4, /* last string of its command, to which the grammar's free-text rule applies; with
                    AT_FREE_LAST_TAIL one number may follow */
};

struct at_param {
    const char *name;
    enum at_type type;
    unsigned flags;
    int64_t min, max;
    int64_t lenient_min, lenient_max; /* with the dialect's lenient switch on; both 0: the same */
    const char *const *choices;       /* NULL-ended */
    bool (*valid)(const char *bytes, size_t len); /* of a string, or NULL */
};

/* A typed, checked value. A string may hold any byte and has a NUL behind it. */
struct at_value {
    bool present;
    int64_t number;
    const char *text;
    size_t len;
};

enum { AT_PARAMS_MAX = 16, AT_TAGS_MAX = 8 };

/* ---- commands ---- */

enum at_form { AT_TEST = 1, AT_READ = 2, AT_SET = 4, AT_EXECUTE = 8 };

enum at_command_flags {
    AT_BASIC = 1,    /* V.250 basic syntax: letters and digits, others may follow at once; the rest
                        of the command if its parameter is a string (D) */
    AT_INTERNAL = 4, /* one of the interpreter's own: its handlers get the interpreter */
    AT_WHOLE_LINE = 2, /* the separator is an ordinary character in its parameters */
};

/* Handlers see checked values only, change nothing when they return an error, and never block. */
typedef at_result (*at_handler)(void *ctx, struct at_call *call);
/* The bytes of a data phase are in. */
typedef at_result (*at_data_handler)(void *ctx, struct at_call *call, const char *bytes,
                                     size_t len);

struct at_command {
    const char *name;    /* canonical, upper case: "+IMQTTPUB"; basic: "E", "&F" */
    const char *aliases; /* further names with blanks between, or NULL */
    const char
        *gate; /* the dialect's switch that enables it ("ica.cellular"), NULL: always there */
    unsigned forms;
    unsigned flags;
    const struct at_param *params;
    size_t param_count;
    const struct at_param
        *tags; /* behind the parameters: tag,value[,tag,value...], all or nothing */
    size_t tag_count;
    const char *test;       /* information text of `=?`; NULL: the grammar derives it; "": none */
    const char *test_after; /* a line behind the OK of `=?`, or NULL */
    at_handler describe;    /* answers `=?` in place of a text; NULL: none */
    at_handler read, set, execute;
    at_data_handler data;
    /* Asked before the parameters of set, execute, read or test form (call->form) are looked at;
     * what it returns besides AT_OK is the result. NULL: nothing stands in the way. */
    at_handler guard;
    const at_result *faults; /* this command's own mapping, NULL: the grammar's */
    const char *help;        /* one line */
};

/* Members of a row: its parameters, its tags. */
#define AT_PARAMS(array) .params = (array), .param_count = sizeof(array) / sizeof *(array)
#define AT_TAGS(array)   .tags = (array), .tag_count = sizeof(array) / sizeof *(array)

struct at_table {
    const struct at_command *rows;
    size_t count;
};

/* ---- grammar ---- */

/* How far a parameter with AT_FREE reaches. */
enum at_free_text {
    AT_FREE_NONE,       /* like any string */
    AT_FREE_LAST_QUOTE, /* from its first quote to the last quote of the line, bare: to its end */
    AT_FREE_LAST_TAIL,  /* from its first quote to the last one behind which the line ends, or a
                         * comma  and a number; bare like any string */
    AT_FREE_REST,       /* everything to the end of the line, as it is */
};

/* What a LF behind the CR of a command that opens a data phase means. */
enum at_lf_rule {
    AT_LF_WAIT,  /* waited for lf_wait_ms before the prompt; later it is data */
    AT_LF_NEVER, /* part of the line end however late it comes */
};

struct at_grammar {
    const char *name;
    size_t line_max;       /* bytes of a command line */
    char separator;        /* between commands of one line, outside quotes; 0: none */
    bool quotes;           /* strings may stand in double quotes */
    bool bare_blanks;      /* strings without quotes may hold blanks (inside) and quotes */
    bool bare_end_blanks;  /* blanks at the end of a string without quotes belong to it */
    bool bare_lead_blanks; /* blanks before it, too, but for the first one */
    const char *escapes;   /* the characters that a backslash makes special inside quotes: `"`, `\`
                              and themselves, n LF, r CR; before any other it is itself */
    bool
        open_quote_closes; /* the line end closes a quote; else only the `\"` rule applies: a line
                              that ends in \" and would leave its string open ends in a backslash */
    enum at_free_text free_text, free_text_lenient;
    bool counts_first;    /* too few or too many parameters, empty ones included, are found before
                           * what is wrong with a value */
    bool backspace_edits; /* S5 deletes the character before it */
    /* Lines that silence ends as a terminator would ("ATO"); NULL-ended, or NULL. */
    const char *const *bare_commands;
    unsigned bare_silence_ms; /* so much of it */
    bool swallow_pluses;      /* a lone `+++`, ended by that silence or a terminator, is no line */
    int bare_e;               /* what ATE without a number means */
    int cmee;                 /* +CMEE at boot */
    enum at_lf_rule lf_rule;
    unsigned lf_wait_ms;
    const char *chevron;      /* the prompt `>` with its framing */
    const char *colon;        /* between the name and the values of an information line */
    unsigned drop_silence_ms; /* after a data time-out input is dropped until so much silence */
    bool all_registers; /* S0 to S255 can be set and read; without a meaning but for S3 to S5 */
    at_result faults[AT_FAULT_COUNT];
    const at_result *basic_faults; /* of V.250 basic commands, NULL: the same */
    /* The words of a final result at a +CMEE level, without framing; several lines: LF between. */
    void (*word)(struct buf *out, at_result result, int cmee);
    /* The number of a result under ATV0, in place of its last line, or -1 for those that stay
     * words. */
    int (*number)(at_result result, int cmee);
    /* The information text of `=?` for rows without one of their own; nothing added: none. NULL:
     * no row of the dialect has that form, nor the interpreter's. */
    void (*test)(struct buf *out, const struct at_command *command);
};

#endif
