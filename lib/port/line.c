#include "port/line.h"

#include <ctype.h>
#include <string.h>

bool line_parse_format(const char *text, struct port_line *line)
{
    if (strlen(text) != 3) {
        return false;
    }
    int parity = toupper((unsigned char)text[1]);
    if (!strchr("78", text[0]) || !strchr("NOE", parity) || !strchr("12", text[2])) {
        return false;
    }
    line->data_bits = text[0] - '0';
    line->parity = (char)parity;
    line->stop_bits = text[2] - '0';
    return true;
}

void line_from_settings(struct port_line *line, const struct port_settings *settings)
{
    line->baud = settings->baud;
    line->flow = (enum port_flow)settings->flow;
    line_parse_format(settings->format, line);
}

int line_bits(const struct port_line *line)
{
    return 1 + line->data_bits + (line->parity == 'N' ? 0 : 1) + line->stop_bits;
}

double line_byte_time(const struct port_line *line)
{
    return (double)line_bits(line) / line->baud;
}
