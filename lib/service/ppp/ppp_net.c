#include "service/ppp/ppp_net.h"

#include <arpa/inet.h>
#include <ev.h>
#include <slirp/libslirp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/ppp/ppp_frame.h"

/* libslirp speaks Ethernet (and ARP) to the one machine that it serves. */
enum { ETHER = 14, MAC = 6, ARP = 28, TYPE_IP = 0x0800, TYPE_ARP = 0x0806 };

static const uint8_t host_mac[MAC] = {0x52, 0x54, 0x00, 0x41, 0x54, 0x01};

/* A socket as libslirp wants it watched; the place in the table is its number there. */
struct slot {
    ev_io io;
    struct ppp_net *net;
    int revents; /* SLIRP_POLL_ */
};

struct ppp_net {
    struct ev_loop *loop;
    struct log *log;
    struct ppp_net_options options;
    void (*output)(void *ctx, const uint8_t *packet, size_t len);
    void *ctx;
    Slirp *slirp;
    struct slot **slots;
    size_t size; /* of slots */
    size_t used; /* by what libslirp has asked for last */
    bool held;
    ev_timer timer; /* libslirp's next moment */
    ev_timer soon;  /* never started: fed to let libslirp work when all descriptors are looked at */
};

/* ---- descriptors and time ---- */

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    struct slot *slot = io->data;
    slot->revents |= (revents & EV_READ ? slot->io.events & EV_READ ? SLIRP_POLL_IN : 0 : 0) |
                     (revents & EV_WRITE ? SLIRP_POLL_OUT : 0) |
                     (revents & EV_ERROR ? SLIRP_POLL_ERR : 0);
    ev_feed_event(slot->net->loop, &slot->net->soon, EV_CUSTOM);
}

static struct slot *take_slot(struct ppp_net *net)
{
    if (net->used == net->size) {
        size_t size = net->size ? net->size * 2 : 8;
        net->slots = mem_resize(net->slots, size * sizeof(struct slot *));
        for (size_t i = net->size; i < size; i++) {
            net->slots[i] = mem_zeroed(sizeof(struct slot));
            net->slots[i]->net = net;
            ev_io_init(&net->slots[i]->io, on_io, -1, 0);
            net->slots[i]->io.data = net->slots[i];
        }
        net->size = size;
    }
    return net->slots[net->used++];
}

static int add_poll(int fd, int events, void *ctx)
{
    struct ppp_net *net = ctx;
    struct slot *slot = take_slot(net);
    int wanted = (events & SLIRP_POLL_IN && !net->held ? EV_READ : 0) |
                 (events & SLIRP_POLL_OUT ? EV_WRITE : 0);
    slot->revents = 0;
    if (!ev_is_active(&slot->io) || slot->io.fd != fd || (slot->io.events & 3) != wanted) {
        ev_io_stop(net->loop, &slot->io);
        if (wanted) {
            ev_io_set(&slot->io, fd, wanted);
            ev_io_start(net->loop, &slot->io);
        }
    }
    return (int)(net->used - 1);
}

static int get_revents(int index, void *ctx)
{
    const struct ppp_net *net = ctx;
    return index >= 0 && (size_t)index < net->used ? net->slots[index]->revents : 0;
}

/* Asks what to wait for: behind everything that may have changed it. */
static void rearm(struct ppp_net *net)
{
    uint32_t ms = UINT32_MAX;
    net->used = 0;
    slirp_pollfds_fill(net->slirp, &ms, add_poll, net);
    for (size_t i = net->used; i < net->size; i++) {
        net->slots[i]->revents = 0;
        ev_io_stop(net->loop, &net->slots[i]->io);
    }
    ev_timer_stop(net->loop, &net->timer);
    if (ms != UINT32_MAX) {
        ev_now_update(net->loop);
        ev_timer_set(&net->timer, ms / 1000.0, 0.);
        ev_timer_start(net->loop, &net->timer);
    }
}

static void work(struct ppp_net *net)
{
    slirp_pollfds_poll(net->slirp, 0, get_revents, net);
    rearm(net);
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    work(timer->data);
}

