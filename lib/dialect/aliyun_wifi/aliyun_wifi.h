/* The dialect `aliyun-wifi`: the firmware of Alibaba Cloud's own Wi-Fi modules (BL60X). */
#ifndef DIALECT_ALIYUN_WIFI_ALIYUN_WIFI_H
#define DIALECT_ALIYUN_WIFI_ALIYUN_WIFI_H

#include "dialect/dialect.h"

extern const struct dialect aliyun_wifi_dialect;

#endif
