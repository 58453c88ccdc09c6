/* The errors of 3GPP TS 27.007 9.2 that cellular dialects use, as results of handlers. */
#ifndef DIALECT_CME_H
#define DIALECT_CME_H

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

/* In the words of 27.007; "unknown" for others. */
const char *cme_text(int error);

#endif
