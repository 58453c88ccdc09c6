#include "service/process/process.h"

#include <errno.h>
#include <ev.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "service/env.h"

struct process {
    const struct service_env *env;
    process_ended ended;
    void *ctx;
    pid_t pid; /* also the number of its group; it stays ours until it is waited for */
    int fd;    /* pidfd: readable when it has ended */
    unsigned grace_ms;
    ev_io io;
};

/* ---- the end ---- */

static struct process_end end_of(int status, char *why, size_t why_size)
{
    struct process_end end = {.status = -1, .why = why};
    if (WIFEXITED(status)) {
        end.status = WEXITSTATUS(status);
        end.ok = end.status == 0;
        snprintf(why, why_size, "exit status %d", end.status);
    } else {
        end.signal = WTERMSIG(status);
        snprintf(why, why_size, "killed by signal %d", end.signal);
    }
    return end;
}

static void forget(struct process *process)
{
    ev_io_stop(process->env->loop, &process->io);
    close(process->fd);
    free(process);
}

static void on_end(struct ev_loop *loop, ev_io *io, int revents)
{
    (void)loop;
    (void)revents;
    struct process *process = io->data;
    int status = 0;
    if (waitpid(process->pid, &status, WNOHANG) != process->pid) {
        return;
    }
    char why[48];
    struct process_end end = end_of(status, why, sizeof why);
    log_write(process->env->log, LEVEL_STATE, "process %d: %s", (int)process->pid, why);
    process->pid = 0;
    ev_io_stop(process->env->loop, &process->io);
    process->ended(process->ctx, &end);
}

/* ---- the end by force, off the loop: it may outlive the loop ---- */

struct last_wait {
    pid_t pid;
    int fd;
    int grace_ms;
};

static void *wait_for_it(void *arg)
{
    struct last_wait wait = *(struct last_wait *)arg;
    struct pollfd entry = {.fd = wait.fd, .events = POLLIN};
    free(arg);
    while (poll(&entry, 1, wait.grace_ms) < 0 && errno == EINTR) {
    }
    /* Not waited for yet, it still holds the number of its group. */
    kill(-wait.pid, SIGKILL);
    close(wait.fd);
    while (waitpid(wait.pid, NULL, 0) < 0 && errno == EINTR) {
    }
    return NULL;
}

static bool start_waiting(const struct process *process)
{
    enum { STACK = 64 * 1024 };
    struct last_wait *wait = mem_zeroed(sizeof *wait);
    *wait = (struct last_wait){process->pid, dup(process->fd), (int)process->grace_ms};
    pthread_attr_t attr;
    pthread_t thread;
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_BLOCK, &all, &before); /* signals are the loop's */
    bool ok = wait->fd >= 0 && pthread_create(&thread, &attr, wait_for_it, wait) == 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    if (!ok) {
        if (wait->fd >= 0) {
            close(wait->fd);
        }
        free(wait);
    }
    return ok;
}

void process_destroy(struct process *process)
{
    if (!process) {
        return;
    }
    if (process->pid) {
        kill(-process->pid, SIGTERM);
        if (!start_waiting(process)) {
            kill(-process->pid, SIGKILL); /* then its end is a matter of moments */
            waitpid(process->pid, NULL, 0);
        }
    }
    forget(process);
}

/* ---- the start ---- */

static void set_files(posix_spawn_file_actions_t *files, const struct process_options *options)
{
    if (options->terminal) {
        /* The first terminal that the leader of a session opens controls it. */
        posix_spawn_file_actions_addopen(files, 0, options->terminal, O_RDWR, 0);
        posix_spawn_file_actions_adddup2(files, 0, 1);
    } else {
        if (options->in >= 0) {
            posix_spawn_file_actions_adddup2(files, options->in, 0);
        } else {
            posix_spawn_file_actions_addopen(files, 0, "/dev/null", O_RDONLY, 0);
        }
        if (options->out >= 0) {
            posix_spawn_file_actions_adddup2(files, options->out, 1);
        } else {
            posix_spawn_file_actions_addopen(files, 1, "/dev/null", O_WRONLY, 0);
        }
    }
    if (options->err >= 0) {
        posix_spawn_file_actions_adddup2(files, options->err, 2);
    }
    posix_spawn_file_actions_addclosefrom_np(files, 3);
}

static void set_attributes(posix_spawnattr_t *attr, bool session)
{
    sigset_t set;
    short flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK;
    sigfillset(&set);
    posix_spawnattr_setsigdefault(attr, &set);
    sigemptyset(&set);
    posix_spawnattr_setsigmask(attr, &set);
    posix_spawnattr_setpgroup(attr, 0);
    flags = (short)(flags | (session ? POSIX_SPAWN_SETSID : POSIX_SPAWN_SETPGROUP));
    posix_spawnattr_setflags(attr, flags);
}

/* 0, or why not: it returns when the program has been found and begins to run. */
static int spawn(pid_t *pid, const struct process_options *options)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    set_files(&files, options);
    set_attributes(&attr, options->terminal != NULL);
    char *const *argv = (char *const *)(uintptr_t)options->argv;
    char *const *given = (char *const *)(uintptr_t)options->environment;
    int error = posix_spawnp(pid, argv[0], &files, &attr, argv, given ? given : environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

struct process *process_start(const struct service_env *env, const struct process_options *options,
                              process_ended ended, void *ctx, char *why, size_t why_size)
{
    pid_t pid = 0;
    int error = spawn(&pid, options);
    int fd = error ? -1 : pidfd_open(pid, 0);
    if (!error && fd < 0) {
        error = errno;
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    if (error) {
        snprintf(why, why_size, "cannot run %s: %s", options->argv[0], strerror(error));
        log_error(env->log, "%s", why);
        return NULL;
    }
    struct process *process = mem_zeroed(sizeof *process);
    process->env = env;
    process->ended = ended;
    process->ctx = ctx;
    process->pid = pid;
    process->fd = fd;
    process->grace_ms = options->grace_ms;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    ev_io_init(&process->io, on_end, fd, EV_READ);
    process->io.data = process;
    ev_io_start(env->loop, &process->io);
    log_write(env->log, LEVEL_STATE, "process %d: %s", (int)pid, options->argv[0]);
    return process;
}

pid_t process_id(const struct process *process)
{
    return process->pid;
}
