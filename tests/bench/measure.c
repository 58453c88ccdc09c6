/* The measurements. The reference of each moves the same bytes over the same kind of line. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum {
    OK_LEN = 6, /* CR LF OK CR LF */
    STARTS = 30,
};

/* ---- AT round trip: a bare echo ---- */

struct round_trip {
    int line;
    struct echo echo;
};

static void at_modem(void *ctx)
{
    const struct round_trip *trip = ctx;
    for (int i = 0; i < BLOCK; i++) {
        line_send(trip->line, "AT\r", 3);
        line_read_count(trip->line, OK_LEN);
    }
}

static void at_echo(void *ctx)
{
    const struct round_trip *trip = ctx;
    for (int i = 0; i < BLOCK; i++) {
        echo_ask(&trip->echo, "AT\r", 3, OK_LEN);
    }
}

void measure_at(char **args)
{
    struct round_trip trip = {.line = line_open(args[0])};
    echo_start(&trip.echo);
    run_pairs(at_modem, at_echo, &trip);
    echo_stop(&trip.echo);
}

/* ---- publish, one at a time: a bare echo and libmosquitto ---- */

struct publish {
    int line;
    int qos;
    struct echo echo;
    struct direct direct;
    char command[128];
    size_t command_len;
    size_t answers[BLOCK]; /* bytes: they hold a packet identifier of one to five digits */
};

static void publish_modem(void *ctx)
{
    struct publish *publish = ctx;
    for (int i = 0; i < BLOCK; i++) {
        line_send(publish->line, publish->command, publish->command_len);
        publish->answers[i] = line_read_until(publish->line, ",0\r\n");
    }
}

static void publish_direct(void *ctx)
{
    struct publish *publish = ctx;
    for (int i = 0; i < BLOCK; i++) {
        echo_ask(&publish->echo, publish->command, publish->command_len, publish->answers[i]);
        direct_publish(&publish->direct, TOPIC_DIRECT, publish->qos);
    }
}

void measure_publish(char **args)
{
    struct publish publish = {.line = line_open(args[0]), .qos = atoi(args[2])};
    char text[PAYLOAD + 1] = {0};
    memset(text, 'x', PAYLOAD);
    publish.command_len =
        (size_t)snprintf(publish.command, sizeof publish.command,
                         "AT+IMQTTPUB=\"" TOPIC_MODEM "\",%d,\"%s\"\r", publish.qos, text);
    echo_start(&publish.echo);
    direct_start(&publish.direct, atoi(args[1]));
    run_pairs(publish_modem, publish_direct, &publish);
    direct_stop(&publish.direct);
    echo_stop(&publish.echo);
}

/* ---- what a host hears ---- */

/* What of the modem's output counts: a plus begins each report, a K is in no report. */
struct heard {
    long reports;
    long oks;
};

static void hear(int line, struct heard *heard)
{
    char bytes[4096];
    ssize_t got = read(line, bytes, sizeof bytes);
    if (got <= 0) {
        die("read from the line");
    }
    for (ssize_t i = 0; i < got; i++) {
        heard->reports += bytes[i] == '+';
        heard->oks += bytes[i] == 'K';
    }
}

static void subscribe(int line, int qos)
{
    char command[64];
    int len = snprintf(command, sizeof command, "AT+IMQTTSUB=\"" TOPIC_MODEM "\",%d\r", qos);
    char granted[] = ",0\r\n";
    granted[1] = (char)('0' + qos);
    line_send(line, command, (size_t)len);
    line_read_until(line, granted);
}

/* ---- inbound messages: a direct subscriber ---- */

struct inbound {
    int line;
    int qos;
    struct publisher publisher;
    struct direct direct;
};

static void inbound_modem(void *ctx)
{
    struct inbound *in = ctx;
    struct heard heard = {0};
    publisher_order(&in->publisher,
                    &(struct order){.topic = TOPIC_MODEM, .qos = in->qos, .count = BLOCK});
    while (heard.reports < BLOCK) { /* one that is lost is waited for until the time is up */
        hear(in->line, &heard);
    }
}

