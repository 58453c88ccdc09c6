/* network, signal, registration: the simulated network of a cellular modem. */
#include <string.h>

#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "modem/modem.h"
#include "net/network.h"

void control_add_network(cJSON *object, const struct modem *modem)
{
    const struct network *network = modem_network(modem);
    if (network) {
        cJSON_AddStringToObject(object, "registration",
                                network_registration_word(network_registration(network)));
        cJSON_AddNumberToObject(object, "signal", network_rssi(network));
    }
}

/* The modem in question, and its network. NULL: refused already. */
static struct modem *find(struct control_client *client, const cJSON *request,
                          struct network **network)
{
    struct modem *modem = control_modem(client, request);
    *network = modem ? modem_network(modem) : NULL;
    if (modem && !*network) {
        control_refuse(client, request, "this modem is no cellular one");
        modem = NULL;
    }
    return modem;
}

static void tell(struct control_client *client, const cJSON *request, const struct modem *modem)
{
    cJSON *object = control_answer(request, true);
    control_add_network(object, modem);
    control_client_send(client, object);
}

void control_network(struct control_client *client, const cJSON *request)
{
    const char *state = control_text(request, "state");
    bool up = state && strcmp(state, "up") == 0;
    if (!up && (!state || strcmp(state, "down") != 0)) {
        control_refuse(client, request, "`state` wants up or down");
        return;
    }
    struct network *network;
    const struct modem *modem = find(client, request, &network);
    if (modem) {
        network_set_coverage(network, up);
        tell(client, request, modem);
    }
}

void control_signal(struct control_client *client, const cJSON *request)
{
    const cJSON *dbm = cJSON_GetObjectItemCaseSensitive(request, "dbm");
    if (!cJSON_IsNumber(dbm) || dbm->valuedouble < -140 || dbm->valuedouble > 0 ||
        (double)(int)dbm->valuedouble != dbm->valuedouble) {
        control_refuse(client, request,
                       "`dbm` wants a whole number from -140 to -1, or 0 for no signal");
        return;
    }
    struct network *network;
    const struct modem *modem = find(client, request, &network);
    if (modem) {
        network_set_rssi(network, (int)dbm->valuedouble);
        tell(client, request, modem);
    }
}

void control_registration(struct control_client *client, const cJSON *request)
{
    enum network_registration wanted;
    const char *word = control_text(request, "registration");
    if (!word || !network_registration_find(word, &wanted)) {
        control_refuse(client, request,
                       "`registration` wants home, roaming, searching, denied or none");
        return;
    }
    struct network *network;
    const struct modem *modem = find(client, request, &network);
    if (modem) {
        network_set_registration(network, wanted);
        tell(client, request, modem);
    }
}
