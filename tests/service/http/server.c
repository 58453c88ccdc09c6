#include "tests/service/http/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ev.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/service/http/bench.h"

struct server {
    struct ev_loop *loop;
    ev_io accept;
    int port;
    char url[200];
    const struct server_answer *answers;
    size_t count;
    struct server_answer own;
    struct link *links;
    unsigned accepted;
    unsigned requests;
    size_t sent;
    struct buf request;
};

/* One connection. */
struct link {
    struct server *server;
    struct link *next;
    ev_io read;
    ev_io write;
    ev_timer drip;
    ev_timer sip;
    struct buf input;
    struct buf output;
    const struct server_answer *answer; /* under way */
};

static void hang_up(struct link *link, bool reset)
{
    struct server *server = link->server;
    struct link **at = &server->links;
    while (*at != link) {
        at = &(*at)->next;
    }
    *at = link->next;
    if (reset) {
        struct linger linger = {.l_onoff = 1};
        setsockopt(link->read.fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
    }
    ev_io_stop(server->loop, &link->read);
    ev_io_stop(server->loop, &link->write);
    ev_timer_stop(server->loop, &link->drip);
    ev_timer_stop(server->loop, &link->sip);
    close(link->read.fd);
    buf_free(&link->input);
    buf_free(&link->output);
    free(link);
}

static void take_requests(struct link *link);

/* All bytes of the answer are out. */
static void finish(struct link *link)
{
    const struct server_answer *answer = link->answer;
    if (!answer) {
        return;
    }
    if (answer->then == SERVER_FLOOD) {
        for (int i = 0; i < 1000; i++) {
            buf_add_text(&link->output, answer->flood);
        }
        ev_io_start(link->server->loop, &link->write);
    } else if (answer->then == SERVER_KEEP) {
        link->answer = NULL;
        ev_io_start(link->server->loop, &link->read);
        take_requests(link);
    } else {
        hang_up(link, answer->then == SERVER_RESET);
    }
}

/* False: the connection is gone. */
static bool put(struct link *link, size_t len)
{
    ssize_t put = send(link->write.fd, buf_bytes(&link->output), len, MSG_NOSIGNAL);
    if (put < 0) {
        if (errno != EAGAIN) {
            hang_up(link, false);
        }
        return errno == EAGAIN;
    }
    link->server->sent += (size_t)put;
    buf_take(&link->output, (size_t)put);
    return true;
}

static void on_write(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct link *link = io->data;
    if (put(link, buf_len(&link->output)) && buf_len(&link->output) == 0) {
        ev_io_stop(loop, io);
        finish(link);
    }
}

static void on_drip(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct link *link = timer->data;
    if (put(link, 1) && buf_len(&link->output) == 0) {
        ev_timer_stop(loop, timer);
        finish(link);
    }
}

static void start_answer(struct link *link)
{
    const struct server_answer *answer = link->answer;
    struct ev_loop *loop = link->server->loop;
    if (answer->bytes) {
        buf_add(&link->output, answer->bytes, answer->len ? answer->len : strlen(answer->bytes));
    }
    if (answer->when == SERVER_AT_HEAD) {
        ev_io_stop(loop, &link->read);
    }
    if (buf_len(&link->output) == 0) {
        finish(link);
    } else if (answer->drip_s > 0) {
        ev_timer_init(&link->drip, on_drip, 0., answer->drip_s);
        ev_timer_start(loop, &link->drip);
    } else {
        ev_io_start(loop, &link->write);
    }
}

static const struct server_answer *next_answer(struct server *server)
{
    const struct server_answer *answer = server->answers;
    if (server->count > 1) {
        server->answers++;
        server->count--;
    }
    return answer;
}

/* How long the request at the front is, or 0 while it is not whole. */
static size_t whole_request(struct link *link, bool head_only)
{
    const char *text = buf_text(&link->input);
    const char *end = strstr(text, "\r\n\r\n");
    if (!end) {
        return 0;
    }
    size_t head = (size_t)(end + 4 - text);
    const char *length = strcasestr(text, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    if (head_only) {
        return head;
    }
    return buf_len(&link->input) >= head + body ? head + body : 0;
}

static void take_requests(struct link *link)
{
    struct server *server = link->server;
    if (link->answer) {
        return;
    }
    size_t len = whole_request(link, server->answers->when == SERVER_AT_HEAD);
    if (len) {
        server->requests++;
        buf_clear(&server->request);
        buf_add(&server->request, buf_bytes(&link->input), len);
        buf_take(&link->input, len);
        link->answer = next_answer(server);
        start_answer(link);
    }
}

static void on_read(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct link *link = io->data;
    ssize_t got = read(io->fd, buf_room(&link->input, 65536), 65536);
    if (got < 0 && errno == EAGAIN) {
        return;
    }
    if (got <= 0) {
        hang_up(link, false);
        return;
    }
    buf_added(&link->input, (size_t)got);
    if (link->server->answers->sip_s > 0) {
        ev_io_stop(loop, io);
        ev_timer_set(&link->sip, link->server->answers->sip_s, 0.);
        ev_timer_start(loop, &link->sip);
    }
    take_requests(link);
}

static void on_sip(struct ev_loop *loop, ev_timer *timer, int revents)
{
    (void)revents;
    struct link *link = timer->data;
    ev_io_start(loop, &link->read);
}

static void on_accept(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)revents;
    struct server *server = io->data;
    int fd = accept4(io->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return;
    }
    struct link *link = mem_zeroed(sizeof *link);
    server->accepted++;
    link->server = server;
    link->next = server->links;
    server->links = link;
    ev_io_init(&link->read, on_read, fd, EV_READ);
    ev_io_init(&link->write, on_write, fd, EV_WRITE);
    ev_init(&link->drip, on_drip);
    ev_init(&link->sip, on_sip);
    link->read.data = link->write.data = link->drip.data = link->sip.data = link;
    ev_io_start(loop, &link->read);
    if (server->answers->when == SERVER_AT_ACCEPT) {
        link->answer = next_answer(server);
        start_answer(link);
    }
}

struct server *server_create(struct ev_loop *loop)
{
    struct server *server = mem_zeroed(sizeof *server);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(fd, 64), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    server->loop = loop;
    server->port = ntohs(address.sin_port);
    ev_io_init(&server->accept, on_accept, fd, EV_READ);
    server->accept.data = server;
    ev_io_start(loop, &server->accept);
    server_says(server, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    return server;
}

void server_destroy(struct server *server)
{
    server_hang_up(server);
    ev_io_stop(server->loop, &server->accept);
    close(server->accept.fd);
    buf_free(&server->request);
    free(server);
}

void server_script(struct server *server, const struct server_answer *answers, size_t count)
{
    server->answers = answers;
    server->count = count;
}

void server_says(struct server *server, const char *text)
{
    server->own = (struct server_answer){.bytes = text};
    server_script(server, &server->own, 1);
}

int server_port(const struct server *server)
{
    return server->port;
}

const char *server_url(struct server *server, const char *path)
{
    snprintf(server->url, sizeof server->url, "http://127.0.0.1:%d%s", server->port, path);
    return server->url;
}

unsigned server_accepted(const struct server *server)
{
    return server->accepted;
}

unsigned server_open(const struct server *server)
{
    unsigned count = 0;
    for (const struct link *link = server->links; link; link = link->next) {
        count++;
    }
    return count;
}

unsigned server_requests(const struct server *server)
{
    return server->requests;
}

const char *server_request(struct server *server, size_t *len)
{
    if (len) {
        *len = buf_len(&server->request);
    }
    return buf_text(&server->request);
}

bool server_was_asked(struct server *server, const char *text)
{
    bool found = strcasestr(server_request(server, NULL), text) != NULL;
    if (!found) {
        print_message("'%s' is not in:\n%s\n", text, server_request(server, NULL));
    }
    return found;
}

size_t server_sent(const struct server *server)
{
    return server->sent;
}

void server_hang_up(struct server *server)
{
    for (struct link *link = server->links, *next; link; link = next) {
        next = link->next;
        hang_up(link, false);
    }
}
