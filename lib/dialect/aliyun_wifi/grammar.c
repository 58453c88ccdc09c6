/* Syntax and wording of the dialect. */
#include <stdlib.h>

#include "dialect/aliyun_wifi/instance.h"

/* Text behind `+CME ERROR:`, and the number in its place under CMEE 1. */
static const struct {
    const char *text;
    int number;
} errors[] = {
    [AW_INVALID_PARAMETER] = {"invalid parameter", 50},
    [AW_INVALID_JSON] = {"invalid json", 50},
    [AW_NOT_CONNECTED] = {"not connected", 30},
    /* The blank and the spelling are the module's. */
    [AW_CONNECT_FAILED] = {" connect failed, please check network status and variables like url, "
                           "produt_key, device_name, device_secret",
                           30},
    [AW_NO_IDENTITY] = {"no device identity", 3},
    [AW_NOT_SUPPORTED] = {"not supported", 4},
    [AW_NO_TASK] = {"no upgrade task", 3},
    [AW_PUBLISH_FAILED] = {"publish failed", 100},
    [AW_SUBSCRIBE_FAILED] = {"subscribe failed", 100},
    [AW_HTTP_FAILED] = {"http failed", 100},
    [AW_WRONG_MODE] = {"wrong mode", 3},
    [AW_STORE_FAILED] = {"store failed", 100},
};

static void put_words(struct buf *out, at_result result, int cmee, bool fail_line)
{
    if (result == AT_OK) {
        buf_add_text(out, "OK");
    } else if (result == AW_ERROR_PARAMETER) {
        buf_add_text(out, "ERROR: Error parameter.");
    } else if (result == AT_ERROR || cmee == 0) {
        buf_add_text(out, "ERROR");
    } else if (cmee == 1) {
        buf_printf(out, "+CME ERROR:%d%s", errors[result].number, fail_line ? "\nFAIL" : "");
    } else {
        buf_printf(out, "+CME ERROR:%s%s", errors[result].text, fail_line ? "\nFAIL" : "");
    }
}

static void word(struct buf *out, at_result result, int cmee)
{
    put_words(out, result, cmee, true);
}

static void word_terse(struct buf *out, at_result result, int cmee)
{
    put_words(out, result, cmee, false);
}

/* FAIL and both ERROR lines; a `+CME ERROR:` that is the last line stays. */
static int number(at_result result, int cmee)
{
    (void)cmee;
    return result == AT_OK ? 0 : 4;
}

static int number_terse(at_result result, int cmee)
{
    return result == AT_OK ? 0 : result > AW_ERROR_PARAMETER && cmee > 0 ? -1 : 4;
}

/* Every row has its own. */
static void test(struct buf *out, const struct at_command *command)
{
    (void)out;
    (void)command;
}

const at_result aw_config_faults[AT_FAULT_COUNT] = {
    [AT_FAULT_NOT_AT] = AT_ERROR,
    [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,
    [AT_FAULT_UNKNOWN] = AT_ERROR,
    [AT_FAULT_FORM] = AT_ERROR,
    [AT_FAULT_MISSING] = AW_ERROR_PARAMETER,
    [AT_FAULT_EXTRA] = AW_ERROR_PARAMETER,
    [AT_FAULT_EMPTY] = AW_ERROR_PARAMETER,
    [AT_FAULT_SYNTAX] = AW_ERROR_PARAMETER,
    [AT_FAULT_RANGE] = AW_ERROR_PARAMETER,
    [AT_FAULT_TOO_LONG] = AW_ERROR_PARAMETER,
    [AT_FAULT_QUOTE] = AW_ERROR_PARAMETER,
    [AT_FAULT_INVALID] = AW_ERROR_PARAMETER,
    [AT_FAULT_TAG] = AW_ERROR_PARAMETER,
    [AT_FAULT_DATA_TIMEOUT] = AW_ERROR_PARAMETER,
    [AT_FAULT_DATA_TOO_LONG] = AW_ERROR_PARAMETER,
    [AT_FAULT_DATA_CANCELLED] = AW_ERROR_PARAMETER,
};

#define GRAMMAR(words, numbers)                                                                    \
    {                                                                                              \
        .name = "aliyun-wifi", .line_max = 4096, .bare_blanks = true, .free_text = AT_FREE_REST,   \
        .free_text_lenient = AT_FREE_REST, .backspace_edits = true, .cmee = 2,                     \
        .lf_rule = AT_LF_WAIT, .chevron = "", .colon = ":",                                        \
        .faults =                                                                                  \
            {                                                                                      \
                [AT_FAULT_NOT_AT] = AT_ERROR,                                                      \
                [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,                                               \
                [AT_FAULT_UNKNOWN] = AT_ERROR,                                                     \
                [AT_FAULT_FORM] = AT_ERROR,                                                        \
                [AT_FAULT_MISSING] = AW_INVALID_PARAMETER,                                         \
                [AT_FAULT_EXTRA] = AW_INVALID_PARAMETER,                                           \
                [AT_FAULT_EMPTY] = AW_INVALID_PARAMETER,                                           \
                [AT_FAULT_SYNTAX] = AW_INVALID_PARAMETER,                                          \
                [AT_FAULT_RANGE] = AW_INVALID_PARAMETER,                                           \
                [AT_FAULT_TOO_LONG] = AW_INVALID_PARAMETER,                                        \
                [AT_FAULT_QUOTE] = AW_INVALID_PARAMETER,                                           \
                [AT_FAULT_INVALID] = AW_INVALID_PARAMETER,                                         \
                [AT_FAULT_TAG] = AW_INVALID_PARAMETER,                                             \
                [AT_FAULT_DATA_TIMEOUT] = AW_INVALID_PARAMETER,                                    \
                [AT_FAULT_DATA_TOO_LONG] = AW_INVALID_PARAMETER,                                   \
                [AT_FAULT_DATA_CANCELLED] = AW_INVALID_PARAMETER,                                  \
            },                                                                                     \
        .word = (words), .number = (numbers), .test = test,                                        \
    }

const struct at_grammar aw_grammar = GRAMMAR(word, number);
const struct at_grammar aw_grammar_terse = GRAMMAR(word_terse, number_terse);