/* libslirp reads the clock nowhere else. What it makes of a packet by an old one is out of date at
 * once. */
static void tell_time(struct ppp_net *net)
{
    enum { NO_SOCKETS = 1 };
    slirp_pollfds_poll(net->slirp, NO_SOCKETS, get_revents, net);
}

void ppp_net_hold(struct ppp_net *net, bool held)
{
    if (net->held != held) {
        net->held = held;
        ev_feed_event(net->loop, &net->soon, EV_CUSTOM);
    }
}

/* ---- libslirp's callbacks ---- */

/* Tells libslirp where the host is, as a machine does that comes to a network. */
static void announce(struct ppp_net *net)
{
    enum { ETHERNET = 1, REQUEST = 1, ADDRESS = 4 };
    uint8_t frame[ETHER + ARP] = {0};
    uint8_t *arp = frame + ETHER;
    memset(frame, 0xff, MAC);
    memcpy(frame + MAC, host_mac, MAC);
    frame[12] = TYPE_ARP >> 8;
    frame[13] = TYPE_ARP & 0xff;
    arp[1] = ETHERNET;
    arp[2] = TYPE_IP >> 8;
    arp[4] = MAC;
    arp[5] = ADDRESS;
    arp[7] = REQUEST;
    memcpy(arp + 8, host_mac, MAC);
    memcpy(arp + 14, &net->options.addresses.host, ADDRESS);
    memcpy(arp + 24, &net->options.addresses.host, ADDRESS);
    slirp_input(net->slirp, frame, sizeof frame);
}

static ssize_t send_packet(const void *bytes, size_t len, void *ctx)
{
    struct ppp_net *net = ctx;
    const uint8_t *frame = bytes;
    unsigned type = len < ETHER ? 0 : (unsigned)(frame[12] << 8 | frame[13]);
    if (type == TYPE_IP) { /* it has no question for ARP: it was told */
        net->output(net->ctx, frame + ETHER, len - ETHER);
    }
    return (ssize_t)len;
}

static void guest_error(const char *text, void *ctx)
{
    struct ppp_net *net = ctx;
    log_write(net->log, LEVEL_LIBRARY, "ppp: libslirp: %s", text);
}

