#include "service/mqtt/mqtt_link.h"

#include <errno.h>
#include <ev.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"
#include "service/mqtt/mqtt_client.h"
#include "service/mqtt/mqtt_text.h"

enum {
    PACKETS_PER_ROUND = 16,      /* of reading: other modems want their turn */
    PAYLOAD_TOO_LONG = 0xfffffff /* one that leaves no room for the topic (MQTT 3.1.1, 2.2.3) */
};

enum stage { IDLE, TCP, TLS, CONNACK, UP, CLOSING };

struct mqtt_link {
    struct ev_loop *loop;
    struct log *log;
    mqtt_event_handler handler;
    void *ctx;
    int keepalive_s;
    int tcp_probe_s;
    struct mqtt_client *client;
    enum stage stage;
    uint16_t last_id;
    ev_io io;
    ev_timer soon; /* hands out what came up inside a call */
    ev_timer keepalive;
    double last_in;
    double last_out;
    bool delivering;
    bool destroyed; /* by the callee of an event: only this memory is left */
};

static const char *const stage_names[] = {
    [IDLE] = "",
    [TCP] = "the TCP connection",
    [TLS] = "the TLS handshake",
    [CONNACK] = "CONNACK",
    [UP] = "",
    [CLOSING] = "DISCONNECT to be written",
};

/* ---- the watcher ---- */

static void watch(struct mqtt_link *link, int events)
{
    int fd = mosquitto_socket(link->client->library);
    if (ev_is_active(&link->io) && (link->io.events & (EV_READ | EV_WRITE)) == events) {
        return;
    }
    ev_io_stop(link->loop, &link->io);
    ev_io_set(&link->io, fd, events);
    ev_io_start(link->loop, &link->io);
}

static void rearm(struct mqtt_link *link)
{
    struct mosquitto *library = link->client->library;
    SSL *ssl = mosquitto_ssl_get(library);
    bool write = false;
    if (link->stage == TCP) {
        watch(link, EV_WRITE);
        return;
    }
    if (ssl && SSL_in_init(ssl)) {
        /* CONNECT waits in libmosquitto, so mosquitto_want_write() is true all through the
         * handshake; a watcher on that would spin. */
        write = SSL_want_write(ssl);
    } else {
        write = mosquitto_want_write(library);
    }
    watch(link, (link->stage == CLOSING ? 0 : EV_READ) | (write ? EV_WRITE : 0));
}

/* Before libmosquitto may close its socket: the next one can get the same number. */
static void unwatch(struct mqtt_link *link)
{
    ev_io_stop(link->loop, &link->io);
    ev_timer_stop(link->loop, &link->keepalive);
}

/* ---- the end of a connection ---- */

static void deliver_soon(struct mqtt_link *link)
{
    if (!ev_is_active(&link->soon)) {
        ev_timer_set(&link->soon, 0, 0);
        ev_timer_start(link->loop, &link->soon);
    }
}

static void add_event(struct mqtt_link *link, const struct mqtt_event *event)
{
    mqtt_queue_add(&link->client->queue, event);
    deliver_soon(link);
}

static void down(struct mqtt_link *link, enum mqtt_failure failure, const char *why)
{
    struct mqtt_client *client = link->client;
    unwatch(link);
    link->stage = IDLE;
    add_event(link,
              &(struct mqtt_event){.kind = MQTT_EVENT_DOWN,
                                   .failure = failure,
                                   .connack = failure == MQTT_FAILED_REFUSED ? client->connack : 0,
                                   .why = why});
}

/* libmosquitto has given the connection up, or says that it cannot go on. */
static void broken(struct mqtt_link *link, int rc, int error)
{
    struct mqtt_client *client = link->client;
    const char *tls = client->tls ? mqtt_tls_reason(client->tls) : "";
    error = client->error ? client->error : error;
    if (link->stage == CLOSING) {
        unwatch(link);
        link->stage = IDLE;
        add_event(link, &(struct mqtt_event){.kind = MQTT_EVENT_CLOSED});
    } else if (client->connack) {
        down(link, MQTT_FAILED_REFUSED, mqtt_connack_text(client->connack));
    } else if (client->stale) {
        down(link, MQTT_FAILED_CONNECT, "the broker has lost the session");
    } else if (link->stage == TLS || (link->stage == CONNACK && *tls)) {
        down(link, MQTT_FAILED_TLS, *tls ? tls : "the broker broke the TLS handshake off");
    } else {
        down(link, MQTT_FAILED_CONNECT, *tls ? tls : mqtt_library_text(rc, error));
    }
}

