/* Packets made by hand and written in one go cost least, so that on a small machine the broker and
 * what is behind it are measured, not the publisher. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bench.h"

enum { PACKET_MAX = 128 };

static int connect_to(int port)
{
    static const char hello[] = "\x10\x15\0\4MQTT\4\2\0\0\0\11publisher";
    char answer[4];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int one = 1;
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        die("connect to the broker");
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (write(fd, hello, sizeof hello - 1) != sizeof hello - 1 ||
        recv(fd, answer, sizeof answer, MSG_WAITALL) != sizeof answer || answer[3] != 0) {
        die("CONNACK");
    }
    return fd;
}

static size_t put_packet(char *out, const struct order *order, int id)
{
    size_t topic_len = strlen(order->topic);
    size_t len = 0;
    out[len++] = (char)(0x30 | order->qos << 1);
    out[len++] = (char)(2 + topic_len + (order->qos ? 2 : 0) + PAYLOAD);
    out[len++] = 0;
    out[len++] = (char)topic_len;
    memcpy(out + len, order->topic, topic_len);
    len += topic_len;
    if (order->qos) {
        out[len++] = (char)(id >> 8);
        out[len++] = (char)id;
    }
    memset(out + len, 'x', PAYLOAD);
    return len + PAYLOAD;
}

/* Acknowledgements are read and thrown away: a broker that cannot send them would stop. */
static void send_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        struct pollfd entry = {.fd = fd, .events = POLLIN | POLLOUT};
        poll(&entry, 1, -1);
        char acks[4096];
        if ((entry.revents & ~POLLOUT) && recv(fd, acks, sizeof acks, MSG_DONTWAIT) == 0) {
            die("the broker has gone");
        }
        ssize_t put = entry.revents & POLLOUT ? send(fd, bytes, len, MSG_DONTWAIT) : 0;
        bytes += put > 0 ? put : 0;
        len -= put > 0 ? (size_t)put : 0;
    }
}

static void obey(int fd, const struct order *order)
{
    double next = now_us();
    char *packets = malloc((size_t)order->count * PACKET_MAX);
    size_t len = 0;
    if (!packets) {
        die("malloc");
    }
    for (int id = 1; id <= order->count; id++) {
        len += put_packet(packets + len, order, id);
        if (order->interval_us > 0) {
            send_all(fd, packets, len);
            len = 0;
            sleep_until_us(next += order->interval_us);
        }
    }
    send_all(fd, packets, len);
    free(packets);
}

static _Noreturn void serve(int fd, int orders)
{
    struct pollfd entries[] = {{.fd = fd, .events = POLLIN}, {.fd = orders, .events = POLLIN}};
    for (;;) {
        struct order order;
        char acks[4096];
        poll(entries, 2, -1);
        if (entries[0].revents && read(fd, acks, sizeof acks) <= 0) {
            die("the broker has gone");
        }
        if (entries[1].revents) {
            if (read(orders, &order, sizeof order) != sizeof order) {
                _exit(0);
            }
            obey(fd, &order);
        }
    }
}

void publisher_start(struct publisher *publisher, int port)
{
    int fd = connect_to(port);
    int ends[2];
    if (pipe(ends) != 0) {
        die("pipe");
    }
    publisher->orders = ends[1];
    publisher->pid = fork_child();
    if (publisher->pid == 0) {
        close(ends[1]);
        serve(fd, ends[0]);
    }
    close(ends[0]);
    close(fd);
}

void publisher_order(const struct publisher *publisher, const struct order *order)
{
    if (write(publisher->orders, order, sizeof *order) != sizeof *order) {
        die("order");
    }
}

void publisher_stop(const struct publisher *publisher)
{
    end_child(publisher->pid);
    close(publisher->orders);
}
