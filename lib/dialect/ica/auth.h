/* The AUTH commands: IMQTTAUTH, ICOAPAUTH and IHTTPAUTH have the same forms, the same three values
 * (kept separately once they were accepted) and the same result line; how a far end is asked
 * differs. */
#ifndef DIALECT_ICA_AUTH_H
#define DIALECT_ICA_AUTH_H

#include "at/at.h"
#include "cloud/aliyun.h"

struct ica;

enum { ICA_AUTH_MAX = 64, ICA_AUTH_PARAMS = 3 };

struct ica_triple {
    char product_key[ICA_AUTH_MAX + 1];
    char device_name[ICA_AUTH_MAX + 1];
    char device_secret[ICA_AUTH_MAX + 1];
};

bool ica_has_triple(const struct ica_triple *triple);
bool ica_same_triple(const struct ica_triple *a, const struct ica_triple *b);
/* Points into the triple. */
struct aliyun_device ica_device(const struct ica_triple *triple);

/* What differs between the three. */
struct ica_auth_kind {
    const char *name; /* of the command: "+IMQTTAUTH" */
    size_t offset;    /* of its struct ica_auth in struct ica */
    unsigned kept;    /* enum ica_kept of its product key; name and secret follow */
    /* Begins to ask the far end about auth->values; ica_auth_over() comes from the loop. An error:
     * nothing was begun. */
    at_result (*begin)(struct ica *ica);
    /* Before that, with the new values: AT_OK to go on, ICA_AUTH_KNOWN if they are in use and
     * known to be good, or an error. NULL: AT_OK. */
    at_result (*allowed)(struct ica *ica, const struct ica_triple *triple);
    /* The host has been told the result. NULL: nothing more. */
    void (*told)(struct ica *ica);
};
enum { ICA_AUTH_KNOWN = -100 };
extern const struct ica_auth_kind ica_mqtt_auth, ica_coap_auth, ica_http_auth;

struct ica_auth {
    struct ica *ica;
    const struct ica_auth_kind *kind;
    struct ica_triple values; /* last given or loaded */
    bool running;             /* the far end is asked */
    bool saving;              /* accepted values are being made safe */
    bool passed;              /* the last one was accepted, since power-on */
};

/* At power-on: the kept values. */
void ica_auth_load(struct ica *ica, const struct ica_auth_kind *kind);
void ica_auth_wipe(struct ica_auth *auth);
/* The far end has answered, or has not. Accepted values are kept before the host hears of it. */
void ica_auth_over(struct ica *ica, const struct ica_auth_kind *kind, bool accepted);

/* The command: parameters and handlers; which of the three it is says the command's name. */
extern const struct at_param ica_auth_params[ICA_AUTH_PARAMS];
at_result ica_auth_read(void *ctx, struct at_call *call);
at_result ica_auth_set(void *ctx, struct at_call *call);
at_result ica_auth_execute(void *ctx, struct at_call *call);
#define ICA_AUTH_COMMAND                                                                           \
    .forms = AT_TEST | AT_READ | AT_SET | AT_EXECUTE, .params = ica_auth_params,                   \
    .param_count = ICA_AUTH_PARAMS, .read = ica_auth_read, .set = ica_auth_set,                    \
    .execute = ica_auth_execute

/* Values that end up in C strings: no NUL. */
bool ica_no_nul(const char *bytes, size_t len);

#endif
