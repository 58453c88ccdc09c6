/* The dialect `ica`: ICA Alliance AT command set V0.4. */
#ifndef DIALECT_ICA_ICA_H
#define DIALECT_ICA_ICA_H

#include "dialect/dialect.h"

extern const struct dialect ica_dialect;

#endif
