/* Private to the SNTP service: the packet of RFC 5905 7.3, and what makes an answer one. */
#ifndef SERVICE_SNTP_SNTP_PACKET_H
#define SERVICE_SNTP_SNTP_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SNTP_PACKET = 48 };

enum sntp_verdict {
    SNTP_FOREIGN, /* no answer to this query: not for us, damaged, forged or old */
    SNTP_NO_TIME, /* the server has no time, or none for us */
    SNTP_GOOD,
};

struct sntp_answer {
    int stratum;
    int64_t received_ns; /* by the server: nanoseconds since 1970 */
    int64_t sent_ns;
    char kiss[5]; /* SNTP_NO_TIME with stratum 0: its code, only letters and digits */
};

/* A request. cookie stands where the time of sending would be: the answer must return it, and it
 * tells nothing of this machine's clock. */
void sntp_packet_request(unsigned char packet[SNTP_PACKET], uint64_t cookie);
enum sntp_verdict sntp_packet_answer(const unsigned char *packet, size_t len, uint64_t cookie,
                                     struct sntp_answer *answer);

#endif
