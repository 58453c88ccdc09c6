/* What the measurements share: time, statistics, a host's end of a line, and the references that
 * the modem is compared with. Whatever fails ends the program: a benchmark has nobody to tell. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <mosquitto.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    PAIRS = 60,   /* of blocks: the modem's and the reference's */
    BLOCK = 1000, /* operations */
    PAYLOAD = 64, /* bytes of a message */
};

/* What a topic is called when the modem is to hear of it, and when the reference is. Equally long.
 */
#define TOPIC_MODEM  "bench/m"
#define TOPIC_DIRECT "bench/d"

_Noreturn void die(const char *what);
double now_us(void);
void sleep_until_us(double when);

/* Sorts. percent of the values are not above the result. */
double percentile(double *values, size_t count, double percent);

/* A process of ours that ends with us. */
pid_t fork_child(void);
void end_child(pid_t pid);

/* ---- pair after pair ---- */

/* Does BLOCK operations. */
typedef void (*block_function)(void *ctx);

/* Runs blocks of both by turns and prints the medians: "RATIO MODEM_US REFERENCE_US", the times of
 * one operation. RATIO is the median of the pairs' ratios. */
void run_pairs(block_function modem, block_function reference, void *ctx);

/* ---- a host's line ---- */

int line_open(const char *path);
void line_send(int fd, const char *bytes, size_t len);

/* Reads until count bytes have come, or a piece ends with the text. Gives how many came. */
size_t line_read_count(int fd, size_t count);
size_t line_read_until(int fd, const char *end);

/* ---- a bare libev echo on a PTY ---- */

struct echo {
    int fd;        /* the host's side */
    size_t *reply; /* how long an answer is to be: shared with the child */
    pid_t pid;
};

/* Answers whatever ends with a CR. */
void echo_start(struct echo *echo);
void echo_ask(const struct echo *echo, const char *bytes, size_t len, size_t reply);
void echo_stop(const struct echo *echo);

/* ---- libmosquitto itself ---- */

struct direct {
    struct mosquitto *library;
    int connected;
    int acknowledged; /* publishes */
    int subscribed;
    int messages;
};

void direct_start(struct direct *direct, int port);
void direct_publish(struct direct *direct, const char *topic, int qos);
void direct_subscribe(struct direct *direct, const char *topic, int qos);

/* Until *counter has reached count. */
void direct_wait(struct direct *direct, const int *counter, int count);
void direct_stop(struct direct *direct);

/* ---- a publisher at full speed, in a process of its own ---- */

struct publisher {
    int orders;
    pid_t pid;
};

struct order {
    const char *topic; /* a literal: the child has it at the same address */
    int qos;
    int count;
    double interval_us; /* 0: as fast as the broker takes them */
};

void publisher_start(struct publisher *publisher, int port);
void publisher_order(const struct publisher *publisher, const struct order *order);
void publisher_stop(const struct publisher *publisher);

/* ---- the measurements: what follows their names on the command line ---- */

void measure_at(char **args);
void measure_publish(char **args);
void measure_inbound(char **args);
void measure_latency(char **args);
void measure_start(char **args);
void measure_coap(char **args);
void measure_http(char **args);
void measure_transparent(char **args);

/* No measurement: the HTTP server of one, until it is ended. */
void serve_requests(char **args);

#endif
