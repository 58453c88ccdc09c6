/* gpio: what is outside of simulated GPIO lines. */
#include <string.h>

#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "gpio/gpio.h"
#include "modem/modem.h"

static cJSON *describe_line(const cJSON *request, const struct gpio *gpio, size_t line)
{
    static const char *const directions[] = {
        [GPIO_INPUT] = "input", [GPIO_OUTPUT] = "output", [GPIO_HIGH_IMPEDANCE] = "high impedance"};
    cJSON *object = control_answer(request, true);
    cJSON_AddNumberToObject(object, "line", (double)line);
    cJSON_AddStringToObject(object, "direction", directions[gpio_line(gpio, line).direction]);
    cJSON_AddNumberToObject(object, "level", gpio_read(gpio, line));
    return object;
}

/* "0", "1" or "release"; -2: it is none of them. */
static int level_of(const char *text)
{
    bool digit = text && (text[0] == '0' || text[0] == '1') && !text[1];
    return digit ? text[0] - '0' : text && strcmp(text, "release") == 0 ? -1 : -2;
}

/* True with a line of the modem. */
static bool line_of(const cJSON *request, const struct gpio *gpio, size_t *line)
{
    const cJSON *number = cJSON_GetObjectItemCaseSensitive(request, "line");
    bool good = cJSON_IsNumber(number) && number->valuedouble >= 0 &&
                number->valuedouble < (double)gpio_count(gpio);
    *line = good ? (size_t)number->valuedouble : 0;
    return good && (double)*line == number->valuedouble;
}

void control_gpio(struct control_client *client, const cJSON *request)
{
    int level = level_of(control_text(request, "level"));
    struct modem *modem = control_modem(client, request);
    struct gpio *gpio = modem ? modem_gpio(modem) : NULL;
    size_t number;
    if (!modem) {
        return;
    }
    if (!gpio) {
        control_refuse(client, request, "this modem has no GPIO lines");
    } else if (level < -1) {
        control_refuse(client, request, "`level` wants 0, 1 or release");
    } else if (!line_of(request, gpio, &number)) {
        control_refuse(client, request, "`line` wants the number of a line, from 0 on");
    } else if (!gpio_apply(gpio, number, level)) {
        control_refuse(client, request, "these lines are real ones");
    } else {
        control_client_send(client, describe_line(request, gpio, number));
    }
}
