#include "net/resolve.h"

#include <ev.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum { ADDRESSES_MAX = 16, STACK_SIZE = 256 * 1024 };

/* What the threads and the loop share. It lives until the resolver and the last thread are gone:
 * nobody waits for a thread that hangs in a dead name server. */
struct shared {
    pthread_mutex_t mutex;
    size_t users;            /* the resolver and each thread */
    struct resolver *owner;  /* NULL once the resolver is destroyed */
    struct lookup *finished; /* in the order in which they became ready */
    struct lookup **finished_end;
    resolve_function function;
};

struct lookup {
    struct lookup *next; /* in the list of finished ones */
    struct shared *shared;
    char *host;
    char service[8];
    bool cancelled; /* of the loop only */
    resolve_done done;
    void *ctx;
    const char *error; /* set with count 0 */
    size_t count;
    struct net_address addresses[ADDRESSES_MAX];
};

struct resolver {
    struct ev_loop *loop;
    ev_async ready;
    struct shared *shared;
};

static void shared_unlock_and_leave(struct shared *shared)
{
    bool last = --shared->users == 0;
    pthread_mutex_unlock(&shared->mutex);
    if (last) {
        pthread_mutex_destroy(&shared->mutex);
        free(shared);
    }
}

static void lookup_free(struct lookup *lookup)
{
    free(lookup->host);
    free(lookup);
}

static bool known_address(const struct lookup *lookup, const struct net_address *address)
{
    for (size_t i = 0; i < lookup->count; i++) {
        if (lookup->addresses[i].len == address->len &&
            memcmp(&lookup->addresses[i].socket, &address->socket, address->len) == 0) {
            return true;
        }
    }
    return false;
}

static void keep_addresses(struct lookup *lookup, const struct addrinfo *list)
{
    for (; list && lookup->count < ADDRESSES_MAX; list = list->ai_next) {
        struct net_address address = {0};
        if ((list->ai_family != AF_INET && list->ai_family != AF_INET6) ||
            list->ai_addrlen > sizeof address.socket) {
            continue;
        }
        memcpy(&address.socket, list->ai_addr, list->ai_addrlen);
        address.len = list->ai_addrlen;
        if (!known_address(lookup, &address) &&
            getnameinfo(list->ai_addr, list->ai_addrlen, address.text, sizeof address.text, NULL, 0,
                        NI_NUMERICHOST) == 0) {
            lookup->addresses[lookup->count++] = address;
        }
    }
    if (!lookup->count) {
        lookup->error = "the name has no address";
    }
}

static void ask(struct lookup *lookup, resolve_function function, int flags)
{
    const struct addrinfo hints = {
        .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    struct addrinfo *list = NULL;
    int rc = function(lookup->host, lookup->service, &hints, &list);
    if (rc != 0) {
        lookup->error = gai_strerror(rc);
        return;
    }
    keep_addresses(lookup, list);
    freeaddrinfo(list);
}

/* With the mutex held. */
static void finish(struct lookup *lookup)
{
    struct shared *shared = lookup->shared;
    *shared->finished_end = lookup;
    shared->finished_end = &lookup->next;
    ev_async_send(shared->owner->loop, &shared->owner->ready);
}

static void *look_up(void *arg)
{
    struct lookup *lookup = arg;
    struct shared *shared = lookup->shared;
    ask(lookup, shared->function, 0);
    pthread_mutex_lock(&shared->mutex);
    if (!shared->owner) {
        lookup_free(lookup);
    } else {
        finish(lookup);
    }
    shared_unlock_and_leave(shared);
    return NULL;
}

static struct lookup *next_finished(struct shared *shared)
{
    pthread_mutex_lock(&shared->mutex);
    struct lookup *lookup = shared->finished;
    if (lookup) {
        shared->finished = lookup->next;
        if (!shared->finished) {
            shared->finished_end = &shared->finished;
        }
    }
    pthread_mutex_unlock(&shared->mutex);
    return lookup;
}

static void on_ready(struct ev_loop *loop, ev_async *watcher, int revents)
{
    (void)loop;
    (void)revents;
    struct resolver *resolver = watcher->data;
    struct shared *shared = resolver->shared;
    pthread_mutex_lock(&shared->mutex);
    shared->users++; /* done() may destroy the resolver */
    pthread_mutex_unlock(&shared->mutex);
    for (struct lookup *lookup; (lookup = next_finished(shared));) {
        if (!lookup->cancelled) {
            lookup->done(lookup->ctx, lookup->addresses, lookup->count, lookup->error);
        }
        lookup_free(lookup);
    }
    pthread_mutex_lock(&shared->mutex);
    shared_unlock_and_leave(shared);
}

struct resolver *resolver_create(struct ev_loop *loop, resolve_function function)
{
    struct shared *shared = mem_zeroed(sizeof *shared);
    pthread_mutex_init(&shared->mutex, NULL);
    shared->users = 1;
    shared->finished_end = &shared->finished;
    shared->function = function ? function : getaddrinfo;

    struct resolver *resolver = mem_zeroed(sizeof *resolver);
    resolver->loop = loop;
    resolver->shared = shared;
    shared->owner = resolver;
    ev_async_init(&resolver->ready, on_ready);
    resolver->ready.data = resolver;
    ev_async_start(loop, &resolver->ready);
    return resolver;
}

void resolver_destroy(struct resolver *resolver)
{
    if (!resolver) {
        return;
    }
    struct shared *shared = resolver->shared;
    pthread_mutex_lock(&shared->mutex);
    shared->owner = NULL;
    struct lookup *lookup = shared->finished;
    shared->finished = NULL;
    shared->finished_end = &shared->finished;
    shared_unlock_and_leave(shared);
    while (lookup) {
        struct lookup *next = lookup->next;
        lookup_free(lookup);
        lookup = next;
    }
    ev_async_stop(resolver->loop, &resolver->ready);
    free(resolver);
}

static bool start_thread(struct lookup *lookup)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    /* Signals are for the thread of the loop. */
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int rc = pthread_create(&thread, &attributes, look_up, lookup);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return rc == 0;
}

/* A copy without the brackets of an IPv6 number. */
static char *bare_host(const char *host)
{
    size_t len = strlen(host);
    bool bracketed = len > 2 && host[0] == '[' && host[len - 1] == ']';
    return bracketed ? mem_copy(host + 1, len - 2) : mem_string(host);
}

struct lookup *resolve(struct resolver *resolver, const char *host, int port, resolve_done done,
                       void *ctx)
{
    struct shared *shared = resolver->shared;
    struct lookup *lookup = mem_zeroed(sizeof *lookup);
    lookup->shared = shared;
    lookup->host = bare_host(host);
    lookup->done = done;
    lookup->ctx = ctx;
    snprintf(lookup->service, sizeof lookup->service, "%u", (unsigned)port % 65536U);

    ask(lookup, getaddrinfo, AI_NUMERICHOST);
    pthread_mutex_lock(&shared->mutex);
    if (lookup->count) {
        finish(lookup);
    } else {
        lookup->error = NULL;
        shared->users++;
        if (!start_thread(lookup)) {
            shared->users--;
            lookup->error = "no thread for the look-up";
            finish(lookup);
        }
    }
    pthread_mutex_unlock(&shared->mutex);
    return lookup;
}

void resolve_cancel(struct lookup *lookup)
{
    if (lookup) {
        lookup->cancelled = true;
    }
}