/* ---- after each call ---- */

/* The kernel notices a dead line, whatever the keep-alive is (tcp(7)). */
static void probe_line(const struct mqtt_link *link)
{
    enum { PROBES = 2 };
    int fd = mosquitto_socket(link->client->library);
    int on = 1;
    int probes = PROBES;
    unsigned limit_ms = (unsigned)link->tcp_probe_s * PROBES * 1000;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &link->tcp_probe_s, sizeof link->tcp_probe_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &link->tcp_probe_s, sizeof link->tcp_probe_s);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &limit_ms, sizeof limit_ms);
}

/* Looks at what a call has left: stage, keep-alive, watcher. */
static void settle(struct mqtt_link *link, int rc, int error)
{
    struct mqtt_client *client = link->client;
    if (client->arrived) {
        link->last_in = clock_seconds();
    }
    if (client->left) {
        link->last_out = clock_seconds();
    }
    client->arrived = client->left = false;
    if (link->stage == TLS) {
        SSL *ssl = mosquitto_ssl_get(client->library);
        if (ssl && SSL_is_init_finished(ssl)) {
            log_write(link->log, LEVEL_STATE, "mqtt: %s, %s", SSL_get_version(ssl),
                      SSL_get_cipher_name(ssl));
            link->stage = CONNACK;
        }
    }
    if (client->up && link->stage == CONNACK) {
        link->stage = UP;
        if (link->tcp_probe_s) {
            probe_line(link);
        }
        if (link->keepalive_s) {
            ev_timer_set(&link->keepalive, link->keepalive_s, 0);
            ev_timer_start(link->loop, &link->keepalive);
        }
    }
    if (client->queue.first) {
        deliver_soon(link);
    }
    if (rc > 0 || mosquitto_socket(client->library) < 0 || client->stale) {
        broken(link, rc, error);
    } else {
        rearm(link);
    }
}

/* Hands out the events. False: the link is gone. */
static bool deliver(struct mqtt_link *link)
{
    struct mqtt_queued *item;
    link->delivering = true;
    while (!link->destroyed && (item = mqtt_queue_take(&link->client->queue))) {
        link->handler(link->ctx, &item->event);
        free(item);
    }
    if (link->destroyed) {
        free(link);
        return false;
    }
    link->delivering = false;
    ev_timer_stop(link->loop, &link->soon);
    return true;
}

static void on_soon(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    deliver(timer->data);
}

/* ---- reading and writing ---- */

static bool more_to_read(struct mqtt_link *link)
{
    if (link->stage != CONNACK && link->stage != UP) {
        return false;
    }
    SSL *ssl = mosquitto_ssl_get(link->client->library);
    int waiting = 0;
    return (ssl && SSL_pending(ssl) > 0) ||
           (ioctl(link->io.fd, FIONREAD, &waiting) == 0 && waiting > 0);
}

/* The TCP connection is made, or it is not. */
static bool tcp_done(struct mqtt_link *link)
{
    int error = 0;
    socklen_t len = sizeof error;
    getsockopt(link->io.fd, SOL_SOCKET, SO_ERROR, &error, &len);
    if (!error || error == ECONNRESET) {
        /* libmosquitto has written already: a reset is an answer to that. */
        link->stage = link->client->tls ? TLS : CONNACK;
    }
    if (error) {
        broken(link, MOSQ_ERR_ERRNO, error);
    }
    return !error;
}

/* Reads, which also drives the TLS handshake. False: this connection is over, or the link is gone.
 */
