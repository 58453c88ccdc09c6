/* What atmodemctl can be told to do: a row a command, each carried out by a function of a file for
 * its family. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct client;

struct request {
    struct client *client;
    const char *modem;   /* NULL: not named */
    char *const *values; /* behind the modem, as many as the command wants */
    const char *ssid;
    const char *password;
    const char *only; /* kinds of lines with commas between; NULL: all */
    bool json;
};

struct command {
    const char *name;
    const char *usage; /* what follows the name, for people */
    const char *help;  /* lines, in a column of their own */
    bool takes_modem;
    int values;
    bool takes_ssid;
    bool takes_only;
    bool (*carry_out)(const struct request *request); /* false: it failed, and has said so */
};
/* A row without a function is a heading. */
extern const struct command commands[];
extern const int command_count;

/* NULL: there is none of that name. */
const struct command *command_find(const char *name);

bool command_list(const struct request *request);
bool command_status(const struct request *request);
bool command_console(const struct request *request);
bool command_send(const struct request *request);
bool command_monitor(const struct request *request);
bool command_urc(const struct request *request);
bool command_power(const struct request *request);
bool command_reload(const struct request *request);
bool command_metrics(const struct request *request);
bool command_network(const struct request *request);
bool command_signal(const struct request *request);
bool command_registration(const struct request *request);
bool command_gpio(const struct request *request);
bool command_provision(const struct request *request);
bool command_wifi(const struct request *request);

/* ---- for these ---- */

cJSON *request_new(const struct request *request, const char *what);
/* Asks and frees object; shows the answer, as it came or by print(). */
bool request_ask(const struct request *request, cJSON *object, void (*print)(const cJSON *answer));

/* A number that stands in a text; nothing is added if none does: the daemon says what it wants. */
void request_add_number(cJSON *object, const char *name, const char *text);

/* A member that is a text, "-" for none. */
const char *answer_text(const cJSON *object, const char *name);
bool answer_true(const cJSON *object, const char *name);
/* "ok", where the answer says no more. */
void print_ok(const cJSON *answer);
/* The members that a cellular or a Wi-Fi modem has in its status. */
void print_network(const cJSON *object);
void print_wifi(const cJSON *object);

#endif
