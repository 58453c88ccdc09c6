#include "gpio/gpio.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "gpio/gpio_provider.h"

struct gpio {
    size_t count;
    struct gpio_line lines[GPIO_LINES_MAX];
    struct gpio_host *host; /* NULL: simulated */
};

/* ---- which lines ---- */

struct place {
    char chip[64];
    unsigned offsets[GPIO_LINES_MAX];
    size_t count;
};

/* The number at *text, which moves behind it. False: there is none. */
static bool take_number(const char **text, unsigned *number)
{
    enum { NUMBER_MAX = 65535 };
    *number = 0;
    const char *start = *text;
    while (**text >= '0' && **text <= '9') {
        *number = *number * 10 + (unsigned)(*(*text)++ - '0');
        if (*number > NUMBER_MAX) {
            return false;
        }
    }
    return *text > start;
}

static bool known(const struct place *place, unsigned offset)
{
    for (size_t i = 0; i < place->count; i++) {
        if (place->offsets[i] == offset) {
            return true;
        }
    }
    return false;
}

/* NULL, or what is wrong. */
static const char *parse(const char *text, struct place *place)
{
    const char *colon = strrchr(text, ':');
    *place = (struct place){0};
    if (!colon || colon == text || (size_t)(colon - text) >= sizeof place->chip) {
        return "must be CHIP:LINE,LINE,... or empty";
    }
    memcpy(place->chip, text, (size_t)(colon - text));
    const char *at = colon;
    do {
        unsigned offset = 0;
        at++; /* over the colon or comma */
        if (!take_number(&at, &offset)) {
            return "a line must be a number from 0 to 65535";
        }
        if (place->count == GPIO_LINES_MAX || known(place, offset)) {
            return place->count == GPIO_LINES_MAX ? "too many lines" : "a line is named twice";
        }
        place->offsets[place->count++] = offset;
    } while (*at == ',');
    return *at ? "something stands behind a line's number" : NULL;
}

bool gpio_check(const char *where, char *why, size_t why_size)
{
    struct place place;
    const char *fault = *where ? parse(where, &place) : NULL;
    if (fault) {
        snprintf(why, why_size, "%s", fault);
    }
    return !fault;
}

/* ---- life ---- */

static bool open_host(struct gpio *gpio, const char *where, struct log *log)
{
    struct place place;
    const char *fault = parse(where, &place);
    if (!fault && place.count != gpio->count) {
        log_error(log, "gpio: %s: %zu lines are wanted, not %zu", where, gpio->count, place.count);
        return false;
    }
    if (fault) {
        log_error(log, "gpio: %s: %s", where, fault);
        return false;
    }
    gpio->host = gpio_host_open(place.chip, place.offsets, place.count, log);
    return gpio->host;
}

struct gpio *gpio_open(const char *where, size_t count, struct log *log)
{
    struct gpio *gpio = mem_zeroed(sizeof *gpio);
    gpio->count = count;
    for (size_t i = 0; i < count; i++) {
        gpio->lines[i] = (struct gpio_line){.direction = GPIO_INPUT, .applied = -1};
    }
    if (*where && !open_host(gpio, where, log)) {
        free(gpio);
        return NULL;
    }
    return gpio;
}

void gpio_close(struct gpio *gpio)
{
    if (gpio) {
        if (gpio->host) {
            gpio_host_close(gpio->host);
        }
        free(gpio);
    }
}

size_t gpio_count(const struct gpio *gpio)
{
    return gpio->count;
}

struct gpio_line gpio_line(const struct gpio *gpio, size_t line)
{
    return gpio->lines[line];
}

/* ---- a line's state ---- */

static bool set(struct gpio *gpio, size_t line, struct gpio_line state)
{
    state.applied = gpio->lines[line].applied;
    if (gpio->host && !gpio_host_set(gpio->host, line, &state)) {
        return false;
    }
    gpio->lines[line] = state;
    return true;
}

bool gpio_set_output(struct gpio *gpio, size_t line, bool level)
{
    return set(gpio, line, (struct gpio_line){.direction = GPIO_OUTPUT, .driven = level});
}

bool gpio_set_input(struct gpio *gpio, size_t line, enum gpio_pull pull)
{
    return set(gpio, line, (struct gpio_line){.direction = GPIO_INPUT, .pull = pull});
}

bool gpio_set_high_impedance(struct gpio *gpio, size_t line)
{
    return set(gpio, line, (struct gpio_line){.direction = GPIO_HIGH_IMPEDANCE});
}

int gpio_read(const struct gpio *gpio, size_t line)
{
    const struct gpio_line *state = &gpio->lines[line];
    if (state->direction == GPIO_OUTPUT) {
        return state->driven;
    }
    if (gpio->host) {
        return gpio_host_read(gpio->host, line);
    }
    return state->applied >= 0 ? state->applied : state->pull == GPIO_PULL_UP;
}

bool gpio_apply(struct gpio *gpio, size_t line, int level)
{
    if (gpio->host) {
        return false;
    }
    gpio->lines[line].applied = level;
    return true;
}
