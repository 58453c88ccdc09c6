/* The errors of 3GPP TS 27.007 9.2 that cellular dialects use, as results of handlers. */
#ifndef DIALECT_CME_H
#define DIALECT_CME_H

#include "at/command.h"
#include "base/buf.h"

enum cme_error {
    CME_NOT_ALLOWED = 3,
    CME_NOT_SUPPORTED = 4,
    CME_NO_SIM = 10,
    CME_MEMORY_FULL = 20,
    CME_TEXT_TOO_LONG = 24,
    CME_INVALID_CHARACTERS = 25,
    CME_NO_NETWORK = 30,
    CME_NETWORK_TIMEOUT = 31,
    CME_INCORRECT_PARAMETERS = 50,
    CME_UNKNOWN = 100,
    CME_AUTHENTICATION_FAILURE = 149,
};

/* Final result codes of a dialect that has OK, ERROR and +CME ERROR only (27.007 9.1). gap is what
 * stands between the colon and the error; cmee is that of AT+CMEE. An error without a text is
 * "unknown". */
void cme_word(struct buf *out, at_result result, int cmee, const char *gap);
/* In numbers (V.250 6.2.6); -1: there is none. */
int cme_number(at_result result, int cmee);

#endif
