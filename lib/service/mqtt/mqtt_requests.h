/* Private to the MQTT service: requests by packet id, each with one outcome. A request stays here
 * after its time is up until the broker answers or the connection is gone: libmosquitto still holds
 * it, so its packet id is taken and its bytes count. */
#ifndef SERVICE_MQTT_MQTT_REQUESTS_H
#define SERVICE_MQTT_MQTT_REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum mqtt_request_kind {
    MQTT_REQUEST_PUBLISH,
    MQTT_REQUEST_SUBSCRIBE,
    MQTT_REQUEST_UNSUBSCRIBE,
    MQTT_REQUEST_RESTORE, /* a SUBSCRIBE after a reconnection, which nobody asked for */
};

/* The party that mqtt_create() was called for. */
enum { MQTT_OWNER = 0 };

struct mqtt_request {
    enum mqtt_request_kind kind;
    unsigned party; /* who gets its outcome: MQTT_OWNER or a guest's number */
    uint16_t packet_id;
    int qos;
    size_t size;     /* that the library holds for it */
    double deadline; /* on clock_seconds() */
    char *filter;    /* of SUBSCRIBE and UNSUBSCRIBE; owned */
    bool over;       /* it has had its outcome */
};

/* All zero is an empty table. In the order of the requests. */
struct mqtt_requests {
    struct mqtt_request *items;
    size_t count;
    size_t size;  /* of items, in requests */
    size_t bytes; /* the sum of their sizes */
};

void mqtt_requests_clear(struct mqtt_requests *requests);

/* True if size more bytes are too much for a broker that does not answer. */
bool mqtt_requests_full(const struct mqtt_requests *requests, size_t size);

/* Takes filter over. */
void mqtt_requests_add(struct mqtt_requests *requests, const struct mqtt_request *request);

/* NULL: none with this packet id. */
struct mqtt_request *mqtt_requests_find(struct mqtt_requests *requests, uint16_t packet_id);
void mqtt_requests_remove(struct mqtt_requests *requests, struct mqtt_request *request);

/* Those that somebody waits for. */
size_t mqtt_requests_outstanding(const struct mqtt_requests *requests);
/* The earliest deadline of those that are not over; 0: none. */
double mqtt_requests_deadline(const struct mqtt_requests *requests);
/* The first one that is not over and past its deadline, or NULL. */
struct mqtt_request *mqtt_requests_expired(struct mqtt_requests *requests, double now);

/* The connection is gone. Gives the requests that somebody waited for in *lost (without filters,
 * for free()) and how many they are. The table keeps, as over, the QoS 1 and 2 messages that the
 * library keeps for its next connection if keep is true, and nothing else. */
size_t mqtt_requests_lose(struct mqtt_requests *requests, bool keep, struct mqtt_request **lost);
/* Whether the library keeps a message for the next connection. */
bool mqtt_requests_unfinished(const struct mqtt_requests *requests);

#endif