static int64_t clock_ns(void *ctx)
{
    (void)ctx;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Only IPv6 has timers here. */
static void *timer_new(SlirpTimerId id, void *cb_opaque, void *ctx)
{
    (void)id;
    (void)cb_opaque;
    return ctx;
}

static void timer_free(void *timer, void *ctx)
{
    (void)timer;
    (void)ctx;
}

static void timer_mod(void *timer, int64_t ms, void *ctx)
{
    (void)timer;
    (void)ms;
    (void)ctx;
}

static void register_fd(int fd, void *ctx)
{
    (void)fd;
    (void)ctx;
}

/* It is about to be closed: a watcher must not outlive it. */
static void unregister_fd(int fd, void *ctx)
{
    struct ppp_net *net = ctx;
    for (size_t i = 0; i < net->size; i++) {
        if (ev_is_active(&net->slots[i]->io) && net->slots[i]->io.fd == fd) {
            ev_io_stop(net->loop, &net->slots[i]->io);
        }
    }
}

static void notify(void *ctx)
{
    struct ppp_net *net = ctx;
    ev_feed_event(net->loop, &net->soon, EV_CUSTOM);
}

static const SlirpCb callbacks = {
    .send_packet = send_packet,
    .guest_error = guest_error,
    .clock_get_ns = clock_ns,
    .timer_free = timer_free,
    .timer_mod = timer_mod,
    .register_poll_fd = register_fd,
    .unregister_poll_fd = unregister_fd,
    .notify = notify,
    .timer_new_opaque = timer_new,
};

/* ---- the host's packets ---- */

/* Fragments bring libslirp 4.7 down: its reassembly takes what they say of themselves. (Random
 * packets found it.) Behind an MRU of 1500 few are missed, and nobody misses options. */
static bool plain(const uint8_t *packet)
{
    enum { NO_OPTIONS = 0x45, MORE_FRAGMENTS_OR_OFFSET = 0x3fff };
    return packet[0] == NO_OPTIONS && !((packet[6] << 8 | packet[7]) & MORE_FRAGMENTS_OR_OFFSET);
}

/* Whether the head of TCP, UDP or ICMP is there, and ends within the packet. */
static bool whole(uint8_t protocol, const uint8_t *data, size_t len)
{
    enum { ICMP = 1, TCP = 6, UDP = 17 };
    switch (protocol) {
    case ICMP:
        return len >= 8;
    case TCP:
        return len >= 20 && data[12] >> 4 >= 5 && (size_t)(data[12] >> 4) * 4 <= len;
    case UDP:
        return len >= 8 && (size_t)(data[4] << 8 | data[5]) == len;
    default:
        return false;
    }
}

static bool goes(const struct ppp_net *net, const uint8_t *packet, size_t len, size_t *total)
{
    enum { HEAD = 20 };
    if (len < HEAD || !plain(packet)) {
        return false;
    }
    *total = (size_t)(packet[2] << 8 | packet[3]);
    uint8_t first = packet[16];
    bool one = first != 0 && first != 127 && first < 224;
    return *total >= HEAD && *total <= len && *total <= PPP_FRAME_MAX && one &&
           memcmp(packet + 12, &net->options.addresses.host, 4) == 0 &&
           whole(packet[9], packet + HEAD, *total - HEAD);
}

void ppp_net_input(struct ppp_net *net, const uint8_t *packet, size_t len)
{
    uint8_t frame[ETHER + PPP_FRAME_MAX] = {0x52,
                                            0x55}; /* libslirp takes any address for its own */
    size_t total = 0;
    if (!goes(net, packet, len, &total)) {
        return;
    }
    memcpy(frame + MAC, host_mac, MAC);
    frame[12] = TYPE_IP >> 8;
    frame[13] = TYPE_IP & 0xff;
    memcpy(frame + ETHER, packet, total);
    tell_time(net);
    slirp_input(net->slirp, frame, (int)(ETHER + total));
    /* One look at the sockets behind a whole run of packets. */
    ev_feed_event(net->loop, &net->soon, EV_CUSTOM);
}

/* ---- life ---- */

struct ppp_net *ppp_net_create(struct ev_loop *loop, struct log *log,
                               const struct ppp_net_options *options,
                               void (*output)(void *ctx, const uint8_t *packet, size_t len),
                               void *ctx)
{
    const struct ppp_addresses *addresses = &options->addresses;
    struct ppp_net *net = mem_zeroed(sizeof *net);
    net->loop = loop;
    net->log = log;
    net->options = *options;
    net->output = output;
    net->ctx = ctx;
    ev_timer_init(&net->timer, on_timer, 0., 0.);
    ev_timer_init(&net->soon, on_timer, 0., 0.);
    net->timer.data = net->soon.data = net;
    SlirpConfig config = {
        .version = 4,
        .in_enabled = true,
        .vnetmask.s_addr = htonl(~7U),
        .vnetwork.s_addr = addresses->own.s_addr & htonl(~7U),
        .vhost = addresses->own,
        .vdhcp_start = addresses->host,
        .vnameserver = addresses->dns,
        .if_mtu = options->mtu,
        .if_mru = PPP_FRAME_MAX,
        .disable_host_loopback = !options->loopback,
        .disable_dhcp = true,
    };
    net->slirp = slirp_new(&config, &callbacks, net);
    if (!net->slirp) {
        abort(); /* all of it is ours: a mistake here */
    }
    announce(net);
    rearm(net);
    return net;
}

void ppp_net_destroy(struct ppp_net *net)
{
    if (!net) {
        return;
    }
    slirp_cleanup(net->slirp);
    for (size_t i = 0; i < net->size; i++) {
        ev_io_stop(net->loop, &net->slots[i]->io);
        free(net->slots[i]);
    }
    free(net->slots);
    ev_timer_stop(net->loop, &net->timer);
    ev_clear_pending(net->loop, &net->soon);
    free(net);
}
