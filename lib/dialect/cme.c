#include "dialect/cme.h"

const char *cme_text(int error)
{
    switch (error) {
    case CME_NOT_ALLOWED:
        return "operation not allowed";
    case CME_NOT_SUPPORTED:
        return "operation not supported";
    case CME_NO_SIM:
        return "SIM not inserted";
    case CME_MEMORY_FULL:
        return "memory full";
    case CME_TEXT_TOO_LONG:
        return "text string too long";
    case CME_INVALID_CHARACTERS:
        return "invalid characters in text string";
    case CME_NO_NETWORK:
        return "no network service";
    case CME_NETWORK_TIMEOUT:
        return "network timeout";
    case CME_INCORRECT_PARAMETERS:
        return "incorrect parameters";
    case CME_AUTHENTICATION_FAILURE:
        return "PDP authentication failure";
    default:
        return "unknown";
    }
}
