/* Wi-Fi: joining, leaving, looking around, provisioning. */
#ifndef DIALECT_ALIYUN_WIFI_WLAN_H
#define DIALECT_ALIYUN_WIFI_WLAN_H

#include "at/at.h"
#include "net/provision.h"
#include "net/wifi.h"

struct aw;

struct aw_wlan {
    struct wifi *wifi;
    struct provision *provision;
    bool booting;  /* the join of power-on is under way: its report is a boot line */
    bool scanning; /* CWLAP waits */
};

void aw_wlan_power_on(struct aw *aw);
void aw_wlan_power_off(struct aw *aw);

/* provisioning.c */
extern const struct provision_events aw_provision_events;
/* Joins; the credentials become the stored ones. */
void aw_adopt(struct aw *aw, const char *ssid, const char *psk);

#endif
