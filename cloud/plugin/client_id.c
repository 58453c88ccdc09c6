#include "cloud/plugin/client_id.h"

#include <stdlib.h>
#include <string.h>

#include "cloud/plugin/text.h"

enum { NAME_MAX_LEN = 64 };

static bool equals(const char *value, const char *text)
{
    return value && strcmp(value, text) == 0;
}

static const char **place_of(struct client_id *id, const char *key)
{
    const struct {
        const char *key;
        const char **place;
    } known[] = {
        {"securemode", &id->securemode}, {"signmethod", &id->signmethod},
        {"timestamp", &id->timestamp},   {"authType", &id->auth_type},
        {"random", &id->random},         {"ext", &id->ext},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (equals(known[i].key, key)) {
            return known[i].place;
        }
    }
    return NULL;
}

/* Cuts the pairs apart. Some SDKs leave a comma behind the last one. */
static bool read_pairs(struct client_id *id, char *pairs)
{
    char *rest = pairs;
    for (char *pair; (pair = strsep(&rest, ","));) {
        if (!*pair) {
            continue;
        }
        char *equal = strchr(pair, '=');
        if (!equal) {
            return false;
        }
        *equal = '\0';
        const char **place = place_of(id, pair);
        if (place) {
            *place = equal + 1;
        }
    }
    return true;
}

bool client_id_read(struct client_id *id, const char *text)
{
    *id = (struct client_id){.text = text_copy(text)};
    id->name = id->text;
    char *first = strchr(id->text, '|');
    char *last = strrchr(id->text, '|');
    if (!first || first == last || last[1] || first == id->text ||
        first - id->text > NAME_MAX_LEN) {
        return false;
    }
    *first = *last = '\0';
    return read_pairs(id, first + 1);
}

void client_id_clear(struct client_id *id)
{
    free(id->text);
    *id = (struct client_id){0};
}

bool client_id_ext_rrpc(const struct client_id *id)
{
    return id->ext && strtoul(id->ext, NULL, 10) & 1;
}
