/* SIMPLEMODE, and SIMPLECLIENT's link, which is opened again and again. */
#include <stdlib.h>
#include <string.h>

#include "dialect/dx_ct11/instance.h"

enum { LINE_MAX_LEN = 60 };
static const double missing_s = 3, again_s = 5;

/* ---- SIMPLEMODE ---- */

static at_result mode_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    at_info(call->at, call->ticket, "+SIMPLEMODE:%ld,%ld", kept_number(&dx->kept, DX_SIMPLEMODE),
            kept_number(&dx->kept, DX_STATA));
    return AT_OK;
}

static at_result mode_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    long mode = (long)call->params[0].number;
    long stata = (long)call->params[1].number;
    if ((stata != 0) != (mode == DX_SIMPLE_MQTT)) {
        return DX_VALUE;
    }
    if (dx_links_used(dx) > 1) {
        return DX_STATE;
    }
    struct kept_changes set = {.kept = &dx->kept};
    kept_change_number(&set, DX_SIMPLEMODE, mode);
    kept_change_number(&set, DX_STATA, stata);
    return dx_save_and_restart(dx, &set, call);
}

/* ---- the link ---- */

static void later(struct dx *dx, double seconds)
{
    ev_timer_stop(dx_loop(dx), &dx->links.simple);
    ev_timer_set(&dx->links.simple, seconds, 0.);
    ev_timer_start(dx_loop(dx), &dx->links.simple);
}

static void open_now(struct dx *dx)
{
    const struct dx_fields *client = &dx->links.client;
    const struct dx_target target = {
        .kind = strcmp(dx_field(client, 0), "UDP") == 0 ? SOCKET_UDP : SOCKET_TCP,
        .host = dx_field(client, 1),
        .port = (int)dx_field_number(client, 2),
        .local_port = (int)dx_field_number(client, 3),
        .transparent = dx_field_number(client, 4) == 1,
    };
    dx_link_open(dx_link(dx, DX_LINK_FIRST), &target, 0);
}

void dx_simple_tick(struct ev_loop *loop, ev_timer *timer, int events)
{
    (void)loop;
    (void)events;
    struct dx *dx = timer->data;
    if (dx->links.client.count) {
        open_now(dx);
    } else {
        at_urc_line(dx->env.at, "ERROR=%d", DX_COMMAND);
        later(dx, missing_s);
    }
}

void dx_simple_begin(struct dx *dx)
{
    if (dx_simple(dx) == DX_SIMPLE_CLIENT) {
        dx_fields_load(&dx->links.client, kept_text(&dx->kept, DX_SIMPLECLIENT), dx_target_params,
                       5);
        dx_simple_tick(NULL, &dx->links.simple, 0);
    }
}

void dx_simple_failed(struct dx *dx)
{
    at_urc_line(dx->env.at, "ERROR=%d", DX_NO_SERVER);
    later(dx, again_s);
}

void dx_simple_lost(struct dx *dx)
{
    later(dx, again_s);
}

void dx_simple_stop(struct dx *dx)
{
    if (dx->links.client.count) {
        ev_timer_stop(dx_loop(dx), &dx->links.simple);
    }
}

/* ---- SIMPLECLIENT ---- */

static at_result client_read(void *ctx, struct at_call *call)
{
    const struct dx *dx = ctx;
    struct dx_fields client = {0};
    dx_fields_load(&client, kept_text(&dx->kept, DX_SIMPLECLIENT), dx_target_params, 5);
    at_result result = dx_fields_read(&client, call);
    dx_fields_free(&client);
    return result;
}

/* What was open before is closed first. */
static void begin_anew(struct dx *dx)
{
    struct dx_link *link = dx_link(dx, DX_LINK_FIRST);
    if (link->state != DX_LINK_FREE) {
        dx_link_close(link);
    }
    ev_timer_stop(dx_loop(dx), &dx->links.simple);
    dx_simple_begin(dx);
}

static void saved(void *ctx, bool ok)
{
    struct dx *dx = ctx;
    at_finish(dx->env.at, dx->waiting, ok ? AT_OK : DX_STATE);
    if (ok) {
        begin_anew(dx);
    }
}

static at_result client_set(void *ctx, struct at_call *call)
{
    struct dx *dx = ctx;
    struct dx_fields client = {0};
    dx_fields_take(&client, call);
    char *line = dx_fields_line(&client);
    char *json = dx_fields_save(&client, dx_target_params);
    at_result result = AT_PENDING;
    struct kept_changes set = {.kept = &dx->kept};
    kept_change_text(&set, DX_SIMPLECLIENT, json, strlen(json));
    dx->waiting = call->ticket;
    if (strlen(line) > LINE_MAX_LEN) {
        result = DX_LENGTH;
    } else if (dx_simple(dx) != DX_SIMPLE_CLIENT) {
        result = DX_STATE;
    } else if (!kept_store(&set, saved, dx)) {
        begin_anew(dx);
        result = AT_OK;
    }
    free(line);
    free(json);
    dx_fields_free(&client);
    return result;
}

/* ---- the table ---- */

static const struct at_param mode_params[] = {
    {.name = "mode", .type = AT_INT, .max = 2},
    {.name = "stata", .type = AT_INT, .max = 2},
};

static const struct at_command rows[] = {
    {.name = "+SIMPLEMODE",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(mode_params),
     .read = mode_read,
     .set = mode_set,
     .help = "connect by itself: not (0,0), a socket (1,0), MQTT (2,1; 2,2); kept, then restart"},
    {.name = "+SIMPLECLIENT",
     .forms = AT_READ | AT_SET,
     AT_PARAMS(dx_target_params),
     .read = client_read,
     .set = client_set,
     .help = "the link of simple mode 1; kept"},
};

const struct at_table dx_simple_table = {rows, sizeof rows / sizeof *rows};
