#include "service/http/http_multi.h"

#include <ev.h>
#include <stdlib.h>

#include "base/mem.h"

/* How many connections are kept that no transfer uses. */
enum { KEPT_MAX = 4 };

struct http_multi {
    CURLM *handle;
    struct ev_loop *loop;
    const struct http_multi_events *events;
    void *ctx;
    ev_timer timer; /* libcurl's */
    CURL *spare;    /* making one costs more than a request; NULL: none */
    size_t added;
    bool used; /* a transfer was through: a connection may be kept */
    bool busy;
    bool retired;
};

struct watcher {
    ev_io io;
    struct http_multi *multi;
};

static void act(struct http_multi *multi, curl_socket_t fd, int what)
{
    int running = 0;
    multi->busy = true;
    curl_multi_socket_action(multi->handle, fd, what, &running);
    multi->busy = false;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi->handle, &running))) {
        if (message->msg == CURLMSG_DONE) {
            multi->used |= message->data.result == CURLE_OK;
            multi->events->ended(message->easy_handle, message->data.result);
        }
    }
    multi->events->settled(multi->ctx); /* may have freed multi */
}

static void on_io(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    const struct watcher *watcher = io->data;
    int what = (revents & EV_READ ? CURL_CSELECT_IN : 0) |
               (revents & EV_WRITE ? CURL_CSELECT_OUT : 0) |
               (revents & EV_ERROR ? CURL_CSELECT_ERR : 0);
    act(watcher->multi, io->fd, what); /* may have freed watcher */
}

static void on_timer(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)loop;
    (void)revents;
    act(timer->data, CURL_SOCKET_TIMEOUT, 0);
}

/* libcurl wants a socket watched so from now on. */
static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ctx, void *assigned)
{
    (void)easy;
    struct http_multi *multi = ctx;
    struct watcher *watcher = assigned;
    if (watcher) {
        ev_io_stop(multi->loop, &watcher->io);
    }
    if (what == CURL_POLL_REMOVE) {
        free(watcher);
        curl_multi_assign(multi->handle, fd, NULL);
        return 0;
    }
    if (!watcher) {
        watcher = mem_zeroed(sizeof *watcher);
        watcher->multi = multi;
        curl_multi_assign(multi->handle, fd, watcher);
    }
    int events = (what & CURL_POLL_IN ? EV_READ : 0) | (what & CURL_POLL_OUT ? EV_WRITE : 0);
    ev_io_init(&watcher->io, on_io, fd, events);
    watcher->io.data = watcher;
    ev_io_start(multi->loop, &watcher->io);
    return 0;
}

static int on_timeout(CURLM *handle, long ms, void *ctx)
{
    (void)handle;
    struct http_multi *multi = ctx;
    ev_timer_stop(multi->loop, &multi->timer);
    if (ms >= 0) {
        ev_timer_set(&multi->timer, (double)ms / 1000., 0.);
        ev_timer_start(multi->loop, &multi->timer);
    }
    return 0;
}

struct http_multi *http_multi_create(struct ev_loop *loop, const struct http_multi_events *events,
                                     void *ctx)
{
    struct http_multi *multi = mem_zeroed(sizeof *multi);
    multi->handle = curl_multi_init();
    if (!multi->handle) {
        abort(); /* no memory */
    }
    multi->loop = loop;
    multi->events = events;
    multi->ctx = ctx;
    ev_timer_init(&multi->timer, on_timer, 0., 0.);
    multi->timer.data = multi;
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(multi->handle, CURLMOPT_SOCKETDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERFUNCTION, on_timeout);
    curl_multi_setopt(multi->handle, CURLMOPT_TIMERDATA, multi);
    curl_multi_setopt(multi->handle, CURLMOPT_MAXCONNECTS, (long)KEPT_MAX);
    return multi;
}

static void destroy(struct http_multi *multi)
{
    curl_easy_cleanup(multi->spare);
    curl_multi_cleanup(multi->handle);
    ev_timer_stop(multi->loop, &multi->timer);
    free(multi);
}

void http_multi_retire(struct http_multi *multi)
{
    if (!multi) {
        return;
    }
    multi->retired = true;
    if (!multi->added) {
        destroy(multi);
    }
}

CURL *http_multi_easy(struct http_multi *multi)
{
    CURL *easy = multi->spare ? multi->spare : curl_easy_init();
    if (!easy) {
        abort(); /* no memory */
    }
    multi->spare = NULL;
    return easy;
}

void http_multi_add(struct http_multi *multi, CURL *easy, bool at_once)
{
    int running = 0;
    if (curl_multi_add_handle(multi->handle, easy) != CURLM_OK) {
        abort(); /* no memory */
    }
    multi->added++;
    /* A first look-up is left to the loop: an answer that came late was missed now and then. */
    if (at_once && multi->used && !multi->busy) {
        multi->busy = true;
        curl_multi_socket_action(multi->handle, CURL_SOCKET_TIMEOUT, 0, &running);
        multi->busy = false;
        if ((size_t)running < multi->added) { /* what has ended already is told from the loop */
            ev_feed_event(multi->loop, &multi->timer, EV_CUSTOM);
        }
    }
}

void http_multi_remove(struct http_multi *multi, CURL *easy)
{
    curl_multi_remove_handle(multi->handle, easy);
    multi->added--;
    if (multi->spare) {
        curl_easy_cleanup(easy);
    } else {
        curl_easy_reset(easy); /* forgets what it was told, secrets included */
        multi->spare = easy;
    }
    if (multi->retired && !multi->added) {
        destroy(multi);
    }
}

bool http_multi_busy(const struct http_multi *multi)
{
    return multi->busy;
}
