#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

_Noreturn void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void sleep_until_us(double when)
{
    struct timespec time = {.tv_sec = (time_t)(when / 1e6)};
    time.tv_nsec = (long)((when - (double)time.tv_sec * 1e6) * 1e3);
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL);
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double percentile(double *values, size_t count, double percent)
{
    qsort(values, count, sizeof *values, compare);
    size_t index = (size_t)((double)count * percent / 100);
    return values[index < count ? index : count - 1];
}

pid_t fork_child(void)
{
    pid_t parent = getpid();
    pid_t pid = fork();
    if (pid < 0) {
        die("fork");
    }
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) {
            _exit(1);
        }
    }
    return pid;
}

void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

/* ---- pair after pair ---- */

static double timed(block_function block, void *ctx)
{
    double start = now_us();
    block(ctx);
    return (now_us() - start) / BLOCK;
}

void run_pairs(block_function modem, block_function reference, void *ctx)
{
    double ratios[PAIRS];
    double modems[PAIRS];
    double references[PAIRS];
    timed(modem, ctx); /* warms up */
    timed(reference, ctx);
    for (int i = 0; i < PAIRS; i++) {
        modems[i] = timed(modem, ctx);
        references[i] = timed(reference, ctx);
        ratios[i] = modems[i] / references[i];
    }
    printf("%.3f %.2f %.2f\n", percentile(ratios, PAIRS, 50), percentile(modems, PAIRS, 50),
           percentile(references, PAIRS, 50));
}

/* ---- a host's line ---- */

int line_open(const char *path)
{
    struct termios raw;
    int fd = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0 || tcgetattr(fd, &raw) != 0) {
        die(path);
    }
    cfmakeraw(&raw);
    tcsetattr(fd, TCSANOW, &raw);
    return fd;
}

void line_send(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t put = write(fd, bytes, len);
        if (put <= 0) {
            die("write to the line");
        }
        bytes += put;
        len -= (size_t)put;
    }
}

static size_t line_read(int fd, char *bytes, size_t size)
{
    ssize_t got = read(fd, bytes, size);
    if (got <= 0) {
        die("read from the line");
    }
    return (size_t)got;
}

size_t line_read_count(int fd, size_t count)
{
    char bytes[4096];
    size_t got = 0;
    while (got < count) {
        got += line_read(fd, bytes, sizeof bytes);
    }
    return got;
}

size_t line_read_until(int fd, const char *end)
{
    char bytes[4096];
    size_t end_len = strlen(end);
    size_t got = 0;
    do {
        if (got == sizeof bytes) {
            die("an endless answer");
        }
        got += line_read(fd, bytes + got, sizeof bytes - got);
    } while (got < end_len || memcmp(bytes + got - end_len, end, end_len) != 0);
    return got;
}
