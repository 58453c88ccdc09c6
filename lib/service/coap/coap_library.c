#include <coap3/coap.h>

#include "service/coap/coap_client.h"

/* What libcoap has to say has no context from which the log of a client could be found; each
 * failure is told by events, too. */
static void drop_line(coap_log_t level, const char *line)
{
    (void)level;
    (void)line;
}

void coap_client_library_init(void)
{
    coap_startup();
    coap_set_log_handler(drop_line);
    coap_set_log_level(LOG_EMERG);
    coap_dtls_set_log_level(LOG_EMERG);
}

void coap_client_library_cleanup(void)
{
    coap_cleanup();
}
