/* Targets for fuzzing: each is a function that takes any bytes, and aborts where a property does
 * not hold. `make fuzz` feeds them from libFuzzer, test_corpora.c from the files of
 * tests/fuzz/corpus. */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct dialect;

#define FUZZ_TARGETS(X)                                                                            \
    X(access_points)                                                                               \
    X(at)                                                                                          \
    X(cloud)                                                                                       \
    X(coap)                                                                                        \
    X(control)                                                                                     \
    X(ftp)                                                                                         \
    X(http)                                                                                        \
    X(modem)                                                                                       \
    X(nvram)                                                                                       \
    X(ota)                                                                                         \
    X(ppp)                                                                                         \
    X(provision)                                                                                   \
    X(settings)                                                                                    \
    X(sntp)                                                                                        \
    X(thing_model)

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *bytes, size_t len);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

/* An assertion that no build leaves out. */
#define FUZZ_HOLDS(condition)                                                                      \
    ((condition) ? (void)0                                                                         \
                 : (fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition), \
                    abort()))

/* Takes values from the front of the bytes. */
struct fuzz_input {
    const uint8_t *bytes;
    size_t len;
};

/* 0 at the end. */
static inline uint8_t fuzz_byte(struct fuzz_input *input)
{
    if (!input->len) {
        return 0;
    }
    input->len--;
    return *input->bytes++;
}

/* What stands before the next `end`, which is taken, too, as a string that the caller frees. */
char *fuzz_text(struct fuzz_input *input, char end, size_t *len);

/* A byte says which. */
const struct dialect *fuzz_dialect(struct fuzz_input *input);

/* A file that has these bytes, in a folder of the process that goes at its end: its path. The same
 * file each time. */
const char *fuzz_file(const uint8_t *bytes, size_t len);
const char *fuzz_folder(void);

#endif
