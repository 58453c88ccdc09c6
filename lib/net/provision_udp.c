#include "net/provision_udp.h"

#include <errno.h>
#include <ev.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/provision_crypto.h"

enum {
    BATCH = 16,            /* datagrams in one turn of the loop */
    WARNING_MS = 10 * 1000 /* between two warnings of datagrams that do not open */
};

#define REPEAT_S 5. /* how long an answer is repeated */

struct provision_udp {
    struct ev_loop *loop;
    struct log *log;
    unsigned char key[PROVISION_KEY_LEN];
    provision_udp_given given;
    void *ctx;
    int fd; /* -1: closed */
    ev_io io;
    ev_timer end;
    char address[80];
    bool over;                             /* credentials have come */
    unsigned char last[PROVISION_TAG_LEN]; /* the tag of their datagram */
    unsigned strangers;                    /* since the last warning */
    int64_t warned_ms;                     /* 0: never */
};

/* ---- addresses ---- */

/* The caller frees with freeaddrinfo(); NULL: it is no address. */
static struct addrinfo *parse(const char *value)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_DGRAM,
                                   .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    const char *colon = strrchr(value, ':');
    size_t len = colon ? (size_t)(colon - value) : 0;
    const char *port = colon ? colon + 1 : "";
    bool bracketed = len > 2 && value[0] == '[' && value[len - 1] == ']';
    if (len == 0 || !*port || strlen(port) > 5 || strspn(port, "0123456789") != strlen(port) ||
        atoi(port) > 65535 || (!bracketed && memchr(value, ':', len))) {
        return NULL;
    }
    char *host = bracketed ? mem_copy(value + 1, len - 2) : mem_copy(value, len);
    struct addrinfo *list = NULL;
    int rc = getaddrinfo(host, port, &hints, &list);
    free(host);
    return rc == 0 ? list : NULL;
}

bool provision_udp_check(const char *value, char *why, size_t why_size)
{
    struct addrinfo *list = *value ? parse(value) : NULL;
    bool good = !*value || list;
    if (list) {
        freeaddrinfo(list);
    }
    if (!good) {
        snprintf(why, why_size, "must be ADDRESS:PORT in numbers (IPv6 in brackets)");
    }
    return good;
}

static void note_address(struct provision_udp *udp)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    char host[64];
    char port[8];
    if (getsockname(udp->fd, (struct sockaddr *)&address, &len) == 0 &&
        getnameinfo((struct sockaddr *)&address, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
        bool six = address.ss_family == AF_INET6;
        snprintf(udp->address, sizeof udp->address, "%s%s%s:%s", six ? "[" : "", host,
                 six ? "]" : "", port);
    }
}

/* ---- datagrams ---- */

struct datagram {
    unsigned char bytes[PROVISION_SEALED_MAX + 1]; /* one more shows what is too long */
    size_t len;
    struct sockaddr_storage from;
    socklen_t from_len;
};

static void shut(struct provision_udp *udp)
{
    if (udp->fd >= 0) {
        ev_io_stop(udp->loop, &udp->io);
        ev_timer_stop(udp->loop, &udp->end);
        close(udp->fd);
        udp->fd = -1;
        udp->address[0] = '\0';
    }
}

static void on_end(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    shut(timer->data);
}

/* The answer belongs to its datagram: the nonce is the context. */
static void answer(const struct provision_udp *udp, const struct datagram *datagram,
                   const char *text)
{
    unsigned char sealed[PROVISION_SEALED_MAX];
    size_t len = strlen(text);
    struct provision_context context = {datagram->bytes, PROVISION_NONCE_LEN};
    if (!provision_seal(udp->key, context, text, len, sealed) ||
        sendto(udp->fd, sealed, len + PROVISION_OVERHEAD, MSG_DONTWAIT | MSG_NOSIGNAL,
               (const struct sockaddr *)&datagram->from, datagram->from_len) < 0) {
        log_warning(udp->log, "provisioning: no answer could be sent");
    }
}

static void count_stranger(struct provision_udp *udp)
{
    int64_t now = clock_ms();
    udp->strangers++;
    if (udp->warned_ms && now - udp->warned_ms < WARNING_MS) {
        return;
    }
    log_warning(udp->log, "provisioning: %u datagrams that the key does not open", udp->strangers);
    udp->strangers = 0;
    udp->warned_ms = now;
}

