/* One module's state, shared by the files of this folder: a file is one family of commands, or what
 * several of them share. */
#ifndef DIALECT_DX_CT11_INSTANCE_H
#define DIALECT_DX_CT11_INSTANCE_H

#include "base/buf.h"
#include "dialect/dx_ct11/dx_ct11.h"
#include "dialect/dx_ct11/fields.h"
#include "dialect/dx_ct11/http.h"
#include "dialect/dx_ct11/links.h"
#include "dialect/dx_ct11/mqtt.h"
#include "dialect/identity.h"
#include "dialect/kept.h"
#include "dialect/reboot.h"
#include "dialect/text.h"
#include "gpio/gpio.h"
#include "net/network.h"
#include "port/port.h"
#include "service/env.h"

/* The settings `[dx-ct11]`. */
struct dx_settings {
    int escape_guard_ms;
    bool recv_header;
    const char *ota_hook;
    const char *gpio;
};
extern const struct settings_group dx_settings_group;

/* Results besides OK; grammar.c has their words. */
enum dx_result {
    DX_SEND_FAIL = 1,
    DX_LENGTH = 101,  /* parameters too many or too few, a text too long, data that stop */
    DX_STATE = 102,   /* not now */
    DX_VALUE = 103,   /* a value out of range, a bad topic or certificate */
    DX_COMMAND = 104, /* no such command, no such form */
    DX_NO_SERVER = 201,
    DX_EXISTS = 202,
    DX_MQTT_FAILED = 203,
    DX_SEND_OK = AT_GOOD,
    DX_SILENT,                  /* no result at all */
    DX_CONNECT = AT_GOOD + 100, /* and the number of a link */
};

/* ---- kept values ---- */

enum dx_kept {
    DX_IPR,
    DX_SINGLESIM,
    DX_SIMPLEMODE,
    DX_STATA,
    DX_SIMPLECLIENT,
    DX_QMTCFG,
    DX_QMTCONNCFG,
    DX_QMTSTART,
    DX_QMTSUB,
    DX_MQTT_CERT_MODE,
    DX_MQTT_CERT_TYPE,
    DX_MQTT_CERT,
    DX_HTTP_CERT_TYPE,
    DX_HTTP_CERT,
    DX_KEPT_COUNT
};
extern const struct kept_value dx_kept[DX_KEPT_COUNT];

enum dx_simple { DX_NORMAL, DX_SIMPLE_CLIENT, DX_SIMPLE_MQTT };

struct dx {
    struct dialect_env env;
    const struct dx_settings *settings;
    struct kept kept;
    struct reboot reboot;
    struct network_listener network;
    at_ticket waiting;          /* the command that a service or a save will finish */
    struct port_line line;      /* as the settings say */
    bool activated;             /* NETWORK_ACTIVATE_SUCCESS was said */
    int creg;                   /* <n> of CREG */
    int creg_stat;              /* as told last */
    bool sleeps, sleeps_by_dtr; /* SYSSLEEP, CSCLK */
    struct dx_links links;
    struct gpio *gpio; /* NULL: it could not be opened */
    struct ping *ping; /* QPING's */
    struct dx_clock {
        struct sntp *query; /* QNTP's */
        char *host;         /* the last one's; NULL: none yet */
        int port;
        int64_t offset_us; /* to the clock of the machine */
    } clock;
    struct dx_ota {
        struct http_transfer *transfer;
        struct process *hook;
        char *path; /* NULL: nothing is under way */
        int fd;
        int mode;
        int64_t size;
    } ota;
    struct dx_mqtt mqtt;
    struct dx_http http;
};

/* ---- for all files ---- */

static inline struct ev_loop *dx_loop(const struct dx *dx)
{
    return dx->env.services->loop;
}

enum dx_simple dx_simple(const struct dx *dx);

/* Saves, then OK and a restart: what a handler returns. */
at_result dx_save_and_restart(struct dx *dx, const struct kept_changes *set,
                              const struct at_call *call);

/* ---- command tables and grammar ---- */

extern const struct at_grammar dx_grammar;
extern const struct at_table dx_system_table, dx_ota_table, dx_network_table, dx_gpio_table,
    dx_time_table, dx_ping_table, dx_links_table, dx_simple_table, dx_mqtt_table,
    dx_certificate_table, dx_http_table;

/* system.c */
void dx_apply_line(struct dx *dx);

/* network.c */
void dx_network_power_on(struct dx *dx);
void dx_network_changed(void *ctx);

/* gpio.c */
void dx_gpio_open(struct dx *dx);
void dx_gpio_power_on(struct dx *dx);

/* ota.c */
void dx_ota_stop(struct dx *dx);

/* time.c: the offset stays. */
void dx_clock_stop(struct dx *dx);

#endif
