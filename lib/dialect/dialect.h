/* A dialect: one module's commands, grammar and wording. It is the only place where the interpreter
 * and the services meet. A new dialect is one folder and one line in list.c. */
#ifndef DIALECT_DIALECT_H
#define DIALECT_DIALECT_H

#include <stdbool.h>
#include <stddef.h>

#include "at/at.h"

struct gpio;
struct log;
struct network;
struct nvram;
struct pdp;
struct port;
struct provision;
struct service_env;
struct settings;
struct settings_group;
struct wifi;

/* A value that the module keeps: reading, checking, writing and the NVRAM file follow from this. */
struct kept_value {
    const char *name;    /* in the NVRAM file: "section.key" */
    const char *initial; /* factory value */
    long min, max;       /* of a number, or of a text's bytes */
};

/* What a dialect's instance works with; all of it belongs to its modem and outlives it. An instance
 * begins with a copy of it: that is what handlers that dialects share expect behind their context.
 */
struct dialect_env {
    struct at *at;
    struct nvram *nvram;
    struct network *network;
    struct pdp *pdp; /* of a cellular module, else NULL */
    struct port *port;
    const char *name; /* the modem's */
    const struct settings *settings;
    const struct service_env *services;
    const char *folder; /* the state folder, for files without a name */
    struct log *log;
};

/* What a bench may reach of a Wi-Fi module. */
struct dialect_wifi {
    struct wifi *wifi;
    struct provision *provision;
    const char *provision_start; /* what a host sends to be provisioned, for people */
};

struct dialect {
    const char *id;
    const char *title; /* one line */
    bool cellular;     /* services obey the simulated cellular network */
    const struct at_grammar *grammar;
    const struct at_table *const *tables;
    size_t table_count;
    const struct settings_group *settings; /* its own section */
    const char *const *defaults; /* "section.key=value" that differ from the common ones */
    /* Puts what its settings say of the line into config: lenient, data_timeout_ms, guard_ms. */
    void (*configure)(const struct settings *settings, struct at_config *config);
    /* Whether a gated command exists under these settings. NULL: there are none. */
    bool (*enabled)(const struct settings *settings, const char *gate);
    /* The handlers' context. */
    void *(*create)(const struct dialect_env *env);
    /* How its connection is, in a word for people: "online", "offline", "connecting" ... */
    const char *(*connection)(const void *instance);
    /* NULL: it is no Wi-Fi module. What it gives is good until the loop runs. */
    struct dialect_wifi (*wifi)(void *instance);
    /* Its lines, whose outside the control socket plays. NULL: it has none. */
    struct gpio *(*gpio)(void *instance);
    /* Connections that are up are closed properly, as far as that takes no time. */
    void (*destroy)(void *instance);
};

/* All of them, NULL at the end. */
extern const struct dialect *const dialects[];

/* NULL: there is none of that name. */
const struct dialect *dialect_find(const char *id);

#endif
