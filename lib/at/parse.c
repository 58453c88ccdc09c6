/* Parameters: from the text behind `=` to typed, checked values. Nothing is acted upon here. */
#include <string.h>
#include <strings.h>

#include "at/internal.h"
#include "base/mem.h"

/* All is well: no enum at_fault. */
enum { FINE = -1 };

struct scan {
    const struct at_grammar *grammar;
    bool lenient;
    char separator;
    const char *text;
    size_t len, pos;
    char *strings; /* where the next token goes */
};

struct token {
    char *text;
    size_t len;
    bool quoted;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

size_t at_skip_blanks(const char *text, size_t len, size_t from)
{
    while (from < len && blank(text[from])) {
        from++;
    }
    return from;
}

static bool at_end(const struct scan *scan)
{
    return scan->pos >= scan->len || (scan->separator && scan->text[scan->pos] == scan->separator);
}

static void emit(struct scan *scan, struct token *token, char c)
{
    scan->strings[token->len++] = c;
}

/* The escape that begins at text[pos], or 0. */
static char escaped(const struct scan *scan, size_t pos, size_t end)
{
    if (pos + 1 >= end || scan->text[pos] != '\\' || !scan->grammar->escapes) {
        return 0;
    }
    char c = scan->text[pos + 1];
    if (c == '\0' || !strchr(scan->grammar->escapes, c)) {
        return 0;
    }
    return c == 'n' ? '\n' : c == 'r' ? '\r' : c;
}

/* Behind the opening quote. */
static int quoted(struct scan *scan, struct token *token)
{
    token->quoted = true;
    bool last_escaped_quote = false;
    while (scan->pos < scan->len) {
        char c = scan->text[scan->pos];
        char special = escaped(scan, scan->pos, scan->len);
        if (special) {
            scan->pos += 2;
            emit(scan, token, special);
            last_escaped_quote = special == '"' && scan->pos == scan->len;
        } else if (c == '"') {
            scan->pos++;
            return FINE;
        } else {
            scan->pos++;
            emit(scan, token, c);
        }
    }
    if (scan->grammar->open_quote_closes) {
        return FINE;
    }
    if (last_escaped_quote) { /* a text that ends in a backslash: its quote closes */
        scan->strings[token->len - 1] = '\\';
        return FINE;
    }
    return AT_FAULT_QUOTE;
}

static int bare(struct scan *scan, struct token *token)
{
    while (!at_end(scan) && scan->text[scan->pos] != ',') {
        emit(scan, token, scan->text[scan->pos++]);
    }
    while (!scan->grammar->bare_end_blanks && token->len && blank(token->text[token->len - 1])) {
        token->len--;
    }
    if (scan->grammar->bare_blanks) {
        return FINE;
    }
    if (scan->grammar->quotes && memchr(token->text, '"', token->len)) {
        return AT_FAULT_QUOTE;
    }
    bool inner = memchr(token->text, ' ', token->len) || memchr(token->text, '\t', token->len);
    return inner ? AT_FAULT_SYNTAX : FINE;
}

/* From behind the quote here to the one at end. */
static void unescape(struct scan *scan, struct token *token, size_t end)
{
    for (size_t i = scan->pos + 1; i < end;) {
        char special = escaped(scan, i, end);
        emit(scan, token, special ? special : scan->text[i]);
        i += special ? 2 : 1;
    }
}

/* From the first quote to the last one of the line, or bare to its end. */
static int to_last_quote(struct scan *scan, struct token *token)
{
    size_t end = scan->len;
    while (end > scan->pos && blank(scan->text[end - 1])) {
        end--;
    }
    if (scan->text[scan->pos] != '"') {
        token->len = end - scan->pos;
        memcpy(scan->strings, scan->text + scan->pos, token->len);
    } else {
        if (end == scan->pos + 1 || scan->text[end - 1] != '"') {
            return AT_FAULT_QUOTE;
        }
        token->quoted = true;
        unescape(scan, token, end - 1);
    }
    scan->pos = scan->len;
    return FINE;
}

/* Whether the line ends at pos, blanks aside, or a comma and a number come before that. */
static bool is_tail(const struct scan *scan, size_t pos)
{
    pos = at_skip_blanks(scan->text, scan->len, pos);
    if (pos < scan->len && scan->text[pos] == ',') {
        size_t digits = pos = at_skip_blanks(scan->text, scan->len, pos + 1);
        while (pos < scan->len && scan->text[pos] >= '0' && scan->text[pos] <= '9') {
            pos++;
        }
        if (pos == digits) {
            return false;
        }
        pos = at_skip_blanks(scan->text, scan->len, pos);
    }
    return pos == scan->len;
}

/* Where the closing quote is, or 0. */
static size_t last_quote(const struct scan *scan)
{
    for (size_t i = scan->len; i > scan->pos + 1; i--) {
        if (scan->text[i - 1] == '"' && is_tail(scan, i)) {
            return i - 1;
        }
    }
    return 0;
}

static int to_tail(struct scan *scan, struct token *token)
{
    size_t end = last_quote(scan);
    if (!end) {
        return AT_FAULT_QUOTE;
    }
    token->quoted = true;
    unescape(scan, token, end);
    scan->pos = at_skip_blanks(scan->text, scan->len, end + 1);
    return FINE;
}

/* The blanks before a token. */
static void skip_lead(struct scan *scan, const struct at_param *param)
{
    size_t from = scan->pos;
    scan->pos = at_skip_blanks(scan->text, scan->len, from);
    bool text = param && param->type == AT_STRING && !at_end(scan) && scan->text[scan->pos] != '"';
    if (text && scan->grammar->bare_lead_blanks && scan->pos > from) {
        scan->pos = from + 1;
    }
}

/* param NULL: it is the name of a tag. */
static int take_token(struct scan *scan, const struct at_param *param, struct token *token)
{
    bool free_text = param && param->flags & AT_FREE;
    enum at_free_text rule = !free_text      ? AT_FREE_NONE
                             : scan->lenient ? scan->grammar->free_text_lenient
                                             : scan->grammar->free_text;
    int fault = FINE;
    *token = (struct token){.text = scan->strings};
    if (rule == AT_FREE_REST) {
        token->len = scan->len - scan->pos;
        memcpy(scan->strings, scan->text + scan->pos, token->len);
        scan->pos = scan->len;
    } else {
        skip_lead(scan, param);
        if (rule == AT_FREE_LAST_QUOTE && !at_end(scan)) {
            fault = to_last_quote(scan, token);
        } else if (rule == AT_FREE_LAST_TAIL && !at_end(scan) && scan->text[scan->pos] == '"') {
            fault = to_tail(scan, token);
        } else if (!at_end(scan) && scan->text[scan->pos] == '"' && scan->grammar->quotes) {
            scan->pos++;
            fault = quoted(scan, token);
            scan->pos = at_skip_blanks(scan->text, scan->len, scan->pos);
            if (fault == FINE && !at_end(scan) && scan->text[scan->pos] != ',') {
                fault = AT_FAULT_QUOTE;
            }
        } else {
            fault = bare(scan, token);
        }
    }
    scan->strings[token->len] = '\0';
    scan->strings += token->len + 1;
    return fault;
}

/* True if a further parameter follows. */
static bool take_comma(struct scan *scan)
{
    if (at_end(scan) || scan->text[scan->pos] != ',') {
        return false;
    }
    scan->pos++;
    return true;
}

/* ---- values ---- */

/* Decimal with up to `decimals` digits behind the point, in units of the last of them. */
static int number(const struct token *token, int decimals, int64_t *value)
{
    const char *c = token->text;
    const char *end = c + token->len;
    while (end > c && blank(end[-1])) {
        end--;
    }
    bool negative = c < end && *c == '-';
    c += negative;
    int64_t sum = 0;
    int behind = -1; /* digits behind the point; -1 before it */
    bool digits = false;
    for (; c < end; c++) {
        if (*c == '.' && behind < 0 && decimals > 0 && digits) {
            behind = 0;
            continue;
        }
        if (*c < '0' || *c > '9' || behind == decimals) {
            return AT_FAULT_SYNTAX;
        }
        if (sum > (INT64_MAX - 9) / 10) {
            return AT_FAULT_RANGE;
        }
        sum = sum * 10 + (*c - '0');
        digits = true;
        behind += behind >= 0;
    }
    if (!digits || behind == 0) {
        return AT_FAULT_SYNTAX;
    }
    for (int i = behind < 0 ? 0 : behind; i < decimals; i++) {
        if (sum > INT64_MAX / 10) {
            return AT_FAULT_RANGE;
        }
        sum *= 10;
    }
    *value = negative ? -sum : sum;
    return FINE;
}

static int choice(const struct at_param *param, const struct token *token, int64_t *value)
{
    int (*compare)(const char *, const char *, size_t) =
        param->flags & AT_CASE ? strncmp : strncasecmp;
    for (int i = 0; param->choices[i]; i++) {
        if (strlen(param->choices[i]) == token->len &&
            compare(param->choices[i], token->text, token->len) == 0) {
            *value = i;
            return FINE;
        }
    }
    return AT_FAULT_RANGE;
}

/* The NUL behind it moves along. */
static void trim(struct token *token)
{
    while (token->len && blank(token->text[token->len - 1])) {
        token->len--;
    }
    size_t lead = at_skip_blanks(token->text, token->len, 0);
    token->text += lead;
    token->len -= lead;
    token->text[token->len] = '\0';
}

static int convert(const struct scan *scan, const struct at_param *param, struct token *token,
                   struct at_value *value)
{
    if (param->flags & AT_TRIM) {
        trim(token);
    }
    if (!token->len && !token->quoted && !(param->flags & AT_EMPTY)) {
        return param->flags & AT_OPTIONAL ? FINE : AT_FAULT_EMPTY;
    }
    bool wide = scan->lenient && (param->lenient_min || param->lenient_max);
    int64_t min = wide ? param->lenient_min : param->min;
    int64_t max = wide ? param->lenient_max : param->max;
    int fault = FINE;
    switch (param->type) {
    case AT_INT:
    case AT_DECIMAL:
        fault = number(token, param->type == AT_DECIMAL ? 3 : 0, &value->number);
        if (fault == FINE && (value->number < min || value->number > max)) {
            fault = AT_FAULT_RANGE;
        }
        break;
    case AT_CHOICE:
        fault = choice(param, token, &value->number);
        break;
    case AT_STRING:
        if ((int64_t)token->len < min) {
            fault = AT_FAULT_EMPTY;
        } else if ((int64_t)token->len > max) {
            fault = AT_FAULT_TOO_LONG;
        } else if (param->valid && !param->valid(token->text, token->len)) {
            fault = AT_FAULT_INVALID;
        }
        break;
    }
    value->present = fault == FINE;
    value->text = token->text;
    value->len = token->len;
    return fault;
}

static int parse_params(struct scan *scan, struct at_call *call, bool *more)
{
    const struct at_command *command = call->command;
    int wrong = FINE; /* of the first bad value */
    for (size_t i = 0; i < command->param_count; i++) {
        const struct at_param *param = &command->params[i];
        if (!*more) {
            if (!(param->flags & AT_OPTIONAL)) {
                return AT_FAULT_MISSING;
            }
            continue;
        }
        struct token token;
        int fault = take_token(scan, param, &token);
        if (fault != FINE) {
            return fault;
        }
        fault = convert(scan, param, &token, &call->params[i]);
        if (fault == AT_FAULT_EMPTY || (fault != FINE && !scan->grammar->counts_first)) {
            return fault;
        }
        wrong = wrong == FINE ? fault : wrong;
        *more = take_comma(scan);
    }
    return *more && !command->tag_count ? (int)AT_FAULT_EXTRA : wrong;
}

static int parse_tags(struct scan *scan, struct at_call *call, bool *more)
{
    const struct at_command *command = call->command;
    if (!*more) {
        return AT_FAULT_MISSING;
    }
    while (*more) {
        struct token token;
        int fault = take_token(scan, NULL, &token);
        if (fault != FINE) {
            return fault;
        }
        size_t i = 0;
        while (i < command->tag_count && strcasecmp(command->tags[i].name, token.text) != 0) {
            i++;
        }
        if (i == command->tag_count || call->tags[i].present || !take_comma(scan)) {
            return AT_FAULT_TAG;
        }
        fault = take_token(scan, &command->tags[i], &token);
        if (fault == FINE) {
            fault = convert(scan, &command->tags[i], &token, &call->tags[i]);
        }
        if (fault != FINE) {
            return fault;
        }
        *more = take_comma(scan);
    }
    return FINE;
}

int at_parse(const struct at *at, struct at_call *call, const char *text, size_t len,
             char **strings, size_t *used)
{
    const struct at_command *command = call->command;
    /* unescaping never makes a text longer; each of the tokens gets a NUL */
    *strings = mem_zeroed(len + AT_PARAMS_MAX + 2 * AT_TAGS_MAX + 2);
    struct scan scan = {
        .grammar = at->grammar,
        .lenient = at->config.lenient,
        .separator = command->flags & AT_WHOLE_LINE ? '\0' : at->grammar->separator,
        .text = text,
        .len = len,
        .strings = *strings,
    };
    bool more = true;
    int fault = parse_params(&scan, call, &more);
    if (fault == FINE && command->tag_count) {
        fault = parse_tags(&scan, call, &more);
    }
    if (fault == FINE && !at_end(&scan)) {
        fault = AT_FAULT_SYNTAX;
    }
    *used = scan.pos;
    return fault;
}
