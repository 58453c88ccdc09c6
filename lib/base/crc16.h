/* CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected, no final xor; the
 * nine digits "123456789" give 0x29B1. */
#ifndef BASE_CRC16_H
#define BASE_CRC16_H

#include <stddef.h>
#include <stdint.h>

uint16_t crc16(const void *bytes, size_t len);

#endif
