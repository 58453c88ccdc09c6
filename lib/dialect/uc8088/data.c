/* Calls: D, O, H. */
#include "dialect/uc8088/instance.h"

static at_result dial(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return UC_NO_CARRIER;
}

static at_result online(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return UC_NO_CARRIER;
}

static at_result hang_up(void *ctx, struct at_call *call)
{
    (void)ctx;
    (void)call;
    return AT_OK;
}

static const struct at_param dial_params[] = {
    {.name = "number", .type = AT_STRING, .max = 128, .flags = AT_FREE | AT_EMPTY}};
static const struct at_param up_to_0[] = {
    {.name = "n", .type = AT_INT, .max = 0, .flags = AT_OPTIONAL}};

static const struct at_command rows[] = {
    {.name = "D",
     .flags = AT_BASIC | AT_WHOLE_LINE,
     .forms = AT_EXECUTE,
     AT_PARAMS(dial_params),
     .execute = dial,
     .help = "call a number"},
    {.name = "O",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(up_to_0),
     .execute = online,
     .help = "back to the call that +++ has left"},
    {.name = "H",
     .flags = AT_BASIC,
     .forms = AT_EXECUTE,
     AT_PARAMS(up_to_0),
     .execute = hang_up,
     .help = "end the call"},
};

const struct at_table uc_data_table = {rows, sizeof rows / sizeof *rows};
