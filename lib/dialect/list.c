#include <string.h>

#include "dialect/aliyun_wifi/aliyun_wifi.h"
#include "dialect/dialect.h"
#include "dialect/dx_ct11/dx_ct11.h"
#include "dialect/ica/ica.h"
#include "dialect/risinghf/risinghf.h"
#include "dialect/uc8088/uc8088.h"

const struct dialect *const dialects[] = {&ica_dialect,     &aliyun_wifi_dialect, &risinghf_dialect,
                                          &dx_ct11_dialect, &uc8088_dialect,      NULL};

const struct dialect *dialect_find(const char *id)
{
    for (size_t i = 0; dialects[i]; i++) {
        if (strcmp(dialects[i]->id, id) == 0) {
            return dialects[i];
        }
    }
    return NULL;
}
