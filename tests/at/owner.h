/* An interpreter with an owner of streams, for the tests of stream mode: it keeps what it gets, and
 * does what it is told to. */
#ifndef TESTS_AT_OWNER_H
#define TESTS_AT_OWNER_H

#include "at/stream.h"
#include "lab.h"

enum { GUARD = 20 };

struct owner {
    struct lab lab; /* first: the handlers' context */
    struct at_stream stream;
    struct buf got;       /* from the host; "|" where a burst ended */
    size_t room;          /* how much input() takes in all */
    size_t close_at;      /* input() closes the stream at this byte; 0: never */
    bool echo;            /* input() gives back what it gets */
    int writable;         /* calls */
    char left[8];         /* E, G, R for each */
    bool close_when_left; /* and then it closes it */
    const char *line;
    int number;
};

/* A fresh one, on a grammar; owner_begin(): on the strict one of the lab. */
void owner_begin_with(struct owner *owner, const struct at_grammar *grammar);
void owner_begin(struct owner *owner);
/* The same with its stream open. */
void owner_begin_open(struct owner *owner);
void owner_end(struct owner *owner);

/* What it has got since the last call. */
void owner_expect_got(struct owner *owner, const char *text);
void owner_expect_state(struct owner *owner, enum at_stream_state state);

/* One that knows bare commands, and swallows pluses. */
const struct at_grammar *owner_bare_grammar(void);

#endif
