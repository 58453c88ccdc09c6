/* Syntax and wording of the dialect. */
#include "dialect/uc8088/instance.h"

/* ---- words ---- */

/* As the module's manual has them. */
static const struct {
    int number;
    const char *text;
} errors[] = {
    {0, "phone failure"},
    {1, "no connection to phone"},
    {2, "phone-adaptor link reserved"},
    {3, "operation not allowed"},
    {4, "operation not supported"},
    {5, "PH-SIM PIN required"},
    {10, "SIM not inserted"},
    {11, "SIM PIN required"},
    {12, "SIM PUK required"},
    {13, "SIM failure"},
    {14, "SIM busy"},
    {15, "SIM wrong"},
    {16, "incorrect password"},
    {17, "SIM PIN2 required"},
    {18, "SIM PUK2 required"},
    {20, "memory full"},
    {21, "invalid index"},
    {22, "not found"},
    {23, "memory failure"},
    {24, "text string too long"},
    {25, "invalid characters in text string"},
    {26, "dial string too long"},
    {27, "invalid characters in dial string"},
    {30, "no network service"},
    {31, "network timeout"},
    {32, "network not allowed - emergency calls only"},
    {33, "last AT cmd not completed"},
    {100, "unknown"},
    {103, "illegal MS"},
    {106, "illegal ME"},
    {107, "GPRS service not allowed"},
    {111, "PLMN not allowed"},
    {112, "Location not allowed"},
    {113, "Roaming not allowed in Location Area"},
    {132, "GPRS service option not supported"},
    {133, "requested service option not subscribed"},
    {134, "service option temporarily out of order"},
    {148, "unspecified GPRS error"},
    {149, "PDP authorisation error"},
    {150, "invalid module class"},
    {512, "failed to abort"},
    {513, "ACM reset needed"},
    {514, "IP CLOSE FAIL"},
};

static const char *text_of(int number)
{
    size_t i = 0;
    while (i < sizeof errors / sizeof *errors && errors[i].number != number) {
        i++;
    }
    return i < sizeof errors / sizeof *errors ? errors[i].text : "unknown";
}

static bool is_ext(at_result result)
{
    return result >= UC_EXT && result < UC_EXT_END;
}

/* For hosts that do not know +EXT ERROR. */
static at_result as_cme(at_result result)
{
    if (!is_ext(result)) {
        return result;
    }
    bool usual = result == UC_PARAMETER || result == UC_NO_CONTEXT || result == UC_NO_POWER;
    return usual ? CME_NOT_ALLOWED : CME_UNKNOWN;
}

/* EXT is a number in CMEE 2 as well. */
static void word(struct buf *out, at_result result, int cmee)
{
    if (result == AT_OK) {
        buf_add_text(out, "OK");
    } else if (result == UC_NO_CARRIER) {
        buf_add_text(out, "NO CARRIER");
    } else if (result == AT_ERROR || cmee == 0) {
        buf_add_text(out, "ERROR");
    } else if (is_ext(result)) {
        buf_printf(out, "+EXT ERROR: %d", result - UC_EXT);
    } else if (cmee == 1) {
        buf_printf(out, "+CME ERROR: %d", result);
    } else {
        buf_printf(out, "+CME ERROR: %s", text_of(result));
    }
}

static void word_cme(struct buf *out, at_result result, int cmee)
{
    word(out, as_cme(result), cmee);
}

/* V.250 6.2.6 */
static int number(at_result result, int cmee)
{
    if (result == AT_OK) {
        return 0;
    }
    return result == UC_NO_CARRIER ? 3 : result == AT_ERROR || cmee == 0 ? 4 : -1;
}

/* Each row has its own. */
static void test(struct buf *out, const struct at_command *command)
{
    (void)out;
    (void)command;
}

/* ---- syntax ---- */

#define FAULTS(parameter)                                                                          \
    {                                                                                              \
        [AT_FAULT_NOT_AT] = AT_ERROR, [AT_FAULT_LINE_TOO_LONG] = AT_ERROR,                         \
        [AT_FAULT_UNKNOWN] = CME_NOT_SUPPORTED, [AT_FAULT_FORM] = CME_NOT_SUPPORTED,               \
        [AT_FAULT_MISSING] = (parameter), [AT_FAULT_EXTRA] = (parameter),                          \
        [AT_FAULT_EMPTY] = (parameter), [AT_FAULT_SYNTAX] = (parameter),                           \
        [AT_FAULT_RANGE] = (parameter), [AT_FAULT_TOO_LONG] = CME_TEXT_TOO_LONG,                   \
        [AT_FAULT_QUOTE] = (parameter), [AT_FAULT_INVALID] = (parameter),                          \
        [AT_FAULT_TAG] = (parameter), [AT_FAULT_DATA_TIMEOUT] = AT_ERROR,                          \
        [AT_FAULT_DATA_TOO_LONG] = AT_ERROR, [AT_FAULT_DATA_CANCELLED] = AT_ERROR,                 \
    }

const at_result uc_plain_faults[AT_FAULT_COUNT] = FAULTS(CME_NOT_ALLOWED);

/* A topic and a message of 1024 bytes each, every byte escaped, and the rest. */
enum { LINE_MAX_BYTES = 8192 };

#define GRAMMAR(words)                                                                             \
    {                                                                                              \
        .name = "uc8088", .line_max = LINE_MAX_BYTES, .separator = ';', .quotes = true,            \
        .bare_blanks = true, .bare_lead_blanks = true, .escapes = "\"\\nr",                        \
        .open_quote_closes = true, .free_text = AT_FREE_REST, .free_text_lenient = AT_FREE_REST,   \
        .bare_silence_ms = 500, .swallow_pluses = true, .all_registers = true,                     \
        .lf_rule = AT_LF_NEVER, .chevron = "\r\n>", .colon = ": ", .drop_silence_ms = 1000,        \
        .faults = FAULTS(UC_PARAMETER), .basic_faults = uc_plain_faults, .word = (words),          \
        .number = number, .test = test                                                             \
    }

const struct at_grammar uc_grammar = GRAMMAR(word);
const struct at_grammar uc_grammar_cme = GRAMMAR(word_cme);
