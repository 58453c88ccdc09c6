/* GPIO: three lines, simulated or a chip's of the host. */
#include "dialect/dx_ct11/instance.h"
#include "settings/settings.h"

enum { PINS = 3 };
enum { OUTPUT_LOW, OUTPUT_HIGH, INPUT, HIGH_IMPEDANCE };
enum { PIN, DIR, PULL };

void dx_gpio_open(struct dx *dx)
{
    const struct network_settings *network = settings_of(dx->env.settings, &network_settings_group);
    bool host = network->provider == NETWORK_HOST;
    dx->gpio = gpio_open(host ? dx->settings->gpio : "", PINS, dx->env.log);
}

/* What is applied from outside stays. */
void dx_gpio_power_on(struct dx *dx)
{
    for (size_t pin = 0; dx->gpio && pin < PINS; pin++) {
        gpio_set_input(dx->gpio, pin, GPIO_FLOATING);
    }
}

static at_result show_level(const struct dx *dx, const struct at_call *call, size_t pin)
{
    int level = gpio_read(dx->gpio, pin);
    if (level < 0) {
        return DX_STATE;
    }
    at_info(call->at, call->ticket, "+GPIO:%zu,%d", pin, level);
    return AT_OK;
}

static at_result gpio_set(void *ctx, struct at_call *call)
{
    static const enum gpio_pull pulls[] = {GPIO_FLOATING, GPIO_PULL_DOWN, GPIO_PULL_UP};
    struct dx *dx = ctx;
    size_t pin = (size_t)call->params[PIN].number;
    long dir = (long)call->params[DIR].number;
    if (!dx->gpio) {
        return DX_STATE;
    }
    if (!call->params[DIR].present) {
        return show_level(dx, call, pin);
    }
    bool done = dir == INPUT ? gpio_set_input(dx->gpio, pin, pulls[call->params[PULL].number])
                : dir == HIGH_IMPEDANCE ? gpio_set_high_impedance(dx->gpio, pin)
                                        : gpio_set_output(dx->gpio, pin, dir == OUTPUT_HIGH);
    if (!done) {
        return DX_STATE;
    }
    return dir == INPUT ? show_level(dx, call, pin) : AT_OK;
}

static const struct at_param params[] = {
    [PIN] = {.name = "pin", .type = AT_INT, .max = PINS - 1},
    [DIR] = {.name = "dir", .type = AT_INT, .max = 3, .flags = AT_OPTIONAL},
    [PULL] = {.name = "pull", .type = AT_INT, .max = 2, .flags = AT_OPTIONAL},
};

static const struct at_command rows[] = {
    {.name = "+GPIO",
     .forms = AT_SET,
     AT_PARAMS(params),
     .set = gpio_set,
     .help = "level and direction of a line"},
};

const struct at_table dx_gpio_table = {rows, sizeof rows / sizeof *rows};
