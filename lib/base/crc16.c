#include "base/crc16.h"

/* The highest bit first. */
static uint16_t ccitt(unsigned crc, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 0x8000 ? (crc << 1 ^ 0x1021) : crc << 1;
        }
    }
    return (uint16_t)crc;
}

/* The lowest bit first, and so is the polynomial: 0x8005 is 0xA001, 0x1021 is 0x8408. */
static uint16_t reflected(unsigned polynomial, unsigned crc, const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = crc & 1 ? (crc >> 1 ^ polynomial) : crc >> 1;
        }
    }
    return (uint16_t)crc;
}

uint16_t crc16(const void *bytes, size_t len)
{
    return ccitt(0xFFFF, bytes, len);
}

uint16_t crc16_xmodem(const void *bytes, size_t len)
{
    return ccitt(0, bytes, len);
}

uint16_t crc16_arc(const void *bytes, size_t len)
{
    return reflected(0xA001, 0, bytes, len);
}

uint16_t crc16_modbus(const void *bytes, size_t len)
{
    return reflected(0xA001, 0xFFFF, bytes, len);
}

uint16_t crc16_x25(const void *bytes, size_t len)
{
    return reflected(0x8408, 0xFFFF, bytes, len) ^ 0xFFFF;
}
