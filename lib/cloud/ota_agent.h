/* A device's part in the cloud's OTA over MQTT, as a guest on its host's connection: reports the
 * version, listens for announcements, reports progress. */
#ifndef CLOUD_OTA_AGENT_H
#define CLOUD_OTA_AGENT_H

#include <stdbool.h>

#include "cloud/ota.h"

struct log;
struct mqtt;
struct ota_agent;

struct ota_agent_events {
    /* Who the device on the present connection is. */
    struct aliyun_device (*device)(void *ctx);
    /* An image for the default module. */
    void (*announced)(void *ctx, const struct ota_announcement *announcement);
};

/* Does nothing until ota_agent_report(). events outlive it. NULL: the connection has too many
 * guests. It must go before mqtt does. */
struct ota_agent *ota_agent_create(struct mqtt *mqtt, const struct ota_agent_events *events,
                                   void *ctx, struct log *log);
/* NULL is fine. */
void ota_agent_destroy(struct ota_agent *agent);

/* Arms it: on each connection from now on it listens, and then the version is reported, until the
 * broker has acknowledged that once. */
void ota_agent_report(struct ota_agent *agent, const char *version);

/* Reports progress (enum of ota.h), now or, the latest one, on the next connection. */
void ota_agent_progress(struct ota_agent *agent, int step, const char *desc);

#endif
