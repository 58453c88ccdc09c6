/* Syntax and wording of the dialect. The manual knows ERROR only; numbers are those of the 27.007
 * commands. */
#include "dialect/cme.h"
#include "dialect/risinghf/instance.h"

static void word(struct buf *out, at_result result, int cmee)
{
    cme_word(out, result, cmee, " ");
}

/* `=?` is only OK. */
static void test(struct buf *out, const struct at_command *command)
{
    (void)out;
    (void)command;
}

const struct at_grammar rh_grammar = {
    .name = "risinghf",
    .line_max = 8192,
    .quotes = true,
    .bare_blanks = true,
    .bare_end_blanks = true,
    .free_text = AT_FREE_LAST_TAIL,
    .free_text_lenient = AT_FREE_LAST_TAIL,
    .backspace_edits = true,
    .lf_rule = AT_LF_NEVER,
    .chevron = "\r\n>",
    .colon = ": ",
    .drop_silence_ms = 1000,
    .faults =
        {
            [AT_FAULT_NOT_AT] = AT_ERROR,
            [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
            [AT_FAULT_UNKNOWN] = AT_ERROR,
            [AT_FAULT_FORM] = AT_ERROR,
            [AT_FAULT_MISSING] = AT_ERROR,
            [AT_FAULT_EXTRA] = AT_ERROR,
            [AT_FAULT_EMPTY] = AT_ERROR,
            [AT_FAULT_SYNTAX] = AT_ERROR,
            [AT_FAULT_RANGE] = AT_ERROR,
            [AT_FAULT_TOO_LONG] = AT_ERROR,
            [AT_FAULT_QUOTE] = AT_ERROR,
            [AT_FAULT_INVALID] = AT_ERROR,
            [AT_FAULT_TAG] = AT_ERROR,
            [AT_FAULT_DATA_TIMEOUT] = AT_ERROR,
            [AT_FAULT_DATA_TOO_LONG] = AT_ERROR,
            [AT_FAULT_DATA_CANCELLED] = AT_ERROR,
        },
    .word = word,
    .number = cme_number,
    .test = test,
};
