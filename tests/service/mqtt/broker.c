#include "tests/service/mqtt/broker.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "tests/service/mqtt/bench.h"
#include "tests/support/ports.h"
#include "tests/support/temp.h"

/* mosquitto lies where a plain user's $PATH does not reach. */
static const char *const programs[] = {"/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"};

static void write_config(const struct broker *broker)
{
    struct buf text = {0};
    buf_printf(&text, "listener %d 127.0.0.1\nuser root\n", broker->port);
    for (const char *at = broker->config; *at; at++) {
        if (*at == '@') {
            buf_add_text(&text, broker->folder);
        } else {
            buf_add_byte(&text, *at);
        }
    }
    char *path = temp_path(broker->folder, "mosquitto.conf");
    temp_write(path, buf_bytes(&text), buf_len(&text));
    free(path);
    buf_free(&text);
}

static void become_broker(const struct broker *broker)
{
    char *config = temp_path(broker->folder, "mosquitto.conf");
    char *output = temp_path(broker->folder, "output");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    int fd = open(output, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        execl(programs[i], "mosquitto", "-c", config, (char *)NULL);
    }
    execlp("mosquitto", "mosquitto", "-c", config, (char *)NULL);
    _exit(127);
}

/* False: it ended, perhaps because somebody else has the port. */
static bool run(struct broker *broker)
{
    write_config(broker);
    broker->pid = fork();
    if (broker->pid == 0) {
        become_broker(broker);
    }
    double limit = bench_now() + 20;
    while (bench_now() < limit) {
        if (waitpid(broker->pid, NULL, WNOHANG) == broker->pid) {
            broker->pid = 0;
            return false;
        }
        if (ports_listening(broker->port)) {
            return true;
        }
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return false;
}

struct broker *broker_prepare(const char *config)
{
    struct broker *broker = mem_zeroed(sizeof *broker);
    broker->folder = temp_folder();
    broker->config = mem_string(config);
    return broker;
}

struct broker *broker_create(const char *config)
{
    struct broker *broker = broker_prepare(config);
    broker_start(broker);
    return broker;
}

static void show_output(const struct broker *broker)
{
    char *path = temp_path(broker->folder, "output");
    size_t len = 0;
    char *output = temp_read(path, &len);
    print_error("mosquitto does not start:\n%s\n", output ? output : "");
    free(output);
    free(path);
}

void broker_start(struct broker *broker)
{
    bool first = !broker->port;
    for (int i = 0; i < 5; i++) {
        if (first) {
            broker->port = ports_free();
        }
        if (run(broker)) {
            return;
        }
    }
    show_output(broker);
    fail();
}

static void end(struct broker *broker, int signal_number)
{
    if (broker->pid) {
        kill(broker->pid, signal_number);
        waitpid(broker->pid, NULL, 0);
        broker->pid = 0;
    }
}

void broker_stop(struct broker *broker)
{
    end(broker, SIGTERM);
}

void broker_kill(struct broker *broker)
{
    end(broker, SIGKILL);
}

void broker_freeze(struct broker *broker)
{
    kill(broker->pid, SIGSTOP);
}

void broker_destroy(struct broker *broker)
{
    broker_stop(broker);
    temp_remove(broker->folder);
    free(broker->config);
    free(broker);
}