static void inbound_direct(void *ctx)
{
    struct inbound *in = ctx;
    in->direct.messages = 0;
    publisher_order(&in->publisher,
                    &(struct order){.topic = TOPIC_DIRECT, .qos = in->qos, .count = BLOCK});
    direct_wait(&in->direct, &in->direct.messages, BLOCK);
}

void measure_inbound(char **args)
{
    struct inbound in = {.line = line_open(args[0]), .qos = atoi(args[2])};
    publisher_start(&in.publisher, atoi(args[1]));
    direct_start(&in.direct, atoi(args[1]));
    direct_subscribe(&in.direct, TOPIC_DIRECT, in.qos);
    subscribe(in.line, in.qos);
    run_pairs(inbound_modem, inbound_direct, &in);
    direct_stop(&in.direct);
    publisher_stop(&in.publisher);
}

/* ---- how long an AT takes, sample by sample ---- */

static double one_at(int line, struct heard *heard)
{
    double start = now_us();
    long wanted = heard->oks + 1;
    line_send(line, "AT\r", 3);
    while (heard->oks < wanted) {
        hear(line, heard);
    }
    return now_us() - start;
}

/* With a broker a thousand messages a second come in meanwhile. Prints the median, the 99th
 * percentile and the greatest, in microseconds, and how many messages came of how many. */
void measure_latency(char **args)
{
    int line = line_open(args[0]);
    size_t count = (size_t)atol(args[1]);
    double interval = atof(args[2]);
    int port = atoi(args[3]);
    double *samples = calloc(count, sizeof *samples);
    struct heard heard = {0};
    struct publisher publisher;
    int messages = port ? (int)((double)count * interval / 1000) : 0;
    if (!samples || !count) {
        die("samples");
    }
    if (port) {
        subscribe(line, 0);
        publisher_start(&publisher, port);
        publisher_order(
            &publisher,
            &(struct order){.topic = TOPIC_MODEM, .count = messages, .interval_us = 1000});
    }
    double next = now_us();
    for (size_t i = 0; i < count; i++) {
        samples[i] = one_at(line, &heard);
        next += interval;
        if (next > now_us()) {
            sleep_until_us(next);
        }
    }
    while (heard.reports < messages) {
        hear(line, &heard);
    }
    if (port) {
        publisher_stop(&publisher);
    }
    printf("%.1f %.1f %.1f %ld %d\n", percentile(samples, count, 50),
           percentile(samples, count, 99), percentile(samples, count, 100), heard.reports,
           messages);
    free(samples);
}

/* ---- from exec to an answer ---- */

static int open_soon(const char *link)
{
    int fd;
    while ((fd = open(link, O_RDWR | O_NOCTTY | O_CLOEXEC)) < 0) {
        if (errno != ENOENT) {
            die(link);
        }
        sleep_until_us(now_us() + 50);
    }
    return fd;
}

static double one_start(const char *link, char **command)
{
    pid_t pid;
    struct heard heard = {0};
    double start = now_us();
    if (posix_spawn(&pid, command[0], NULL, NULL, command, environ) != 0) {
        die(command[0]);
    }
    int line = open_soon(link);
    line_send(line, "AT\r", 3);
    while (!heard.oks) {
        hear(line, &heard);
    }
    double took = now_us() - start;
    close(line);
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
    return took;
}

/* Prints the median and the greatest, in milliseconds. */
void measure_start(char **args)
{
    double times[STARTS];
    one_start(args[0], args + 1);
    for (int i = 0; i < STARTS; i++) {
        times[i] = one_start(args[0], args + 1) / 1000;
    }
    printf("%.2f %.2f\n", percentile(times, STARTS, 50), percentile(times, STARTS, 100));
}
