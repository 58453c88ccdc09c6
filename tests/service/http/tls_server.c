#include "tests/service/http/tls_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/service/http/bench.h"
#include "tests/support/temp.h"

struct tls_server tls_server_start(const char *folder, const char *certificate,
                                   const char *const *options)
{
    enum { FIXED = 6, OPTIONS = 4 };
    struct tls_server server = {0};
    int output[2];
    char port[16] = "";
    char *chain = mem_printf("%s/%s.pem", folder, certificate);
    char *key = mem_printf("%s/%s.key", folder, certificate);
    const char *words[FIXED + OPTIONS + 1] = {
        "/usr/bin/python3", "-W", "ignore", "tests/service/http/tls_server.py", chain, key};
    for (int i = 0; i < OPTIONS && options[i]; i++) {
        words[FIXED + i] = options[i];
    }
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    server.pid = fork();
    if (server.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(output[1], STDOUT_FILENO);
        execv(words[0], (char **)(uintptr_t)words);
        _exit(127);
    }
    close(output[1]);
    for (size_t len = 0; !strchr(port, '\n'); len++) {
        assert_true(len < sizeof port - 1 && read(output[0], port + len, 1) == 1);
    }
    close(output[0]);
    server.port = atoi(port);
    free(chain);
    free(key);
    return server;
}

void tls_server_stop(struct tls_server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

char *tls_server_url(const struct tls_server *server, const char *host, const char *path)
{
    return mem_printf("https://%s:%d%s", host, server->port, path);
}
