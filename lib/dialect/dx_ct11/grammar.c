/* Syntax and wording of the dialect. */
#include "dialect/dx_ct11/instance.h"

/* CMEE 1 and 2: the other form that the manual names. */
static void word(struct buf *out, at_result result, int cmee)
{
    if (result == AT_OK) {
        buf_add_text(out, "OK");
    } else if (result == DX_SEND_OK) {
        buf_add_text(out, "SEND OK");
    } else if (result == DX_SEND_FAIL) {
        buf_add_text(out, "SEND FAIL");
    } else if (result >= DX_CONNECT) {
        buf_printf(out, "CONNECT,ID:%d", result - DX_CONNECT);
    } else if (result != DX_SILENT) {
        buf_printf(out, cmee ? "+CME ERROR:%d" : "ERROR=%d", result);
    }
}

static int number(at_result result, int cmee)
{
    (void)cmee;
    return result == AT_OK ? 0 : -1;
}

static const char *const bare_commands[] = {"ATO", NULL};

const struct at_grammar dx_grammar = {
    .name = "dx-ct11",
    .line_max = 4096,
    .quotes = true,
    .bare_blanks = true,
    .counts_first = true,
    .free_text = AT_FREE_LAST_TAIL,
    .free_text_lenient = AT_FREE_LAST_TAIL,
    .backspace_edits = true,
    .bare_commands = bare_commands,
    .bare_silence_ms = 20,
    .swallow_pluses = true,
    .bare_e = 1,
    .lf_rule = AT_LF_NEVER,
    .chevron = "\r\n>",
    .colon = ":",
    .drop_silence_ms = 1000,
    .faults =
        {
            [AT_FAULT_NOT_AT] = DX_COMMAND,
            [AT_FAULT_LINE_TOO_LONG] = DX_LENGTH,
            [AT_FAULT_UNKNOWN] = DX_COMMAND,
            [AT_FAULT_FORM] = DX_COMMAND,
            [AT_FAULT_MISSING] = DX_LENGTH,
            [AT_FAULT_EXTRA] = DX_LENGTH,
            [AT_FAULT_EMPTY] = DX_LENGTH,
            [AT_FAULT_SYNTAX] = DX_VALUE,
            [AT_FAULT_RANGE] = DX_VALUE,
            [AT_FAULT_TOO_LONG] = DX_LENGTH,
            [AT_FAULT_QUOTE] = DX_VALUE,
            [AT_FAULT_INVALID] = DX_VALUE,
            [AT_FAULT_TAG] = DX_VALUE,
            [AT_FAULT_DATA_TIMEOUT] = DX_LENGTH,
            [AT_FAULT_DATA_TOO_LONG] = DX_LENGTH,
            [AT_FAULT_DATA_CANCELLED] = DX_LENGTH,
        },
    .word = word,
    .number = number,
};
