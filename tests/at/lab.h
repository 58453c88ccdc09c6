/* A bench for the interpreter: two test-only grammars, a few commands that show what they were
 * given, and a host that feeds bytes at times of its choosing. */
#ifndef TESTS_AT_LAB_H
#define TESTS_AT_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "at/at.h"
#include "base/buf.h"

/* Strict quoting, one command a line, echo off. */
extern const struct at_grammar lab_strict;
/* Shaped like a 3GPP module's: `;`, bare strings with blanks, `\n` escapes, an open quote is closed
 * by the line end, echo on, no backspace, plain ERROR by default. */
extern const struct at_grammar lab_loose;

struct lab {
    struct at *at;
    struct buf out; /* everything the host has read */
    at_time now;
    at_ticket ticket; /* of the last +SLOW, +DATA or +SUB */
    struct buf trace;
    struct buf tap;  /* what a console has seen */
    struct buf ends; /* of a console's lines: "first-last ok," */
    int warnings;
    int wakes;
    int ran; /* handlers called */
    bool gate;
    bool not_reading; /* the host does not read */
};

/* A fresh interpreter with a host that is there. adjust may change the config, or be NULL. */
void lab_open(struct lab *lab, const struct at_grammar *grammar,
              void (*adjust)(struct at_config *config));
void lab_close(struct lab *lab);

void lab_send_bytes(struct lab *lab, const char *bytes, size_t len);
void lab_send(struct lab *lab, const char *text);
/* Lets ms pass, with ticks whenever the interpreter wants one. */
void lab_wait(struct lab *lab, at_time ms);
/* Lets the interpreter run and takes what it has for the host. */
void lab_read(struct lab *lab);

/* What the host has got since the last call is text. */
void lab_expect_bytes(struct lab *lab, const char *bytes, size_t len);
void lab_expect(struct lab *lab, const char *text);

/* Sends input in one piece, cut at each byte, and byte by byte, each to a fresh interpreter; every
 * time the answer is expected. */
void lab_dialogue(const struct at_grammar *grammar, void (*adjust)(struct at_config *config),
                  const char *input, const char *expected);

/* "\r\n" text "\r\n" */
#define LINE(text) "\r\n" text "\r\n"
#define OK         LINE("OK")
#define ERROR      LINE("ERROR")

#endif
