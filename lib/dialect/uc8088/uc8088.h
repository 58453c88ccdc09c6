/* UC8088, a GPRS module: sockets, FTP, HTTP, MQTT, PPP. */
#ifndef DIALECT_UC8088_UC8088_H
#define DIALECT_UC8088_UC8088_H

struct dialect;

extern const struct dialect uc8088_dialect;

#endif
