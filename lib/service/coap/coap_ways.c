#include <openssl/rand.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "service/coap/coap_state.h"

/* ---- links ---- */

static bool has_requests(const struct coap_client *client, const struct coap_link *link)
{
    for (const struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            return true;
        }
    }
    return false;
}

/* New requests get a new one: another look-up, another socket, another handshake. */
static void retire(struct coap_client *client, struct coap_link *link)
{
    if (client->link == link) {
        struct coap_retired *entry = mem_zeroed(sizeof *entry);
        *entry = (struct coap_retired){client->retired, link};
        client->retired = entry;
        client->link = NULL;
    }
}

static void end_link(struct coap_client *client, struct coap_link *link)
{
    if (client->link == link) {
        client->link = NULL;
    }
    for (struct coap_retired **at = &client->retired; *at; at = &(*at)->next) {
        if ((*at)->link == link) {
            struct coap_retired *entry = *at;
            *at = entry->next;
            free(entry);
            break;
        }
    }
    coap_link_destroy(link);
}

void coap_ways_tidy(struct coap_client *client)
{
    for (struct coap_retired *entry = client->retired; entry;) {
        struct coap_link *link = entry->link;
        entry = entry->next;
        if (!has_requests(client, link)) {
            end_link(client, link);
        }
    }
    /* Nobody waits for a handshake any more. */
    if (client->link && !coap_link_peer(client->link) && !has_requests(client, client->link)) {
        end_link(client, client->link);
    }
}

void coap_ways_end(struct coap_client *client)
{
    while (client->retired) {
        end_link(client, client->retired->link);
    }
    if (client->link) {
        end_link(client, client->link);
    }
}

/* Silence may mean that the server has lost the session, or that this address is dead: the next
 * request gets a new one. So it does when libcoap still holds a datagram. */
void coap_ways_doubt(struct coap_client *client, const struct coap_request *request)
{
    struct coap_link *link = request->link;
    if (link != client->link || !coap_link_peer(link)) {
        return;
    }
    client->first = coap_link_index(link) + !coap_link_heard(link);
    if (request->unattended || coap_link_heard_at(link) < request->sent_at) {
        retire(client, link);
    }
}

/* ---- tokens ---- */

static bool token_taken(const struct coap_client *client, unsigned token)
{
    for (const struct coap_request *request = client->requests; request; request = request->next) {
        if (request->number == token || request->token == token) {
            return true;
        }
    }
    return false;
}

/* Fetched many at a time: the generator asks the kernel who we are each time. */
static uint16_t random_number(struct coap_client *client)
{
    if (client->random_count == 0) {
        if (RAND_bytes((unsigned char *)client->random, sizeof client->random) != 1) {
            abort(); /* no randomness, no security */
        }
        client->random_count = sizeof client->random / sizeof *client->random;
    }
    return client->random[--client->random_count];
}

uint16_t coap_ways_new_token(struct coap_client *client)
{
    uint16_t token;
    do {
        token = random_number(client);
    } while (token == 0 || token_taken(client, token));
    return token;
}

/* ---- events of links ---- */

static void on_up(void *ctx, struct coap_link *link)
{
    struct coap_client *client = ctx;
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            coap_request_restart(request);
        }
    }
    coap_client_need_work(client);
}

static void on_down(void *ctx, struct coap_link *link, enum coap_client_outcome outcome,
                    const char *why)
{
    struct coap_client *client = ctx;
    bool waited_for = has_requests(client, link);
    coap_outcome_log(client, waited_for, why);
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link == link) {
            coap_outcome_set(request, outcome, why);
        }
    }
    end_link(client, link);
}

static struct coap_request *find_mid(const struct coap_client *client, const struct coap_link *link,
                                     coap_mid_t mid)
{
    struct coap_request *request = client->requests;
    while (request && (request->link != link || request->mid != mid)) {
        request = request->next;
    }
    return request;
}

static struct coap_request *find_token(const struct coap_client *client,
                                       const struct coap_link *link, const coap_pdu_t *pdu)
{
    coap_bin_const_t token = coap_pdu_get_token(pdu);
    if (token.length != 2) {
        return NULL;
    }
    struct coap_request *request = client->requests;
    unsigned value = (unsigned)token.s[0] << 8 | token.s[1];
    while (request && (request->link != link || request->ping || request->mid == COAP_INVALID_MID ||
                       request->token != value)) {
        request = request->next;
    }
    return request;
}

static void take_response(struct coap_request *request, const coap_pdu_t *pdu)
{
    const char *why = "";
    switch (coap_blocks_take(&request->blocks, pdu, &why)) {
    case COAP_STEP_DONE:
        coap_outcome_set(request, COAP_CLIENT_RESPONSE, "a response");
        break;
    case COAP_STEP_BROKEN:
        coap_outcome_set(request, COAP_CLIENT_BROKEN, why);
        break;
    case COAP_STEP_NEXT:
        request->mid = COAP_INVALID_MID;
        request->token = coap_ways_new_token(request->client);
        request->round = 0;
        request->due = true;
        coap_client_need_work(request->client);
        break;
    }
}

static bool on_answer(void *ctx, struct coap_link *link, const coap_pdu_t *pdu)
{
    struct coap_client *client = ctx;
    *client->warned = '\0';
    struct coap_request *request = find_token(client, link, pdu);
    if (request) {
        /* In an ACK the message id must match as well (RFC 7252 5.3.2). */
        bool foreign =
            coap_pdu_get_type(pdu) == COAP_MESSAGE_ACK && coap_pdu_get_mid(pdu) != request->mid;
        if (!foreign) {
            take_response(request, pdu);
        }
        return !foreign;
    }
    request = find_mid(client, link, coap_pdu_get_mid(pdu));
    if (request && request->ping && coap_pdu_get_type(pdu) == COAP_MESSAGE_ACK) {
        take_response(request, pdu);
        return true;
    }
    return false;
}

static void on_unanswered(void *ctx, struct coap_link *link, coap_mid_t mid, bool reset)
{
    struct coap_client *client = ctx;
    struct coap_request *request = find_mid(client, link, mid);
    if (request && reset) {
        *client->warned = '\0';
        coap_outcome_set(request, COAP_CLIENT_RESET, "the server has answered with a reset");
    } else if (request) {
        coap_request_unanswered(request);
        coap_client_need_work(client);
    }
}

static const struct coap_link_events link_events = {
    .up = on_up,
    .down = on_down,
    .answer = on_answer,
    .unanswered = on_unanswered,
};

/* ---- sending ---- */

static void assign_links(struct coap_client *client)
{
    for (struct coap_request *request = client->requests; request; request = request->next) {
        if (request->link || request->finished) {
            continue;
        }
        if (!coap_request_fits(request)) {
            coap_outcome_set(request, COAP_CLIENT_BROKEN,
                             "the request does not fit into a datagram");
            continue;
        }
        if (!client->link) {
            client->link =
                coap_link_create(client->env, &client->options, client->first,
                                 request->deadline - clock_seconds(), &link_events, client);
        }
        request->link = client->link;
    }
}

static void transmit_all(struct coap_client *client)
{
    for (struct coap_request *request = client->requests; request; request = request->next) {
        struct coap_peer *peer = request->link ? coap_link_peer(request->link) : NULL;
        if (request->due && peer && !coap_request_transmit(request, peer)) {
            coap_outcome_set(request, COAP_CLIENT_BROKEN,
                             "libcoap does not take the options of the request");
        }
    }
}

void coap_ways_go(struct coap_client *client)
{
    assign_links(client);
    transmit_all(client);
}
