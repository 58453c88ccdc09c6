#include <string.h>

#include "dialect/dialect.h"
#include "dialect/ica/ica.h"

const struct dialect *const dialects[] = {&ica_dialect, NULL};

const struct dialect *dialect_find(const char *id)
{
    for (size_t i = 0; dialects[i]; i++) {
        if (strcmp(dialects[i]->id, id) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}
