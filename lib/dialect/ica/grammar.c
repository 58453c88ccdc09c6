/* Syntax and wording of the dialect. */
#include "dialect/cme.h"
#include "dialect/ica/instance.h"

static void word(struct buf *out, at_result result, int cmee)
{
    cme_word(out, result, cmee, "");
}

/* The standard's test answers: the parameters' names in quotes. */
static void test(struct buf *out, const struct at_command *command)
{
    if (command->tag_count) {
        buf_printf(out, "%s:\"ParaTag\",\"ParaValue\"", command->name);
        return;
    }
    for (size_t i = 0; i < command->param_count; i++) {
        buf_printf(out, "%s%s\"%s\"", i ? "," : command->name, i ? "" : ":",
                   command->params[i].name);
    }
}

const struct at_grammar ica_grammar = {
    .name = "ica",
    .line_max = 8192,
    .quotes = true,
    .escapes = "\"",
    .free_text = AT_FREE_NONE,
    .free_text_lenient = AT_FREE_LAST_QUOTE,
    .backspace_edits = true,
    .cmee = 1,
    .lf_rule = AT_LF_WAIT,
    .lf_wait_ms = 10,
    .chevron = "\r\n>\r\n",
    .colon = ":",
    .drop_silence_ms = 1000,
    .faults =
        {
            [AT_FAULT_NOT_AT] = AT_ERROR,
            [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
            [AT_FAULT_UNKNOWN] = AT_ERROR,
            [AT_FAULT_FORM] = ICA_NOT_SUPPORTED,
            [AT_FAULT_MISSING] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_EXTRA] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_EMPTY] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_SYNTAX] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_RANGE] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_TOO_LONG] = ICA_TEXT_TOO_LONG,
            [AT_FAULT_QUOTE] = ICA_INVALID_CHARACTERS,
            [AT_FAULT_INVALID] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_TAG] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_DATA_TIMEOUT] = ICA_INCORRECT_PARAMETERS,
            [AT_FAULT_DATA_TOO_LONG] = ICA_TEXT_TOO_LONG,
            [AT_FAULT_DATA_CANCELLED] = ICA_TEXT_TOO_LONG,
        },
    .word = word,
    .number = cme_number,
    .test = test,
};
