/* Private to lib/gpio: what makes lines real. */
#ifndef GPIO_GPIO_PROVIDER_H
#define GPIO_GPIO_PROVIDER_H

#include "gpio/gpio.h"

struct gpio_host;

/* NULL with the reason in the log. offsets are copied. */
struct gpio_host *gpio_host_open(const char *chip, const unsigned *offsets, size_t count,
                                 struct log *log);
void gpio_host_close(struct gpio_host *host);
/* Makes a line what state says. False with the reason in the log. */
bool gpio_host_set(struct gpio_host *host, size_t line, const struct gpio_line *state);
/* 0, 1, or -1 with the reason in the log. */
int gpio_host_read(const struct gpio_host *host, size_t line);

#endif