static bool read_round(struct mqtt_link *link)
{
    for (int i = 0; i < PACKETS_PER_ROUND && (i == 0 || more_to_read(link)); i++) {
        errno = 0;
        int rc = mosquitto_loop_read(link->client->library, 1);
        settle(link, rc, errno);
        if (!deliver(link) || (link->stage != TLS && link->stage != CONNACK && link->stage != UP)) {
            return false;
        }
    }
    SSL *ssl = mosquitto_ssl_get(link->client->library);
    if (ssl && SSL_pending(ssl) > 0) {
        /* OpenSSL has taken it off the socket already: no event will tell of it. */
        ev_feed_event(link->loop, &link->io, EV_READ);
    }
    return true;
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct mqtt_link *link = io->data;
    struct mosquitto *library = link->client->library;
    if (link->stage == TCP && !tcp_done(link)) {
        deliver(link);
        return;
    }
    /* Reading comes first: why a broker breaks off is lost when a write fails before that. */
    bool beginning = link->stage == TLS || link->stage == CONNACK;
    if ((beginning || (revents & EV_READ)) && link->stage != CLOSING && !read_round(link)) {
        return;
    }
    if ((beginning || (revents & EV_WRITE)) && mosquitto_want_write(library)) {
        errno = 0;
        int rc = mosquitto_loop_write(library, 1);
        settle(link, rc, errno);
        deliver(link);
    }
}

/* PINGREQ is due when for that long nothing went out or nothing came in; so is the verdict about a
 * PINGREQ without an answer. libmosquitto decides, the timer only wakes it at the right time: it
 * runs on and is set to the time of the last packet when it fires. */
static void on_keepalive(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct mqtt_link *link = timer->data;
    struct mqtt_client *client = link->client;
    double oldest = link->last_in < link->last_out ? link->last_in : link->last_out;
    double left = oldest + link->keepalive_s - clock_seconds();
    if (left <= 0) {
        client->pinged = false;
        errno = 0;
        int rc = mosquitto_loop_misc(client->library);
        settle(link, rc, errno);
        if (link->stage != UP) {
            deliver(link);
            return;
        }
        if (client->pinged) {
            link->last_in = link->last_out = clock_seconds();
        }
        /* libmosquitto counts in whole seconds. */
        left = client->pinged ? link->keepalive_s : 1;
    }
    ev_timer_set(timer, left, 0);
    ev_timer_start(loop, timer);
}

/* ---- the interface ---- */

struct mqtt_link *mqtt_link_create(const struct service_env *env,
                                   const struct mqtt_options *options, bool probe,
                                   mqtt_event_handler handler, void *ctx)
{
    struct mqtt_client *client = mqtt_client_create(options, probe, env->log);
    if (!client) {
        return NULL;
    }
    struct mqtt_link *link = mem_zeroed(sizeof *link);
    link->loop = env->loop;
    link->log = env->log;
    link->handler = handler;
    link->ctx = ctx;
    link->client = client;
    ev_init(&link->io, on_io);
    link->io.data = link;
    ev_timer_init(&link->soon, on_soon, 0, 0);
    link->soon.data = link;
    ev_timer_init(&link->keepalive, on_keepalive, 0, 0);
    link->keepalive.data = link;
    return link;
}

void mqtt_link_destroy(struct mqtt_link *link)
{
    if (!link) {
        return;
    }
    unwatch(link);
    ev_timer_stop(link->loop, &link->soon);
    mqtt_client_destroy(link->client);
    link->destroyed = true;
    if (!link->delivering) {
        free(link);
    }
}

bool mqtt_link_prepare(struct mqtt_link *link, const struct mqtt_options *options, char *why,
                       size_t why_size)
{
    struct mqtt_tls_side *tls = link->client->tls;
    link->keepalive_s = options->keepalive_s;
    link->tcp_probe_s = options->tcp_probe_s;
    if (tls && !mqtt_tls_load(tls, &options->tls, options->host)) {
        snprintf(why, why_size, "%s", mqtt_tls_reason(tls));
        return false;
    }
    if (!mqtt_client_configure(link->client, options)) {
        snprintf(why, why_size, "user name, password or will are not valid");
        return false;
    }
    return true;
}

