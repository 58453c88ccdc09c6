#include "base/crc16.h"

uint16_t crc16(const void *bytes, size_t len)
{
    const unsigned char *byte = bytes;
    unsigned crc = 0xFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)byte[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) : crc << 1;
        }
    }
    return (uint16_t)crc;
}
