#include "service/sntp/sntp_packet.h"

#include <string.h>

enum {
    VERSION = 4,
    MODE_CLIENT = 3,
    MODE_SERVER = 4,
    LEAP_UNKNOWN = 3, /* its clock is not synchronised */
    STRATUM_MAX = 15,
    ORIGINATE = 24, /* places of the timestamps */
    RECEIVE = 32,
    TRANSMIT = 40,
};

#define UNIX_EPOCH 2208988800 /* 1970 in seconds since 1900 */
#define ERA        (INT64_C(1) << 32)

static uint64_t number(const unsigned char *bytes, size_t len)
{
    uint64_t value = 0;
    for (size_t i = 0; i < len; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

/* RFC 4330 3: seconds with the highest bit count from 1900, without it from 2036. */
static int64_t nanoseconds(const unsigned char *timestamp)
{
    int64_t seconds = (int64_t)number(timestamp, 4);
    int64_t fraction = (int64_t)number(timestamp + 4, 4);
    seconds += (seconds & (ERA >> 1) ? 0 : ERA) - UNIX_EPOCH;
    return seconds * 1000000000 + (fraction * 1000000000 >> 32);
}

void sntp_packet_request(unsigned char packet[SNTP_PACKET], uint64_t cookie)
{
    memset(packet, 0, SNTP_PACKET);
    packet[0] = VERSION << 3 | MODE_CLIENT;
    for (int i = 0; i < 8; i++) {
        packet[TRANSMIT + i] = (unsigned char)(cookie >> (56 - 8 * i));
    }
}

static void take_kiss(const unsigned char *packet, char kiss[5])
{
    for (int i = 0; i < 4; i++) {
        char c = (char)packet[12 + i];
        bool plain = (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        kiss[i] = plain ? c : '?';
    }
}

enum sntp_verdict sntp_packet_answer(const unsigned char *packet, size_t len, uint64_t cookie,
                                     struct sntp_answer *answer)
{
    *answer = (struct sntp_answer){0};
    if (len < SNTP_PACKET || (packet[0] & 7) != MODE_SERVER || !(packet[0] >> 3 & 7) ||
        (packet[0] >> 3 & 7) > VERSION || number(packet + ORIGINATE, 8) != cookie) {
        return SNTP_FOREIGN;
    }
    answer->stratum = packet[1];
    if (answer->stratum == 0) {
        take_kiss(packet, answer->kiss);
        return SNTP_NO_TIME;
    }
    if (packet[0] >> 6 == LEAP_UNKNOWN || answer->stratum > STRATUM_MAX ||
        !number(packet + RECEIVE, 8) || !number(packet + TRANSMIT, 8)) {
        return SNTP_NO_TIME;
    }
    answer->received_ns = nanoseconds(packet + RECEIVE);
    answer->sent_ns = nanoseconds(packet + TRANSMIT);
    return SNTP_GOOD;
}
