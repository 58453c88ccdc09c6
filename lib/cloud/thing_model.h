/* The thing model of Alibaba Cloud IoT Platform (Alink JSON over MQTT): topics, what a device says,
 * what the cloud says. Only texts. What stands in a message as params or data is given and taken as
 * it is, byte for byte: a device's host has its own JSON. */
#ifndef CLOUD_THING_MODEL_H
#define CLOUD_THING_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cloud/aliyun.h"

/* Bytes of a service's or event's identifier, of an RRPC's, of a reply's message, and of a
 * message's id. */
enum { THING_NAME_MAX = 128, THING_MESSAGE_MAX = 256, THING_ID_MAX = 20, THING_FILTERS = 5 };

/* ---- up; the caller frees the texts ---- */

/* event NULL: a property post. */
char *thing_post_topic(const struct aliyun_device *device, const char *event);
/* params: a JSON object. */
char *thing_post(uint32_t id, const char *event, const char *params);

char *thing_set_reply_topic(const struct aliyun_device *device);
char *thing_service_reply_topic(const struct aliyun_device *device, const char *service);
/* The answer to a synchronous call: system where that came on .../rrpc/request/..., else on
 * /ext/rrpc/... */
char *thing_call_reply_topic(const struct aliyun_device *device, const char *rrpc,
                             const char *service, bool system);
/* id: decimal digits; data: a JSON object. */
char *thing_reply(const char *id, long code, const char *data);

/* Whether a text can stand in a topic as a name: 1..THING_NAME_MAX bytes, no "/", "+", "#", no
 * control character. */
bool thing_name_valid(const char *text, size_t len);

/* Whether bytes are one JSON object and nothing else. */
bool thing_is_object(const char *bytes, size_t len);

/* ---- down ---- */

/* The filters of what the cloud sends; on the cloud itself nobody needs to subscribe to them. The
 * caller frees each. */
void thing_filters(const struct aliyun_device *device, char *filters[THING_FILTERS]);

enum thing_kind {
    THING_NONE, /* another topic */
    THING_POST_REPLY,
    THING_PROPERTY_SET,
    THING_SERVICE,  /* asynchronous call */
    THING_CALL,     /* synchronous call */
    THING_RAW_CALL, /* a synchronous request that is no service call: any bytes */
    THING_OWN,      /* an answer of ours that a plain broker has brought back */
    THING_BAD,      /* to be dropped: why */
};

struct thing_message {
    enum thing_kind kind;
    char id[THING_ID_MAX + 1]; /* decimal digits, up to 64 bits */
    const char
        *json; /* params; of a reply data ("{}" where there is none); points into the bytes */
    size_t json_len;
    char service[THING_NAME_MAX + 1]; /* of calls */
    char rrpc[THING_NAME_MAX + 1];    /* of synchronous calls */
    bool system;                      /* THING_CALL: came on .../rrpc/request/... */
    long code;                        /* THING_POST_REPLY */
    char message[THING_MESSAGE_MAX + 1];
    const char *why; /* THING_BAD */
};

/* Reads a message; always fills message. */
void thing_read(struct thing_message *message, const struct aliyun_device *device,
                const char *topic, const char *bytes, size_t len);

#endif
