/* Private to the MQTT service: the TLS side of a connection. libmosquitto sees numbers only, so the
 * name that is checked and sent (SNI) is set here, on an SSL_CTX of our own. */
#ifndef SERVICE_MQTT_MQTT_TLS_H
#define SERVICE_MQTT_MQTT_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct service_tls;
struct mqtt_tls_side;

struct mqtt_tls_side *mqtt_tls_create(void);
void mqtt_tls_destroy(struct mqtt_tls_side *side);

SSL_CTX *mqtt_tls_context(const struct mqtt_tls_side *side);

/* Loads trust, certificate and key afresh (files may have been renewed) for a connection to host, a
 * name or a number, and forgets what mqtt_tls_reason() said. False: they are bad, mqtt_tls_reason()
 * says why. */
bool mqtt_tls_load(struct mqtt_tls_side *side, const struct service_tls *tls, const char *host);

/* A line that libmosquitto logs about an OpenSSL error. */
void mqtt_tls_heard(struct mqtt_tls_side *side, const char *line);

/* What went wrong since mqtt_tls_load(), in words; "" if nothing is known. */
const char *mqtt_tls_reason(const struct mqtt_tls_side *side);

#endif
