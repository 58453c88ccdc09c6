/* Simulated lines, and real ones of the kernel's module gpio-sim. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "gpio/gpio.h"

static void test_first_state(void **state)
{
    (void)state;
    struct gpio *gpio = gpio_open("", 3, NULL);
    assert_int_equal(gpio_count(gpio), 3);
    for (size_t i = 0; i < 3; i++) {
        struct gpio_line line = gpio_line(gpio, i);
        assert_int_equal(line.direction, GPIO_INPUT);
        assert_int_equal(line.pull, GPIO_FLOATING);
        assert_int_equal(line.applied, -1);
        assert_int_equal(gpio_read(gpio, i), 0);
    }
    gpio_close(gpio);
    gpio_close(NULL);
}

static void test_output_reads_back(void **state)
{
    (void)state;
    struct gpio *gpio = gpio_open("", 3, NULL);
    assert_true(gpio_set_output(gpio, 1, true));
    assert_int_equal(gpio_read(gpio, 1), 1);
    assert_true(gpio_apply(gpio, 1, 0)); /* somebody shorts it: it reads what it drives */
    assert_int_equal(gpio_read(gpio, 1), 1);
    assert_true(gpio_set_output(gpio, 1, false));
    assert_int_equal(gpio_read(gpio, 1), 0);
    assert_int_equal(gpio_line(gpio, 1).direction, GPIO_OUTPUT);
    assert_int_equal(gpio_read(gpio, 0), 0);
    assert_int_equal(gpio_line(gpio, 0).direction, GPIO_INPUT);
    gpio_close(gpio);
}

static void test_pulls(void **state)
{
    (void)state;
    struct gpio *gpio = gpio_open("", 3, NULL);
    static const struct {
        enum gpio_pull pull;
        int level;
    } cases[] = {{GPIO_FLOATING, 0}, {GPIO_PULL_DOWN, 0}, {GPIO_PULL_UP, 1}};
    for (size_t i = 0; i < 3; i++) {
        assert_true(gpio_set_input(gpio, 2, cases[i].pull));
        assert_int_equal(gpio_line(gpio, 2).pull, cases[i].pull);
        assert_int_equal(gpio_read(gpio, 2), cases[i].level);
        for (int level = 0; level <= 1; level++) {
            assert_true(gpio_apply(gpio, 2, level));
            assert_int_equal(gpio_read(gpio, 2), level);
        }
        assert_true(gpio_apply(gpio, 2, -1));
        assert_int_equal(gpio_read(gpio, 2), cases[i].level);
    }
    gpio_close(gpio);
}

/* What is applied stays there while the line is something else. */
static void test_high_impedance(void **state)
{
    (void)state;
    struct gpio *gpio = gpio_open("", GPIO_LINES_MAX, NULL);
    size_t last = GPIO_LINES_MAX - 1;
    assert_true(gpio_set_input(gpio, last, GPIO_PULL_UP));
    assert_true(gpio_set_high_impedance(gpio, last));
    assert_int_equal(gpio_read(gpio, last), 0); /* the pull has gone */
    assert_true(gpio_apply(gpio, last, 1));
    assert_int_equal(gpio_read(gpio, last), 1);
    assert_true(gpio_set_output(gpio, last, false));
    assert_int_equal(gpio_read(gpio, last), 0);
    assert_true(gpio_set_input(gpio, last, GPIO_PULL_DOWN));
    assert_int_equal(gpio_read(gpio, last), 1);
    assert_int_equal(gpio_line(gpio, last).applied, 1);
    gpio_close(gpio);
}

static void test_names_of_real_lines(void **state)
{
    (void)state;
    char why[100] = "";
    static const char *const good[] = {"", "gpiochip0:1,2,3", "/dev/gpiochip1:0", "a:b:7,8",
                                       "0:65535"};
    static const char *const bad[] = {"gpiochip0",
                                      ":1,2,3",
                                      "chip:",
                                      "chip:1,",
                                      "chip:1,,2",
                                      "chip:1,2,1",
                                      "chip:-1",
                                      "chip:1;2",
                                      "chip:1, 2",
                                      "chip:65536",
                                      "chip:1x",
                                      "chip:x",
                                      "c:0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16",
                                      "c:99999999999999999999"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(gpio_check(good[i], why, sizeof why));
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = '\0';
        assert_false(gpio_check(bad[i], why, sizeof why));
        assert_string_not_equal(why, "");
    }
}

/* ---- a chip of the kernel's own, where there is one to play with ---- */

/* The device of a chip that gpio-sim has made, as "/dev/gpiochipN", or "". */
static void find_chip(char *path, size_t size)
{
    DIR *folder = opendir("/sys/bus/platform/drivers/gpio-sim");
    const struct dirent *device;
    *path = '\0';
    while (folder && !*path && (device = readdir(folder))) {
        char name[400];
        snprintf(name, sizeof name, "/sys/bus/platform/drivers/gpio-sim/%s", device->d_name);
        DIR *inside = strncmp(device->d_name, "gpio-sim", 8) == 0 ? opendir(name) : NULL;
        const struct dirent *one;
        while (inside && !*path && (one = readdir(inside))) {
            if (strncmp(one->d_name, "gpiochip", 8) == 0) {
                snprintf(path, size, "/dev/%.40s", one->d_name);
            }
        }
        if (inside) {
            closedir(inside);
        }
    }
    if (folder) {
        closedir(folder);
    }
}

static void write_log(void *ctx, enum log_level level, const char *name, const char *text)
{
    (void)ctx;
    (void)level;
    (void)name;
    print_error("%s\n", text);
}

static void test_chip(void **state)
{
    (void)state;
    char path[60];
    char where[80];
    find_chip(path, sizeof path);
    if (!*path) {
        print_message("no chip of gpio-sim here\n");
        skip();
    }
    struct log *log = log_create(NULL, LEVEL_INFO, (struct log_sink){write_log, NULL});
    snprintf(where, sizeof where, "%s:0,1,2", path);
    struct gpio *gpio = gpio_open(where, 3, log);
    assert_non_null(gpio);
    assert_true(gpio_set_output(gpio, 0, true));
    assert_int_equal(gpio_read(gpio, 0), 1);
    assert_true(gpio_set_input(gpio, 1, GPIO_PULL_UP));
    assert_int_equal(gpio_read(gpio, 1), 1);
    assert_true(gpio_set_input(gpio, 1, GPIO_PULL_DOWN));
    assert_int_equal(gpio_read(gpio, 1), 0);
    gpio_close(gpio);
    log_destroy(log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_first_state),
        cmocka_unit_test(test_output_reads_back),
        cmocka_unit_test(test_pulls),
        cmocka_unit_test(test_high_impedance),
        cmocka_unit_test(test_names_of_real_lines),
        cmocka_unit_test(test_chip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
