#include "daemon/control_watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "daemon/control.h"
#include "daemon/control_client.h"
#include "daemon/fleet.h"
#include "modem/modem.h"

/* ---- consoles ---- */

static struct modem *modem_of(const struct control_client *client)
{
    return client->console ? fleet_find(client->control->fleet, client->console) : NULL;
}

static void show(void *ctx, const struct modem *modem, const char *bytes, size_t len)
{
    const struct control *control = ctx;
    for (struct control_client *client = control->clients; client; client = client->next) {
        if (modem_of(client) == modem) {
            control_client_send_output(client, bytes, len);
        }
    }
}

/* ---- whose console line it was that has a result ---- */

struct control_turn {
    struct control_turn *next;
    const struct control_client *client;
    uint64_t number; /* of the line */
};

void control_turn_add(struct control_client *client, uint64_t number)
{
    struct control *control = client->control;
    struct control_turn *turn = mem_zeroed(sizeof *turn);
    *turn = (struct control_turn){.next = control->turns, .client = client, .number = number};
    control->turns = turn;
}

/* Those of a client, or with NULL, of the numbers. Returns whose the first was. */
static const struct control_client *take_out(struct control *control,
                                             const struct control_client *client, uint64_t first,
                                             uint64_t last)
{
    const struct control_client *whose = NULL;
    for (struct control_turn **link = &control->turns; *link;) {
        struct control_turn *turn = *link;
        bool numbered = turn->number >= first && turn->number <= last;
        if (client ? turn->client != client : !numbered) {
            link = &turn->next;
            continue;
        }
        whose = turn->number == first ? turn->client : whose;
        *link = turn->next;
        free(turn);
    }
    return whose;
}

void control_turns_forget(struct control *control, const struct control_client *client)
{
    take_out(control, client, 0, 0);
}

static void console_done(void *ctx, bool ok, uint64_t first, uint64_t last)
{
    struct control *control = ctx;
    const struct control_client *whose = take_out(control, NULL, first, last);
    struct control_client *client = control->clients;
    while (client && client != whose) {
        client = client->next;
    }
    if (client) {
        cJSON *event = cJSON_CreateObject();
        cJSON_AddStringToObject(event, "event", "done");
        cJSON_AddBoolToObject(event, "ok", ok);
        control_client_send(client, event);
    }
}

/* ---- monitors ---- */

static bool monitors(const struct control_client *client, const struct modem *modem)
{
    return client->monitor &&
           (!client->monitored || strcmp(client->monitored, modem_name(modem)) == 0);
}

static void line(void *ctx, const struct modem *modem, enum at_trace what, const char *text,
                 size_t len)
{
    static const char *const kinds[] = {
        [AT_TRACE_IN] = "command", [AT_TRACE_OUT] = "answer", [AT_TRACE_DATA] = "data"};
    const struct control *control = ctx;
    for (struct control_client *client = control->clients; client; client = client->next) {
        if (monitors(client, modem)) {
            control_client_send_line(client, modem_name(modem), kinds[what], text, len);
        }
    }
}

static const struct modem_watcher watcher = {.line = line, .console_done = console_done};

/* ---- all of them ---- */

static bool has_console(const struct control *control, const struct modem *modem)
{
    const struct control_client *client = control->clients;
    while (client && modem_of(client) != modem) {
        client = client->next;
    }
    return client;
}

static bool is_monitored(const struct control *control, const struct modem *modem)
{
    const struct control_client *client = control->clients;
    while (client && !monitors(client, modem)) {
        client = client->next;
    }
    return client;
}

void control_refresh(struct control *control)
{
    for (size_t i = 0; i < fleet_count(control->fleet); i++) {
        struct fleet_entry entry = fleet_entry(control->fleet, i);
        if (entry.modem) {
            bool tapped = has_console(control, entry.modem);
            modem_set_tap(entry.modem, tapped ? show : NULL, control);
            modem_set_watcher(entry.modem, &watcher, control, is_monitored(control, entry.modem));
        }
        free(entry.port);
    }
    for (struct control_client *client = control->clients; client; client = client->next) {
        if (client->console && !modem_of(client)) {
            cJSON *event = cJSON_CreateObject();
            cJSON_AddStringToObject(event, "event", "gone");
            control_client_send(client, event);
        }
    }
}

void control_attach(struct control_client *client, const char *modem)
{
    char *name = mem_string(modem);
    free(client->console);
    client->console = name;
    control_refresh(client->control);
}

void control_monitor(struct control_client *client, const char *modem)
{
    char *name = mem_string(modem);
    free(client->monitored);
    client->monitored = name;
    client->monitor = true;
    control_refresh(client->control);
}
