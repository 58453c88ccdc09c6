/* metrics: what Prometheus reads, text format 0.0.4. */
#include <stdlib.h>

#include "base/buf.h"
#include "daemon/control_client.h"
#include "daemon/control_requests.h"
#include "daemon/fleet.h"
#include "dialect/dialect.h"
#include "modem/modem.h"
#include "service/counters.h"

/* What a number of a modem is called, and where it is. */
struct metric {
    const char *name, *type, *help;
    const char *labels; /* further ones, with a comma before, or "" */
    double (*value)(const struct modem_status *status);
};

#define VALUE(n, expression)                                                                       \
    static double n(const struct modem_status *s)                                                  \
    {                                                                                              \
        return (double)(expression);                                                               \
    }

VALUE(powered, s->powered)
VALUE(host, s->host)
VALUE(good, s->counters.commands - s->counters.errors)
VALUE(bad, s->counters.errors)
VALUE(urcs, s->counters.urcs)
VALUE(dropped, s->counters.urcs_dropped)
VALUE(in, s->counters.bytes_in)
VALUE(out, s->counters.bytes_out)
VALUE(waiting, s->waiting)
VALUE(mqtt_connected, s->services->mqtt_connected)
VALUE(mqtt_reconnected, s->services->mqtt_reconnected)
VALUE(mqtt_lost, s->services->mqtt_lost)
VALUE(mqtt_failed, s->services->mqtt_failed)
VALUE(mqtt_published, s->services->mqtt_published)
VALUE(mqtt_received, s->services->mqtt_received)
VALUE(http_done, s->services->http_done)
VALUE(http_failed, s->services->http_failed)
VALUE(coap_done, s->services->coap_done)
VALUE(coap_failed, s->services->coap_failed)
VALUE(socket_connected, s->services->socket_connected)
VALUE(socket_failed, s->services->socket_failed)
VALUE(socket_ended, s->services->socket_ended)

#define COUNTER(name, help, labels, value)                                                         \
    {                                                                                              \
        name, "counter", help, labels, value                                                       \
    }
#define GAUGE(name, help, value)                                                                   \
    {                                                                                              \
        name, "gauge", help, "", value                                                             \
    }

/* Rows of one name stand together. */
static const struct metric metrics[] = {
    GAUGE("powered", "Whether the module has power.", powered),
    GAUGE("host", "Whether a host is on its port.", host),
    GAUGE("waiting_bytes", "Output that waits for the host.", waiting),
    COUNTER("commands_total", "Command lines with a final result.", ",result=\"ok\"", good),
    COUNTER("commands_total", "", ",result=\"error\"", bad),
    COUNTER("urcs_total", "Unsolicited results.", "", urcs),
    COUNTER("urcs_dropped_total", "Those that no host has taken in time.", "", dropped),
    COUNTER("received_bytes_total", "Bytes from the host.", "", in),
    COUNTER("sent_bytes_total", "Bytes to the host.", "", out),
    COUNTER("mqtt_connections_total", "MQTT sessions that came up.", "", mqtt_connected),
    COUNTER("mqtt_reconnections_total", "Those that came back by themselves.", "",
            mqtt_reconnected),
    COUNTER("mqtt_losses_total", "MQTT sessions that broke.", "", mqtt_lost),
    COUNTER("mqtt_failures_total", "MQTT connections that could not be made.", "", mqtt_failed),
    COUNTER("mqtt_published_total", "Messages that the broker has.", "", mqtt_published),
    COUNTER("mqtt_received_total", "Messages from the broker.", "", mqtt_received),
    COUNTER("http_requests_total", "HTTP requests.", ",result=\"ok\"", http_done),
    COUNTER("http_requests_total", "", ",result=\"error\"", http_failed),
    COUNTER("coap_requests_total", "CoAP requests.", ",result=\"ok\"", coap_done),
    COUNTER("coap_requests_total", "", ",result=\"error\"", coap_failed),
    COUNTER("links_total", "TCP and UDP links.", ",result=\"ok\"", socket_connected),
    COUNTER("links_total", "", ",result=\"error\"", socket_failed),
    COUNTER("links_ended_total", "Links that the other side, an error or the network has ended.",
            "", socket_ended),
};

static void put_metric(struct buf *out, const struct fleet *fleet, const struct metric *metric)
{
    if (*metric->help) {
        buf_printf(out, "# HELP atmodemd_%s %s\n# TYPE atmodemd_%s %s\n", metric->name,
                   metric->help, metric->name, metric->type);
    }
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        struct fleet_entry entry = fleet_entry(fleet, i);
        if (entry.modem) {
            struct modem_status status = modem_status(entry.modem);
            buf_printf(out, "atmodemd_%s{modem=\"%s\",dialect=\"%s\"%s} %.0f\n", metric->name,
                       entry.name, entry.dialect->id, metric->labels, metric->value(&status));
        }
        free(entry.port);
    }
}

static void put_latency(struct buf *out, const char *modem, const struct at_counters *counters)
{
    static const char name[] = "atmodemd_command_seconds";
    uint64_t sum = 0;
    for (int i = 0; i < AT_LATENCIES; i++) {
        sum += counters->latency[i];
        if (i < AT_LATENCIES - 1) {
            buf_printf(out, "%s_bucket{modem=\"%s\",le=\"%g\"} %llu\n", name, modem,
                       at_latency_ms[i] / 1000., (unsigned long long)sum);
        } else {
            buf_printf(out, "%s_bucket{modem=\"%s\",le=\"+Inf\"} %llu\n", name, modem,
                       (unsigned long long)sum);
        }
    }
    buf_printf(out, "%s_sum{modem=\"%s\"} %.3f\n%s_count{modem=\"%s\"} %llu\n", name, modem,
               (double)counters->latency_sum_ms / 1000., name, modem, (unsigned long long)sum);
}

static void put_latencies(struct buf *out, const struct fleet *fleet)
{
    buf_add_text(out, "# HELP atmodemd_command_seconds From the end of a command line to its final "
                      "result.\n# TYPE atmodemd_command_seconds histogram\n");
    for (size_t i = 0; i < fleet_count(fleet); i++) {
        struct fleet_entry entry = fleet_entry(fleet, i);
        if (entry.modem) {
            struct modem_status status = modem_status(entry.modem);
            put_latency(out, entry.name, &status.counters);
        }
        free(entry.port);
    }
}

void control_metrics(struct control_client *client, const cJSON *request)
{
    const struct fleet *fleet = control_fleet(client->control);
    struct buf text = {0};
    for (size_t i = 0; i < sizeof metrics / sizeof *metrics; i++) {
        put_metric(&text, fleet, &metrics[i]);
    }
    put_latencies(&text, fleet);
    cJSON *object = control_answer(request, true);
    cJSON_AddStringToObject(object, "text", buf_text(&text));
    buf_free(&text);
    control_client_send(client, object);
}
