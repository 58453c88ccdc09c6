#include "tests/net/supplicant.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

struct client {
    struct sockaddr_un address;
    socklen_t len;
};

static bool begins(const char *text, const char *start)
{
    return start && strncmp(text, start, strlen(start)) == 0;
}

static void send_to(const struct supplicant *supplicant, const struct client *client,
                    const char *bytes, size_t len)
{
    sendto(supplicant->fd, bytes, len, MSG_DONTWAIT, (const struct sockaddr *)&client->address,
           client->len);
}

void supplicant_tell(struct supplicant *supplicant, const char *bytes, size_t len)
{
    for (int i = 0; i < SUPPLICANT_CLIENTS; i++) {
        if (supplicant->lens[i]) {
            struct client client = {supplicant->clients[i], supplicant->lens[i]};
            send_to(supplicant, &client, bytes, len);
        }
    }
}

static void tell_lines(struct supplicant *supplicant, const char *lines)
{
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n");
        char *line = mem_copy(lines, len);
        for (char *at = line; (at = strchr(at, '\1'));) {
            *at = '\0';
        }
        supplicant_tell(supplicant, line, len);
        free(line);
        lines += len + (lines[len] != '\0');
    }
}

static void make_noise(const struct supplicant *supplicant, const struct client *client)
{
    static const char *const junk[] = {
        "<3>",
        "<",
        "<3",
        "<9>CTRL-EVENT-",
        "<3>CTRL-EVENT-BSS-ADDED 3 02:00:00:00:00:01",
        "<2>\x80\xff\x01 [id=",
        "<3>CTRL-EVENT-CONNECTEDX - [id=7]",
        "<3>CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:01 reason=3 locally_generated=1"};
    for (size_t i = 0; i < sizeof junk / sizeof *junk; i++) {
        send_to(supplicant, client, junk[i], strlen(junk[i]));
    }
}

static void attach(struct supplicant *supplicant, const struct client *client)
{
    for (int i = 0; i < SUPPLICANT_CLIENTS; i++) {
        if (!supplicant->lens[i]) {
            supplicant->clients[i] = client->address;
            supplicant->lens[i] = client->len;
            return;
        }
    }
    abort();
}

static void detach(struct supplicant *supplicant, const struct client *client)
{
    for (int i = 0; i < SUPPLICANT_CLIENTS; i++) {
        if (supplicant->lens[i] == client->len &&
            memcmp(&supplicant->clients[i], &client->address, client->len) == 0) {
            supplicant->lens[i] = 0;
        }
    }
}

static void answer(struct supplicant *supplicant, const char *command, struct buf *text)
{
    char number[32];
    int network = 0;
    if (begins(command, "LIST_NETWORKS")) {
        buf_printf(text, "network id / ssid / bssid / flags\n%s", supplicant->networks);
    } else if (sscanf(command, "GET_NETWORK %d id_str", &network) == 1) {
        snprintf(number, sizeof number, ",%d,", network);
        buf_add_text(text, strstr(supplicant->ours, number) ? "\"atmodemd\"" : "FAIL\n");
    } else if (begins(command, "ADD_NETWORK")) {
        buf_printf(text, "%d\n", supplicant->next_network);
    } else if (begins(command, "SIGNAL_POLL")) {
        buf_add_text(text, "RSSI=-61\nLINKSPEED=54\nNOISE=9999\nFREQUENCY=2412\n");
    } else if (begins(command, "SCAN_RESULTS")) {
        buf_printf(text, "bssid / frequency / signal level / flags / ssid\n%s",
                   supplicant->results);
    } else {
        buf_add_text(text, "OK\n");
    }
}

static void serve(struct supplicant *supplicant, const struct client *client, const char *command)
{
    struct buf text = {0};
    bool refused = begins(command, supplicant->refuse);
    buf_printf(&supplicant->trace, "%s\n", command);
    if (supplicant->noise) {
        make_noise(supplicant, client);
    }
    if (refused) {
        buf_add_text(&text, supplicant->refuse_with);
    } else {
        answer(supplicant, command, &text);
    }
    if (!begins(command, supplicant->mute)) {
        send_to(supplicant, client, buf_bytes(&text), buf_len(&text));
    }
    buf_free(&text);
    if (strcmp(command, "ATTACH") == 0 && !refused) {
        attach(supplicant, client);
    } else if (strcmp(command, "DETACH") == 0) {
        detach(supplicant, client);
    } else if (begins(command, "SELECT_NETWORK")) {
        tell_lines(supplicant, supplicant->after_select);
    } else if (strcmp(command, "SCAN") == 0) {
        tell_lines(supplicant, supplicant->after_scan);
    }
}

static void on_command(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct supplicant *supplicant = io->data;
    char command[4096];
    struct client client = {.len = sizeof client.address};
    ssize_t got = recvfrom(supplicant->fd, command, sizeof command - 1, MSG_DONTWAIT,
                           (struct sockaddr *)&client.address, &client.len);
    if (got >= 0) {
        command[got] = '\0';
        serve(supplicant, &client, command);
    }
}

void supplicant_start(struct supplicant *supplicant, struct ev_loop *loop, const char *folder,
                      const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    *supplicant = (struct supplicant){.loop = loop,
                                      .networks = "",
                                      .ours = "",
                                      .refuse_with = "FAIL\n",
                                      .results = "",
                                      .next_network = 7};
    supplicant->path = mem_printf("%s/%s", folder, name);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", supplicant->path);
    supplicant->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (supplicant->fd < 0 ||
        bind(supplicant->fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror(supplicant->path);
        abort();
    }
    ev_io_init(&supplicant->io, on_command, supplicant->fd, EV_READ);
    supplicant->io.data = supplicant;
    ev_io_start(loop, &supplicant->io);
}

void supplicant_stop(struct supplicant *supplicant)
{
    if (supplicant->path) {
        ev_io_stop(supplicant->loop, &supplicant->io);
        close(supplicant->fd);
        unlink(supplicant->path);
        free(supplicant->path);
        buf_free(&supplicant->trace);
        supplicant->path = NULL;
    }
}

bool supplicant_got(struct supplicant *supplicant, const char *command)
{
    for (const char *line = buf_text(&supplicant->trace); line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (begins(line, command)) {
            return true;
        }
    }
    return false;
}

int supplicant_attached(const struct supplicant *supplicant)
{
    int count = 0;
    for (int i = 0; i < SUPPLICANT_CLIENTS; i++) {
        count += supplicant->lens[i] != 0;
    }
    return count;
}