static const unsigned char *tag_of(const struct datagram *datagram)
{
    return datagram->bytes + datagram->len - PROVISION_TAG_LEN;
}

/* True: good credentials. */
static bool read_credentials(struct provision_udp *udp, const struct datagram *datagram,
                             struct provision_credentials *credentials)
{
    char text[PROVISION_SEALED_MAX];
    struct provision_context none = {NULL, 0};
    if (!provision_open(udp->key, none, datagram->bytes, datagram->len, text)) {
        count_stranger(udp);
        return false;
    }
    bool ok = provision_credentials_read(credentials, text, datagram->len - PROVISION_OVERHEAD);
    mem_wipe(text, sizeof text);
    if (!ok) {
        log_warning(udp->log, "provisioning: a datagram without a good ssid and psk");
        answer(udp, datagram, "{\"result\":\"invalid\"}");
    }
    return ok;
}

/* False: the callee may have destroyed udp, or there is nothing more to do in this turn. */
static bool take(struct provision_udp *udp, const struct datagram *datagram)
{
    static const char good[] = "{\"result\":\"ok\"}";
    struct provision_credentials credentials;
    if (udp->over) {
        if (datagram->len >= PROVISION_OVERHEAD &&
            memcmp(tag_of(datagram), udp->last, sizeof udp->last) == 0) {
            answer(udp, datagram, good);
        }
        return true;
    }
    if (!read_credentials(udp, datagram, &credentials)) {
        return true;
    }
    answer(udp, datagram, good);
    udp->over = true;
    memcpy(udp->last, tag_of(datagram), sizeof udp->last);
    ev_timer_start(udp->loop, &udp->end);
    udp->given(udp->ctx, &credentials);
    mem_wipe(&credentials, sizeof credentials);
    return false;
}

static void on_readable(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct provision_udp *udp = io->data;
    struct datagram datagram;
    for (int i = 0; i < BATCH; i++) {
        datagram.from_len = sizeof datagram.from;
        ssize_t got = recvfrom(udp->fd, datagram.bytes, sizeof datagram.bytes, MSG_DONTWAIT,
                               (struct sockaddr *)&datagram.from, &datagram.from_len);
        if (got < 0) {
            return; /* nothing there, or an ICMP error of an answer, which is read once */
        }
        datagram.len = (size_t)got;
        if (!take(udp, &datagram)) {
            return;
        }
    }
}

/* ---- life ---- */

static int bind_to(const char *address)
{
    struct addrinfo *list = parse(address);
    if (!list) {
        errno = EINVAL;
        return -1;
    }
    int fd = socket(list->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind(fd, list->ai_addr, list->ai_addrlen) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        fd = -1;
    }
    freeaddrinfo(list);
    return fd;
}

struct provision_udp *provision_udp_open(struct ev_loop *loop, struct log *log, const char *address,
                                         const void *key, provision_udp_given given, void *ctx)
{
    int fd = bind_to(address);
    if (fd < 0) {
        log_error(log, "provisioning: cannot listen on %s: %s", address, strerror(errno));
        return NULL;
    }
    struct provision_udp *udp = mem_zeroed(sizeof *udp);
    udp->loop = loop;
    udp->log = log;
    memcpy(udp->key, key, sizeof udp->key);
    udp->given = given;
    udp->ctx = ctx;
    udp->fd = fd;
    ev_io_init(&udp->io, on_readable, fd, EV_READ);
    udp->io.data = udp;
    ev_io_start(loop, &udp->io);
    ev_timer_init(&udp->end, on_end, REPEAT_S, 0.);
    udp->end.data = udp;
    note_address(udp);
    log_info(log, "provisioning: credentials are taken at %s", udp->address);
    return udp;
}

void provision_udp_close(struct provision_udp *udp)
{
    if (udp) {
        shut(udp);
        mem_wipe(udp->key, sizeof udp->key);
        free(udp);
    }
}

const char *provision_udp_address(const struct provision_udp *udp)
{
    return udp->address;
}
