/* What a client of the control socket can ask for: a function a request, a file for a family of
 * them, and what they share. */
#ifndef DAEMON_CONTROL_REQUESTS_H
#define DAEMON_CONTROL_REQUESTS_H

#include <cjson/cJSON.h>
#include <stdbool.h>

struct control_client;
struct modem;

/* Each answers its request, once. */
void control_network(struct control_client *client, const cJSON *request);
void control_signal(struct control_client *client, const cJSON *request);
void control_registration(struct control_client *client, const cJSON *request);
void control_watch(struct control_client *client, const cJSON *request);
void control_power(struct control_client *client, const cJSON *request);
void control_urc(struct control_client *client, const cJSON *request);
void control_reload_request(struct control_client *client, const cJSON *request);
void control_metrics(struct control_client *client, const cJSON *request);
void control_gpio(struct control_client *client, const cJSON *request);
void control_provision(struct control_client *client, const cJSON *request);
void control_wifi(struct control_client *client, const cJSON *request);

/* ---- what they share ---- */

/* {"ok":true}, with the request's id if it had one. */
cJSON *control_answer(const cJSON *request, bool ok);
/* Answers that it cannot be; error says what to do. */
void control_refuse(struct control_client *client, const cJSON *request, const char *error);

/* A member that is a text, or NULL. */
const char *control_text(const cJSON *request, const char *name);
/* The modem that the request names, or the only one. NULL: refused already. */
const char *control_modem_name(struct control_client *client, const cJSON *request);

/* The same as an object. */
struct modem *control_modem(struct control_client *client, const cJSON *request);

/* The members of a status that only cellular and Wi-Fi modems have. */
void control_add_network(cJSON *object, const struct modem *modem);
void control_add_wifi(cJSON *object, const struct modem *modem);

#endif
