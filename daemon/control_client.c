#include "daemon/control_client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

enum {
    LINE_MAX_BYTES = 64 * 1024,
    UNREAD_MAX = 1024 * 1024,
    READ_BYTES = 4096,
};

static void watch(struct control_client *client)
{
    int events = EV_READ | (buf_len(&client->out) ? EV_WRITE : 0);
    ev_io_stop(client->loop, &client->io);
    ev_io_set(&client->io, client->fd, events);
    ev_io_start(client->loop, &client->io);
}

/* It is freed from the loop: whoever sends to it may be walking the list. */
static void drop(struct control_client *client)
{
    client->dead = true;
    ev_feed_event(client->loop, &client->io, EV_CUSTOM);
}

static void flush(struct control_client *client)
{
    while (buf_len(&client->out)) {
        ssize_t sent =
            send(client->fd, buf_bytes(&client->out), buf_len(&client->out), MSG_NOSIGNAL);
        if (sent < 0) {
            if (errno != EAGAIN && errno != EINTR) {
                drop(client);
            }
            break;
        }
        buf_take(&client->out, (size_t)sent);
    }
}

void control_client_send(struct control_client *client, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);
    cJSON_Delete(object);
    if (text && !client->dead) {
        buf_add_text(&client->out, text);
        buf_add_byte(&client->out, '\n');
        flush(client);
        watch(client);
        if (buf_len(&client->out) > UNREAD_MAX) {
            drop(client);
        }
    }
    cJSON_free(text);
}

/* Length of the printable character at the start of bytes, 0 if there is none. */
static size_t printable(const char *bytes, size_t len)
{
    unsigned char first = (unsigned char)bytes[0];
    if (first < 0x80) {
        return (first >= 0x20 && first != 0x7f) || strchr("\r\n\t", first);
    }
    uint32_t character;
    return utf8_next(bytes, len, &character);
}

/* Text of any bytes for JSON: what it cannot hold is \\xNN. The caller frees. */
static char *shown(const char *bytes, size_t len)
{
    struct buf text = {0};
    for (size_t i = 0; i < len;) {
        size_t size = bytes[i] ? printable(bytes + i, len - i) : 0;
        if (size) {
            buf_add(&text, bytes + i, size);
            i += size;
        } else {
            buf_printf(&text, "\\x%02x", (unsigned char)bytes[i++]);
        }
    }
    char *copy = mem_string(buf_text(&text));
    buf_free(&text);
    return copy;
}

static void send_event(struct control_client *client, cJSON *event, const char *bytes, size_t len)
{
    char *text = shown(bytes, len);
    cJSON_AddStringToObject(event, "text", text);
    free(text);
    control_client_send(client, event);
}

void control_client_send_output(struct control_client *client, const char *bytes, size_t len)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "event", "output");
    send_event(client, event, bytes, len);
}

void control_client_send_line(struct control_client *client, const char *modem, const char *kind,
                              const char *text, size_t len)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "event", "line");
    cJSON_AddNumberToObject(event, "time", (double)now.tv_sec + (double)now.tv_nsec / 1e9);
    cJSON_AddStringToObject(event, "modem", modem);
    cJSON_AddStringToObject(event, "kind", kind);
    send_event(client, event, text, len);
}

static void take_lines(struct control_client *client)
{
    char *end;
    while (!client->dead && (end = memchr(buf_bytes(&client->in), '\n', buf_len(&client->in)))) {
        size_t len = (size_t)(end - buf_bytes(&client->in));
        char *line = mem_copy(buf_bytes(&client->in), len);
        buf_take(&client->in, len + 1);
        control_request(client, line);
        mem_wipe(line, len); /* AT lines may hold secrets */
        free(line);
    }
    if (buf_len(&client->in) > LINE_MAX_BYTES) {
        drop(client);
    }
}

static void ready(struct ev_loop *loop, ev_io *io, int events)
{
    (void)loop;
    struct control_client *client = io->data;
    if (events & EV_READ) {
        ssize_t got = recv(client->fd, buf_room(&client->in, READ_BYTES), READ_BYTES, 0);
        if (got > 0) {
            buf_added(&client->in, (size_t)got);
            take_lines(client);
        } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
            client->dead = true;
        }
    }
    if (client->dead) {
        control_client_gone(client);
    } else {
        flush(client);
        watch(client);
    }
}

struct control_client *control_client_create(struct control *control, struct ev_loop *loop, int fd)
{
    struct control_client *client = mem_zeroed(sizeof *client);
    client->control = control;
    client->loop = loop;
    client->fd = fd;
    ev_io_init(&client->io, ready, fd, EV_READ);
    client->io.data = client;
    ev_io_start(loop, &client->io);
    return client;
}

void control_client_free(struct control_client *client)
{
    ev_io_stop(client->loop, &client->io);
    ev_clear_pending(client->loop, &client->io);
    close(client->fd);
    mem_wipe(client->in.memory, client->in.size);
    buf_free(&client->in);
    buf_free(&client->out);
    free(client->console);
    free(client->monitored);
    free(client);
}
