/* Commands of V.250 and 3GPP TS 27.007 that cellular dialects share: identity, SIM, signal,
 * registration, attach and PDP contexts. A dialect that words one of them otherwise has a row of
 * its own in a table before this one.
 *
 * The handlers expect an instance that begins with its struct dialect_env; failures are enum
 * cme_error. */
#ifndef DIALECT_CELLULAR_BASE_H
#define DIALECT_CELLULAR_BASE_H

#include "at/at.h"

extern const struct at_table cellular_base_table;

/* What is wrong with such a command: numbers of 27.007. */
extern const at_result cellular_base_faults[AT_FAULT_COUNT];

/* The bare value. */
at_result cellular_manufacturer(void *ctx, struct at_call *call);
at_result cellular_model(void *ctx, struct at_call *call);
at_result cellular_revision(void *ctx, struct at_call *call);
/* All three, a line each. */
at_result cellular_identification(void *ctx, struct at_call *call);
/* The IMEI; the IMSI. */
at_result cellular_serial_number(void *ctx, struct at_call *call);
at_result cellular_subscriber(void *ctx, struct at_call *call);
/* `+CPIN: READY`. */
at_result cellular_pin_read(void *ctx, struct at_call *call);
/* `+IPR: <baud>`. */
at_result cellular_rate_read(void *ctx, struct at_call *call);
/* `+CGATT: <0|1>`. */
at_result cellular_attach_read(void *ctx, struct at_call *call);
/* `+NAME: 0,<stat>`. */
at_result cellular_registration_read(void *ctx, struct at_call *call);
/* `+CFUN: <0|1>`: whether the radio is on. */
at_result cellular_function_read(void *ctx, struct at_call *call);

#endif
