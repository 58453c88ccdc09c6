/* Lines of the host, without a chip: the program's own gpiod_...() stand in for those of libgpiod,
 * with a chip of eight lines that checks each request. (test_sim.c has a real one.) */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/log.h"
#include "gpio/gpio.h"

static void write_log(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)level;
    (void)name;
    buf_printf(ctx, "%s\n", text);
}

static struct log *open_log(struct buf *lines)
{
    return log_create(NULL, LEVEL_INFO, (struct log_sink){write_log, lines});
}

#ifdef HAVE_LIBGPIOD

#include <errno.h>
#include <gpiod.h>

/* ---- the chip ---- */

enum { LINES = 8 };

struct gpiod_line {
    bool held, output;
    int flags, level;
};
struct gpiod_chip {
    struct gpiod_line lines[LINES];
    int open;
};

static struct gpiod_chip chip;
static bool no_pulls; /* the chip knows none */
static bool in_use[LINES];
static bool broken; /* nothing can be read or set any more */

struct gpiod_chip *gpiod_chip_open_lookup(const char *description)
{
    if (strcmp(description, "fake") != 0) {
        errno = ENOENT;
        return NULL;
    }
    memset(&chip, 0, sizeof chip);
    chip.open = 1;
    return &chip;
}

void gpiod_chip_close(struct gpiod_chip *one)
{
    assert_int_equal(one->open, 1);
    memset(one, 0, sizeof *one);
}

struct gpiod_line *gpiod_chip_get_line(struct gpiod_chip *one, unsigned int offset)
{
    if (offset >= LINES) {
        errno = EINVAL;
        return NULL;
    }
    return &one->lines[offset];
}

static int hold(struct gpiod_line *line, bool output, int flags, int level)
{
    assert_false(line->held); /* libgpiod refuses that */
    bool busy = in_use[line - chip.lines];
    if (busy || (no_pulls && flags)) {
        errno = busy ? EBUSY : ENOTSUP;
        return -1;
    }
    *line = (struct gpiod_line){
        .held = true, .output = output, .flags = flags, .level = output ? level : line->level};
    return 0;
}

int gpiod_line_request_output(struct gpiod_line *line, const char *consumer, int level)
{
    assert_string_equal(consumer, "atmodemd");
    return hold(line, true, 0, level);
}

int gpiod_line_request_input(struct gpiod_line *line, const char *consumer)
{
    assert_string_equal(consumer, "atmodemd");
    return hold(line, false, 0, 0);
}

int gpiod_line_request_input_flags(struct gpiod_line *line, const char *consumer, int flags)
{
    assert_string_equal(consumer, "atmodemd");
    return hold(line, false, flags, 0);
}

void gpiod_line_release(struct gpiod_line *line)
{
    line->held = false;
}

int gpiod_line_get_value(struct gpiod_line *line)
{
    assert_true(line->held && !line->output);
    errno = EIO;
    return broken ? -1 : line->level;
}

int gpiod_line_set_value(struct gpiod_line *line, int level)
{
    assert_true(line->held && line->output);
    if (broken) {
        errno = EIO;
        return -1;
    }
    line->level = level;
    return 0;
}

/* ---- tests ---- */

static void test_lines(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct log *log = open_log(&lines);
    struct gpio *gpio = gpio_open("fake:5,0,7", 3, log);
    assert_non_null(gpio);
    for (unsigned i = 0; i < LINES; i++) {
        assert_int_equal(chip.lines[i].held, i == 0 || i == 5 || i == 7);
    }
    assert_int_equal(chip.lines[5].flags, GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE);
    chip.lines[5].level = 1;
    assert_int_equal(gpio_read(gpio, 0), 1);
    assert_int_equal(gpio_read(gpio, 1), 0);
    assert_true(gpio_set_input(gpio, 0, GPIO_PULL_UP));
    assert_int_equal(chip.lines[5].flags, GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_UP);
    assert_true(gpio_set_input(gpio, 0, GPIO_PULL_DOWN));
    assert_int_equal(chip.lines[5].flags, GPIOD_LINE_REQUEST_FLAG_BIAS_PULL_DOWN);
    assert_true(gpio_set_output(gpio, 0, true));
    assert_true(chip.lines[5].output && chip.lines[5].level == 1);
    assert_true(gpio_set_output(gpio, 0, false));
    assert_int_equal(chip.lines[5].level, 0);
    assert_int_equal(gpio_read(gpio, 0), 0);
    assert_true(gpio_set_high_impedance(gpio, 0));
    assert_false(chip.lines[5].output);
    assert_int_equal(chip.lines[5].flags, GPIOD_LINE_REQUEST_FLAG_BIAS_DISABLE);
    assert_false(gpio_apply(gpio, 0, 1)); /* they are real */
    gpio_close(gpio);
    assert_int_equal(chip.open, 0);
    assert_int_equal(buf_len(&lines), 0);
    log_destroy(log);
    buf_free(&lines);
}

static void check_refused(const char *where, const char *word)
{
    struct buf lines = {0};
    struct log *log = open_log(&lines);
    assert_null(gpio_open(where, 3, log));
    assert_non_null(strstr(buf_text(&lines), word));
    assert_int_equal(chip.open, 0);
    log_destroy(log);
    buf_free(&lines);
}

static void test_what_cannot_be_opened(void **state)
{
    (void)state;
    check_refused("other:0,1,2", "chip other: No such file");
    check_refused("fake:0,1", "3 lines are wanted, not 2");
    check_refused("fake:0,1,x", "must be a number");
    check_refused("fake:0,1,8", "line 8 of fake: Invalid argument");
    in_use[1] = true;
    check_refused("fake:0,1,2", "line 1 of fake: Device or resource busy");
    in_use[1] = false;
}

/* What the chip refuses leaves the line as it was. */
static void test_refused_changes(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct log *log = open_log(&lines);
    no_pulls = true;
    struct gpio *gpio = gpio_open("fake:0,1,2", 3, log);
    assert_non_null(gpio); /* floating inputs need no pull */
    assert_true(gpio_set_output(gpio, 0, true));
    assert_false(gpio_set_input(gpio, 0, GPIO_PULL_UP));
    assert_non_null(strstr(buf_text(&lines), "line 0: cannot be changed"));
    assert_int_equal(gpio_line(gpio, 0).direction, GPIO_OUTPUT);
    assert_true(chip.lines[0].held && chip.lines[0].output && chip.lines[0].level == 1);
    assert_true(gpio_set_input(gpio, 0, GPIO_FLOATING));
    no_pulls = false;
    assert_true(gpio_set_output(gpio, 1, false));
    broken = true;
    assert_int_equal(gpio_read(gpio, 0), -1);
    assert_non_null(strstr(buf_text(&lines), "line 0: cannot be read"));
    assert_false(gpio_set_output(gpio, 1, true));
    assert_non_null(strstr(buf_text(&lines), "line 1: cannot be set"));
    assert_int_equal(gpio_read(gpio, 1), 0);
    broken = false;
    gpio_close(gpio);
    log_destroy(log);
    buf_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_what_cannot_be_opened),
        cmocka_unit_test(test_refused_changes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

static void test_without_libgpiod(void **state)
{
    (void)state;
    struct buf lines = {0};
    struct log *log = open_log(&lines);
    assert_null(gpio_open("gpiochip0:0,1,2", 3, log));
    assert_non_null(strstr(buf_text(&lines), "built without libgpiod"));
    log_destroy(log);
    buf_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_without_libgpiod)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
