/* The UC8088 GPRS module: sockets, FTP, HTTP, MQTT, PPP. */
#ifndef DIALECT_UC8088_UC8088_H
#define DIALECT_UC8088_UC8088_H

#include "dialect/dialect.h"

extern const struct dialect uc8088_dialect;

#endif
