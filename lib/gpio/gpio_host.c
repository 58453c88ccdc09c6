/* Lines of a GPIO chip, by libgpiod 1. Its calls are one ioctl each. */
#include "base/log.h"
#include "gpio/gpio_provider.h"

#ifdef HAVE_LIBGPIOD

#include <errno.h>
#include <gpiod.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

static const char consumer[] = "atmodemd";

struct gpio_host {
    struct log *log;
    struct gpiod_chip *chip;
    struct gpiod_line *lines[GPIO_LINES_MAX];
    struct gpio_line states[GPIO_LINES_MAX]; /* as the lines really are */
    size_t count;
};

static bool complain(const struct gpio_host *host, size_t line, const char *what)
{
    log_warning(host->log, "gpio: line %zu: %s: %s", line, what, strerror(errno));
    return false;
}

/* ---- requests: a line that is held is given back before it changes ---- */

static int input_flags(const struct gpio_line *state)
{
    if (state->direction == GPIO_HIGH_IMPEDANCE || state->pull == GPIO_FLOATING) {
        return GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    }
    return state->pull == GPIO_PULL_UP ? GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP
                                       : GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN;
}

static bool request(struct gpiod_line *line, const struct gpio_line *state)
{
    if (state->direction == GPIO_OUTPUT) {
        return gpiod_line_request_output(line, consumer, state->driven) == 0;
    }
    /* A chip that knows no pulls floats by itself. */
    bool floats = input_flags(state) == GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE;
    return gpiod_line_request_input_flags(line, consumer, input_flags(state)) == 0 ||
           (floats && gpiod_line_request_input(line, consumer) == 0);
}

bool gpio_host_set(struct gpio_host *host, size_t line, const struct gpio_line *state)
{
    struct gpiod_line *handle = host->lines[line];
    struct gpio_line *now = &host->states[line];
    if (state->direction == GPIO_OUTPUT && now->direction == GPIO_OUTPUT) {
        /* without a moment in between in which nothing drives it */
        if (gpiod_line_set_value(handle, state->driven) != 0) {
            return complain(host, line, "cannot be set");
        }
        *now = *state;
        return true;
    }
    gpiod_line_release(handle);
    if (!request(handle, state)) {
        complain(host, line, "cannot be changed");
        request(handle, now);
        return false;
    }
    *now = *state;
    return true;
}

int gpio_host_read(const struct gpio_host *host, size_t line)
{
    int level = gpiod_line_get_value(host->lines[line]);
    if (level < 0) {
        complain(host, line, "cannot be read");
    }
    return level;
}

/* ---- life ---- */

void gpio_host_close(struct gpio_host *host)
{
    gpiod_chip_close(host->chip); /* releases its lines */
    free(host);
}

static bool open_line(struct gpio_host *host, const char *chip, unsigned offset)
{
    const struct gpio_line floating = {.direction = GPIO_INPUT};
    struct gpiod_line *line = gpiod_chip_get_line(host->chip, offset);
    if (!line || !request(line, &floating)) {
        log_error(host->log, "gpio: line %u of %s: %s", offset, chip, strerror(errno));
        return false;
    }
    host->lines[host->count] = line;
    host->states[host->count++] = floating;
    return true;
}

struct gpio_host *gpio_host_open(const char *chip, const unsigned *offsets, size_t count,
                                 struct log *log)
{
    struct gpiod_chip *found = gpiod_chip_open_lookup(chip);
    if (!found) {
        log_error(log, "gpio: chip %s: %s", chip, strerror(errno));
        return NULL;
    }
    struct gpio_host *host = mem_zeroed(sizeof *host);
    host->log = log;
    host->chip = found;
    for (size_t i = 0; i < count; i++) {
        if (!open_line(host, chip, offsets[i])) {
            gpio_host_close(host);
            return NULL;
        }
    }
    return host;
}

#else

struct gpio_host *gpio_host_open(const char *chip, const unsigned *offsets, size_t count,
                                 struct log *log)
{
    (void)offsets;
    (void)count;
    log_error(log, "gpio: chip %s: this program was built without libgpiod", chip);
    return NULL;
}

void gpio_host_close(struct gpio_host *host)
{
    (void)host;
}

bool gpio_host_set(struct gpio_host *host, size_t line, const struct gpio_line *state)
{
    (void)host;
    (void)line;
    (void)state;
    return false;
}

int gpio_host_read(const struct gpio_host *host, size_t line)
{
    (void)host;
    (void)line;
    return -1;
}

#endif
