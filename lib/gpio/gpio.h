/* The general purpose lines of a module: simulated ones with state, or lines of a GPIO chip of the
 * host (libgpiod). Lines are numbered from 0. */
#ifndef GPIO_GPIO_H
#define GPIO_GPIO_H

#include <stdbool.h>
#include <stddef.h>

struct gpio;
struct log;

enum { GPIO_LINES_MAX = 16 };

enum gpio_direction { GPIO_INPUT, GPIO_OUTPUT, GPIO_HIGH_IMPEDANCE };
enum gpio_pull { GPIO_FLOATING, GPIO_PULL_DOWN, GPIO_PULL_UP };

struct gpio_line {
    enum gpio_direction direction;
    enum gpio_pull pull; /* of an input */
    bool driven;         /* level of an output */
    int applied;         /* simulated: the level that somebody outside applies; -1: nobody */
};

/* Opens count lines (1..GPIO_LINES_MAX). where: empty for simulated ones, else
 * "<chip>:<l0>,<l1>,...", a chip of the host by name, number or path, and as many of its lines. At
 * first all are floating inputs. NULL with the reason in the log: no such chip or line, it is in
 * use, or the program was built without libgpiod. */
struct gpio *gpio_open(const char *where, size_t count, struct log *log);
/* Lines of the host are given back. NULL is fine. */
void gpio_close(struct gpio *gpio);

/* As struct setting's check(): empty, or a chip and some lines, none twice. */
bool gpio_check(const char *where, char *why, size_t why_size);

size_t gpio_count(const struct gpio *gpio);
/* line below the count, here and below. */
struct gpio_line gpio_line(const struct gpio *gpio, size_t line);

/* False, with the reason in the log and nothing changed: the host refuses (the pull, mostly). */
bool gpio_set_output(struct gpio *gpio, size_t line, bool level);
bool gpio_set_input(struct gpio *gpio, size_t line, enum gpio_pull pull);
bool gpio_set_high_impedance(struct gpio *gpio, size_t line);

/* 0 or 1: what an output drives, what is applied to any other line, and without that what the pull
 * makes of it. -1, with the reason in the log: the host cannot say. */
int gpio_read(const struct gpio *gpio, size_t line);

/* Applies a level from outside: 0, 1, or -1 for none. False: the lines are real ones. */
bool gpio_apply(struct gpio *gpio, size_t line, int level);

#endif
