/* FACTORYTEST: what a good module answers on the production line. */
#include "dialect/uc8088/instance.h"

enum { TYPE, CONTROL, CONTROL1 };
enum { TEST_RF, TEST_GPS = 7, TEST_PRINTF = 12 };

/* Results of the RF test. */
enum { RF_CLOSED = 0, RF_PASSED = 1, RF_SENDING = 3, RF_GPS_SENDING = 5 };

/* By type; NULL: another rule. */
static const char *const values[TEST_PRINTF + 1] = {
    [1] = "0",      /* SIM */
    [3] = "1135",   /* ADC A: volts are 1.6 times this by 4096 */
    [4] = "573",    /* ADC B */
    [5] = "573",    /* ADC C */
    [8] = "2.2",    /* DCXO, ppm */
    [9] = "22",     /* temperature */
    [10] = "0xb14", /* flash at SPI */
    [11] = "0",     /* flash at I2C */
};

static int rf_result(const struct at_call *call)
{
    bool on = call->params[CONTROL].number == 1;
    bool receive = call->params[CONTROL1].number == 1;
    return !on ? RF_CLOSED : receive ? RF_PASSED : RF_SENDING;
}

static at_result test_set(void *ctx, struct at_call *call)
{
    (void)ctx;
    int type = (int)call->params[TYPE].number;
    if (type == TEST_RF) {
        at_info(call->at, call->ticket, "+FACTORYTEST:%d,%d", type, rf_result(call));
    } else if (type == TEST_GPS) {
        at_info(call->at, call->ticket, "+FACTORYTEST:%d,%d", type, RF_GPS_SENDING);
    } else if (values[type]) {
        at_info(call->at, call->ticket, "+FACTORYTEST:%d,%s", type, values[type]);
    }
    return AT_OK;
}

#define NUMBER(title)                                                                              \
    {                                                                                              \
        .name = (title), .type = AT_INT, .min = INT32_MIN, .max = INT32_MAX, .flags = AT_OPTIONAL  \
    }
static const struct at_param params[] = {
    {.name = "type", .type = AT_INT, .max = TEST_PRINTF},
    NUMBER("control"),
    NUMBER("control1"),
    NUMBER("band"),
    NUMBER("power"),
    NUMBER("rssi"),
};

static const struct at_command rows[] = {
    {.name = "+FACTORYTEST",
     .forms = AT_TEST | AT_SET,
     AT_PARAMS(params),
     .test = "+FACTORYTEST:<type>,<control>,<control1>",
     .set = test_set,
     .help = "tests of the production line, all of which pass"},
};

const struct at_table uc_factory_table = {rows, sizeof rows / sizeof *rows};
