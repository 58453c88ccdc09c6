#include "tests/service/coap/server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/service/coap/bench.h"
#include "tests/support/ports.h"

enum { ARGUMENTS_MAX = 24 };

static void become_server(const struct server *server, const char *const *more)
{
    char port[8];
    const char *arguments[ARGUMENTS_MAX] = {
        "coap-server-openssl", "-A", "127.0.0.1", "-d", "1000", "-v", "0", "-p", port};
    size_t count = 9;
    while (more && *more && count < ARGUMENTS_MAX - 1) {
        arguments[count++] = *more++;
    }
    snprintf(port, sizeof port, "%d", server->port);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open("/dev/null", O_WRONLY);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    execvp(arguments[0], (char **)(uintptr_t)arguments);
    _exit(127);
}

static bool has_dtls(const char *const *more)
{
    for (; more && *more; more++) {
        if (strcmp(*more, "-k") == 0 || strcmp(*more, "-c") == 0) {
            return true;
        }
    }
    return false;
}

/* False: it ended, perhaps because somebody else has the port. */
static bool run(struct server *server, const char *const *more)
{
    server->pid = fork();
    if (server->pid == 0) {
        become_server(server, more);
    }
    double limit = bench_now() + 20;
    while (bench_now() < limit) {
        if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
            server->pid = 0;
            return false;
        }
        if (ports_bound(server->port) && (!has_dtls(more) || ports_bound(server->port + 1))) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

/* A port that is free like the one behind it. */
static int free_pair(void)
{
    int port;
    do {
        port = ports_free();
    } while (ports_bound(port + 1) || ports_listening(port + 1));
    return port;
}

struct server *server_create(const char *const *more)
{
    struct server *server = mem_zeroed(sizeof *server);
    for (int i = 0; i < 5; i++) {
        server->port = free_pair();
        if (run(server, more)) {
            return server;
        }
    }
    fail_msg("coap-server-openssl does not start");
    return NULL;
}

void server_start(struct server *server, const char *const *more)
{
    assert_true(run(server, more));
}

void server_kill(struct server *server)
{
    if (server->pid) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
}

void server_destroy(struct server *server)
{
    if (server) {
        server_kill(server);
        free(server);
    }
}

void server_freeze(struct server *server)
{
    kill(server->pid, SIGSTOP);
}
