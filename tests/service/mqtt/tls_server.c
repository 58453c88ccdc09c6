#include "tests/service/mqtt/tls_server.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/service/mqtt/bench.h"
#include "tests/support/temp.h"

struct tls_server tls_server_start(const char *folder, int port)
{
    struct tls_server server = {0};
    int input[2];
    int output[2];
    char *certificate = temp_path(folder, "server.pem");
    char *key = temp_path(folder, "server.key");
    char *accept = mem_printf("127.0.0.1:%d", port);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(output, O_CLOEXEC), 0);
    server.pid = fork();
    if (server.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(input[0], STDIN_FILENO);
        dup2(output[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDERR_FILENO);
        execlp("openssl", "openssl", "s_server", "-quiet", "-accept", accept, "-cert", certificate,
               "-key", key, "-naccept", "1", (char *)NULL);
        _exit(127);
    }
    close(input[0]);
    close(output[1]);
    server.input = input[1];
    server.output = output[0];
    fcntl(server.output, F_SETFL, O_NONBLOCK);
    free(accept);
    free(key);
    free(certificate);
    return server;
}

bool tls_server_has_connect(const struct tls_server *server)
{
    char bytes[200];
    return read(server->output, bytes, sizeof bytes) > 0 && bytes[0] == 0x10;
}

bool tls_server_has_ended(const struct tls_server *server)
{
    return waitpid(server->pid, NULL, WNOHANG) == server->pid;
}
