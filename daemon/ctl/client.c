#include "daemon/ctl/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"

static bool try_connect(struct client *client, const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return false;
    }
    memcpy(address.sun_path, path, strlen(path));
    client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd >= 0 && connect(client->fd, (struct sockaddr *)&address, sizeof address) == 0) {
        return true;
    }
    int error = errno;
    client_close(client);
    errno = error;
    return false;
}

static char *user_socket(void)
{
    const char *base = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    return base && *base ? mem_printf("%s/atmodemd/control", base)
                         : mem_printf("%s/.local/state/atmodemd/control", home ? home : "");
}

bool client_connect(struct client *client, const char *dir)
{
    *client = (struct client){.fd = -1};
    char *path = dir ? mem_printf("%s/control", dir) : mem_string("/run/atmodemd/control");
    bool ok = try_connect(client, path);
    if (!ok && !dir && errno != EACCES) {
        free(path);
        path = user_socket();
        ok = try_connect(client, path);
    }
    if (!ok && errno == EACCES) {
        fprintf(stderr, "atmodemctl: %s: you may not; ask for the group of daemon.control_group\n",
                path);
    } else if (!ok) {
        fprintf(stderr, "atmodemctl: %s: %s; does atmodemd run? -S names its runtime folder\n",
                path, strerror(errno));
    }
    free(path);
    return ok;
}

void client_close(struct client *client)
{
    if (client->fd >= 0) {
        close(client->fd);
    }
    buf_free(&client->in);
    client->fd = -1;
}

bool client_send(struct client *client, cJSON *request)
{
    struct buf line = {0};
    char *text = cJSON_PrintUnformatted(request);
    buf_add_text(&line, text);
    buf_add_byte(&line, '\n');
    cJSON_free(text);
    cJSON_Delete(request);
    bool ok = true;
    while (ok && buf_len(&line)) {
        ssize_t sent = send(client->fd, buf_bytes(&line), buf_len(&line), MSG_NOSIGNAL);
        ok = sent > 0 || errno == EINTR;
        buf_take(&line, sent > 0 ? (size_t)sent : 0);
    }
    buf_free(&line);
    return ok;
}

cJSON *client_next(struct client *client)
{
    const char *bytes = buf_bytes(&client->in);
    const char *end = memchr(bytes, '\n', buf_len(&client->in));
    if (!end) {
        return NULL;
    }
    size_t len = (size_t)(end - bytes);
    cJSON *object = cJSON_ParseWithLength(bytes, len);
    buf_take(&client->in, len + 1);
    return object;
}

bool client_read(struct client *client)
{
    ssize_t got;
    do {
        got = recv(client->fd, buf_room(&client->in, 4096), 4096, 0);
    } while (got < 0 && errno == EINTR);
    if (got <= 0) {
        return false;
    }
    buf_added(&client->in, (size_t)got);
    return true;
}

cJSON *client_ask(struct client *client, cJSON *request)
{
    cJSON *answer = NULL;
    bool there = client_send(client, request);
    while (there && !(answer = client_next(client))) {
        there = client_read(client);
    }
    if (!answer) {
        fputs("atmodemctl: the daemon has ended\n", stderr);
        return NULL;
    }
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok"))) {
        const char *error = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "error"));
        fprintf(stderr, "atmodemctl: %s\n", error ? error : "refused");
        cJSON_Delete(answer);
        return NULL;
    }
    return answer;
}
