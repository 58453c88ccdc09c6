/* CRC-16 by its usual kinds. What "123456789" gives is the check value of each. */
#ifndef BASE_CRC16_H
#define BASE_CRC16_H

#include <stddef.h>
#include <stdint.h>

/* CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, not reflected; 0x29B1. */
uint16_t crc16(const void *bytes, size_t len);
/* CRC-16/XMODEM: the same with initial value 0; 0x31C3. */
uint16_t crc16_xmodem(const void *bytes, size_t len);
/* CRC-16/ARC: polynomial 0x8005, reflected, initial value 0; 0xBB3D. */
uint16_t crc16_arc(const void *bytes, size_t len);
/* CRC-16/MODBUS: the same with initial value 0xFFFF; 0x4B37. */
uint16_t crc16_modbus(const void *bytes, size_t len);
/* CRC-16/X-25 (HDLC, PPP): polynomial 0x1021, reflected, initial value 0xFFFF, inverted; 0x906E. */
uint16_t crc16_x25(const void *bytes, size_t len);

#endif
