/* Dynamic registration: a session of its own in which a device gets its secret or token from the
 * platform, over the MQTT service. */
#ifndef CLOUD_REGISTRATION_H
#define CLOUD_REGISTRATION_H

#include "cloud/aliyun_register.h"
#include "service/mqtt/mqtt.h"

struct registration;
struct service_env;

struct registration_options {
    enum aliyun_register_kind kind;
    struct aliyun_device device; /* without a secret */
    const char *product_secret;
    const char *instance; /* "": none */
    const char *host;
    int port;
    bool secure;
    struct service_tls tls;
    bool subscribe;        /* to the answer: a broker that is not the platform's wants that */
    bool exact;            /* an answer of the other kind, or for another device, is passed over */
    bool both_securemodes; /* ALIYUN_REGISTER_NWL: with CONNACK 2 or 4 once more with -2 */
    unsigned timeout_ms;   /* for all of it */
};

/* registered NULL: it failed, the reason is in the log. The registration is over: do not cancel it
 * any more. */
typedef void (*registration_done)(void *ctx, const struct aliyun_registered *registered);

/* Begins; options are copied, but the texts of tls must outlive it. done comes from the loop,
 * exactly once. NULL: the TLS library lacks the digest. */
struct registration *registration_start(const struct service_env *env,
                                        const struct registration_options *options,
                                        registration_done done, void *ctx);
/* done will not be called. NULL is fine. */
void registration_cancel(struct registration *registration);

#endif
