/* The DX-CT11 4G Cat.1 module: sockets, transparent mode, MQTT, HTTP, simple modes. */
#ifndef DIALECT_DX_CT11_DX_CT11_H
#define DIALECT_DX_CT11_DX_CT11_H

#include "dialect/dialect.h"

extern const struct dialect dx_ct11_dialect;

#endif
