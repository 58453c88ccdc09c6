/* The interpreter's own commands: V.250 6.2 (E, V, Q, S3-S5), 6.1 (Z, &F) and 27.007 9.1 (+CMEE).
 */
#include "at/internal.h"

static at_result set_flag(const struct at_call *call, bool *flag)
{
    *flag = call->params[0].number != 0;
    return AT_OK;
}

static at_result set_echo(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    if (!call->params[0].present) {
        call->params[0].number = at->grammar->bare_e;
    }
    return set_flag(call, &at->echo);
}

static at_result set_verbose(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    return set_flag(call, &at->verbose);
}

static at_result set_quiet(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    return set_flag(call, &at->quiet);
}

static at_result factory(void *ctx, struct at_call *call)
{
    (void)call;
    at_reset(ctx);
    return AT_OK;
}

/* V.250 6.1.1: this one also hangs up. */
static at_result reset(void *ctx, struct at_call *call)
{
    at_stream_reset(ctx);
    return factory(ctx, call);
}

/* NULL: there is none of that number. */
static unsigned char *s_register(struct at *at, int64_t number)
{
    bool known = at->grammar->all_registers || (number >= 3 && number <= 5);
    return !known        ? NULL
           : number == 3 ? &at->s3
           : number == 4 ? &at->s4
           : number == 5 ? &at->s5
                         : &at->registers[number];
}

static at_result no_register(const struct at_call *call)
{
    const struct at_grammar *grammar = call->at->grammar;
    return (grammar->basic_faults ? grammar->basic_faults : grammar->faults)[AT_FAULT_RANGE];
}

static at_result read_s(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    const unsigned char *value = s_register(at, call->params[0].number);
    if (!value) {
        return no_register(call);
    }
    at_info(at, call->ticket, "%03u", (unsigned)*value);
    return AT_OK;
}

/* Those that are characters are ASCII. */
static at_result set_s(void *ctx, struct at_call *call)
{
    int64_t number = call->params[0].number;
    unsigned char *value = s_register(ctx, number);
    if (!value || (number >= 3 && number <= 5 && call->params[1].number > 127)) {
        return no_register(call);
    }
    *value = (unsigned char)call->params[1].number;
    return AT_OK;
}

static at_result read_cmee(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    at_info(at, call->ticket, "+CMEE%s%d", at->grammar->colon, at->cmee);
    return AT_OK;
}

static at_result set_cmee(void *ctx, struct at_call *call)
{
    struct at *at = ctx;
    at->cmee = (int)call->params[0].number;
    return AT_OK;
}

static const struct at_param flag[] = {
    {.name = "value", .type = AT_INT, .flags = AT_OPTIONAL, .max = 1},
};
static const struct at_param profile[] = {
    {.name = "profile", .type = AT_INT, .flags = AT_OPTIONAL, .max = 0},
};
static const struct at_param s_params[] = {
    {.name = "register", .type = AT_INT, .max = 255},
    {.name = "value", .type = AT_INT, .max = 255},
};
static const struct at_param cmee[] = {
    {.name = "n", .type = AT_INT, .max = 2},
};

static const struct at_command rows[] = {
    {.name = "E",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_EXECUTE,
     .params = flag,
     .param_count = 1,
     .execute = set_echo,
     .help = "echo off (0) or on (1)"},
    {.name = "V",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_EXECUTE,
     .params = flag,
     .param_count = 1,
     .execute = set_verbose,
     .help = "results as numbers (0) or words (1)"},
    {.name = "Q",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_EXECUTE,
     .params = flag,
     .param_count = 1,
     .execute = set_quiet,
     .help = "final results sent (0) or not (1)"},
    {.name = "Z",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_EXECUTE,
     .params = profile,
     .param_count = 1,
     .execute = reset,
     .help = "line settings as at boot"},
    {.name = "&F",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_EXECUTE,
     .params = profile,
     .param_count = 1,
     .execute = factory,
     .help = "line settings as at boot"},
    {.name = "S",
     .flags = AT_BASIC | AT_INTERNAL,
     .forms = AT_READ | AT_SET,
     .params = s_params,
     .param_count = 2,
     .read = read_s,
     .set = set_s,
     .help = "S3 line end, S4 line feed, S5 backspace character"},
    {.name = "+CMEE",
     .flags = AT_INTERNAL,
     .forms = AT_TEST | AT_READ | AT_SET,
     .params = cmee,
     .param_count = 1,
     .read = read_cmee,
     .set = set_cmee,
     .help = "errors as ERROR (0), with number (1), with text (2)"},
};

const struct at_table at_v250_table = {rows, sizeof rows / sizeof *rows};