void mqtt_link_connect(struct mqtt_link *link, const char *address, int port)
{
    struct mqtt_client *client = link->client;
    mqtt_link_abort(link);
    mqtt_client_begin(client);
    link->stage = TCP;
    link->last_in = link->last_out = clock_seconds();
    errno = 0;
    int rc = mosquitto_connect_async(client->library, address, port, link->keepalive_s);
    if (rc == MOSQ_ERR_TLS) {
        link->stage = TLS;
    }
    settle(link, rc, errno);
}

void mqtt_link_abort(struct mqtt_link *link)
{
    int fd = mosquitto_socket(link->client->library);
    unwatch(link);
    ev_timer_stop(link->loop, &link->soon);
    mqtt_queue_clear(&link->client->queue);
    link->stage = IDLE;
    if (fd >= 0) {
        /* libmosquitto has no call that closes without a DISCONNECT; the descriptor goes at its
         * next connection. */
        shutdown(fd, SHUT_RDWR);
    }
}

void mqtt_link_disconnect(struct mqtt_link *link)
{
    link->stage = CLOSING;
    int rc = mosquitto_disconnect(link->client->library);
    settle(link, rc, 0);
}

bool mqtt_link_up(const struct mqtt_link *link)
{
    return link->stage == UP;
}

bool mqtt_link_unfinished(const struct mqtt_link *link)
{
    return link->client->halfway_count > 0;
}

bool mqtt_link_stale(const struct mqtt_link *link)
{
    return link->client->stale;
}

const char *mqtt_link_stage(const struct mqtt_link *link)
{
    return stage_names[link->stage];
}

/* ---- requests ---- */

uint16_t mqtt_link_next_id(const struct mqtt_link *link)
{
    return link->last_id == UINT16_MAX ? 1 : (uint16_t)(link->last_id + 1);
}

/* What is left after a request: a connection that broke under it is told later, by DOWN. */
static bool requested(struct mqtt_link *link, int rc, int id, uint16_t *packet_id)
{
    int error = errno;
    if (!id || rc == MOSQ_ERR_INVAL || rc == MOSQ_ERR_MALFORMED_UTF8 ||
        rc == MOSQ_ERR_PAYLOAD_SIZE) {
        return false;
    }
    link->last_id = (uint16_t)id;
    *packet_id = (uint16_t)id;
    settle(link, rc, error);
    return true;
}

bool mqtt_link_skip_id(struct mqtt_link *link)
{
    /* libmosquitto counts the packet id before it sees that such a packet cannot be; the payload is
     * never looked at. */
    int id = 0;
    int rc = mosquitto_publish(link->client->library, &id, "x", PAYLOAD_TOO_LONG, "", 0, false);
    if (rc != MOSQ_ERR_PAYLOAD_SIZE || id != mqtt_link_next_id(link)) {
        return false;
    }
    link->last_id = (uint16_t)id;
    return true;
}

bool mqtt_link_publish(struct mqtt_link *link, const char *topic, const void *bytes, size_t len,
                       int qos, bool retain, uint16_t *packet_id, bool *written)
{
    struct mqtt_client *client = link->client;
    int id = 0;
    client->publishing = &id;
    client->written = false;
    errno = 0;
    int rc = mosquitto_publish(client->library, &id, topic, (int)len, bytes, qos, retain);
    client->publishing = NULL;
    *written = client->written;
    return requested(link, rc, id, packet_id);
}

bool mqtt_link_subscribe(struct mqtt_link *link, const char *filter, int qos, uint16_t *packet_id)
{
    int id = 0;
    errno = 0;
    int rc = mosquitto_subscribe(link->client->library, &id, filter, qos);
    return requested(link, rc, id, packet_id);
}

bool mqtt_link_unsubscribe(struct mqtt_link *link, const char *filter, uint16_t *packet_id)
{
    int id = 0;
    errno = 0;
    int rc = mosquitto_unsubscribe(link->client->library, &id, filter);
    return requested(link, rc, id, packet_id);
}
