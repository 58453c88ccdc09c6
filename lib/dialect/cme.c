#include "dialect/cme.h"

static const char *text_of(int error)
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

void cme_word(struct buf *out, at_result result, int cmee, const char *gap)
{
    if (result == AT_OK) {
        buf_add_text(out, "OK");
    } else if (result == AT_ERROR || cmee == 0) {
        buf_add_text(out, "ERROR");
    } else if (cmee == 1) {
        buf_printf(out, "+CME ERROR:%s%d", gap, result);
    } else {
        buf_printf(out, "+CME ERROR:%s%s", gap, text_of(result));
    }
}

int cme_number(at_result result, int cmee)
{
    return result == AT_OK ? 0 : result == AT_ERROR || cmee == 0 ? 4 : -1;
}
