/* RisingHF's LTE modules: MQTT by AT commands. */
#ifndef DIALECT_RISINGHF_RISINGHF_H
#define DIALECT_RISINGHF_RISINGHF_H

#include "dialect/dialect.h"

extern const struct dialect risinghf_dialect;

#endif
