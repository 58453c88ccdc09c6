#include "service/coap/coap_blocks.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

enum {
    SZX_MAX = 6,
    SZX_RESERVED = 7,
    OVERHEAD = 20, /* of Block1 or Block2, Size1, their longest deltas, and the payload marker */
    CONTINUE = 231,
    TOO_LARGE = 413,
};

struct block {
    size_t number;
    bool more;
    unsigned szx;
};

static size_t size_of(unsigned szx)
{
    return (size_t)16 << szx;
}

void coap_blocks_init(struct coap_blocks *blocks, const void *body, size_t len, size_t room)
{
    *blocks = (struct coap_blocks){.body = body, .len = len, .szx = SZX_MAX};
    room = room > OVERHEAD ? room - OVERHEAD : 0;
    while (blocks->szx > 0 && size_of(blocks->szx) > room) {
        blocks->szx--;
    }
    blocks->upload = len > size_of(blocks->szx);
    blocks->fits = size_of(blocks->szx) <= room;
}

static void forget_answer(struct coap_blocks *blocks)
{
    for (size_t i = 0; i < blocks->option_count; i++) {
        free((void *)(uintptr_t)blocks->options[i].bytes);
    }
    free(blocks->options);
    blocks->options = NULL;
    blocks->option_count = 0;
    blocks->etag_len = 0;
    blocks->code = 0;
    buf_clear(&blocks->answer);
}

void coap_blocks_free(struct coap_blocks *blocks)
{
    forget_answer(blocks);
    buf_free(&blocks->answer);
}

void coap_blocks_restart(struct coap_blocks *blocks)
{
    forget_answer(blocks);
    blocks->offset = 0;
    blocks->download = false;
}

/* ---- requests ---- */

static void add_number(struct coap_blocks_step *step, coap_option_num_t option, size_t value)
{
    size_t count = step->option_count++;
    step->options[count].number = option;
    step->options[count].len = coap_encode_var_safe(
        step->options[count].bytes, sizeof step->options[count].bytes, (unsigned)value);
}

static void add_block(struct coap_blocks_step *step, coap_option_num_t option, struct block block)
{
    add_number(step, option, block.number << 4 | (block.more ? 8U : 0U) | block.szx);
}

/* Of the body, in the present step. */
static size_t piece(const struct coap_blocks *blocks)
{
    size_t left = blocks->len - blocks->offset;
    size_t size = size_of(blocks->szx);
    return blocks->upload && left > size ? size : left;
}

struct coap_blocks_step coap_blocks_step(const struct coap_blocks *blocks)
{
    struct coap_blocks_step step = {0};
    if (blocks->download) {
        size_t number = buf_len(&blocks->answer) / size_of(blocks->down_szx);
        add_block(&step, COAP_OPTION_BLOCK2, (struct block){number, false, blocks->down_szx});
        return step;
    }
    step.bytes = blocks->body + blocks->offset;
    step.len = piece(blocks);
    if (blocks->upload) {
        size_t number = blocks->offset / size_of(blocks->szx);
        bool more = blocks->offset + step.len < blocks->len;
        add_block(&step, COAP_OPTION_BLOCK1, (struct block){number, more, blocks->szx});
    }
    if (blocks->upload && blocks->offset == 0) {
        add_number(&step, COAP_OPTION_SIZE1, blocks->len);
    }
    return step;
}

/* ---- responses ---- */

static coap_opt_t *find(const coap_pdu_t *pdu, coap_option_num_t number)
{
    coap_opt_iterator_t iterator;
    return coap_check_option(pdu, number, &iterator);
}

static bool get_number(const coap_pdu_t *pdu, coap_option_num_t number, size_t *value)
{
    coap_opt_t *option = find(pdu, number);
    if (option) {
        *value = coap_decode_var_bytes(coap_opt_value(option), coap_opt_length(option));
    }
    return option != NULL;
}

static bool get_block(const coap_pdu_t *pdu, coap_option_num_t number, struct block *block)
{
    size_t value = 0;
    bool found = get_number(pdu, number, &value);
    *block = (struct block){value >> 4, value & 8, value & 7};
    return found;
}

static void get_etag(const coap_pdu_t *pdu, uint8_t etag[8], size_t *len)
{
    coap_opt_t *option = find(pdu, COAP_OPTION_ETAG);
    *len = option ? coap_opt_length(option) : 0;
    *len = *len > 8 ? 8 : *len;
    if (*len) {
        memcpy(etag, coap_opt_value(option), *len);
    }
}

static int code_of(const coap_pdu_t *pdu)
{
    unsigned code = coap_pdu_get_code(pdu);
    return (int)((code >> 5) * 100 + (code & 31));
}

static void keep_options(struct coap_blocks *blocks, const coap_pdu_t *pdu)
{
    coap_opt_iterator_t iterator;
    coap_opt_t *option;
    coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
    while ((option = coap_option_next(&iterator))) {
        if (iterator.number == COAP_OPTION_BLOCK1 || iterator.number == COAP_OPTION_BLOCK2) {
            continue;
        }
        size_t len = coap_opt_length(option);
        size_t count = blocks->option_count++;
        blocks->options = mem_resize(blocks->options, (count + 1) * sizeof *blocks->options);
        blocks->options[count] = (struct coap_client_option){
            .number = iterator.number, .bytes = mem_copy(coap_opt_value(option), len), .len = len};
    }
}

/* Of a response; NULL stays if there is none. */
static const uint8_t *payload(const coap_pdu_t *pdu, size_t *len)
{
    const uint8_t *bytes = NULL;
    *len = 0;
    coap_get_data(pdu, len, &bytes);
    return bytes;
}

static enum coap_step broken(const char **why, const char *text)
{
    *why = text;
    return COAP_STEP_BROKEN;
}

/* Takes the payload of a block of the response that follows what is there. */
static enum coap_step take_block(struct coap_blocks *blocks, const coap_pdu_t *pdu,
                                 struct block block, const char **why)
{
    size_t len = 0;
    const uint8_t *bytes = payload(pdu, &len);
    if (block.more ? len != size_of(block.szx) : len > size_of(block.szx)) {
        return broken(why, "a block of the response does not have its size");
    }
    if (buf_len(&blocks->answer) + len > COAP_CLIENT_BODY_MAX) {
        return broken(why, "the response is too large");
    }
    buf_add(&blocks->answer, bytes, len);
    blocks->down_szx = block.szx;
    return block.more ? COAP_STEP_NEXT : COAP_STEP_DONE;
}

/* The first (mostly the only) datagram of the final response. */
static enum coap_step take_first(struct coap_blocks *blocks, const coap_pdu_t *pdu,
                                 const char **why)
{
    struct block block;
    size_t size = 0;
    bool in_blocks = get_block(pdu, COAP_OPTION_BLOCK2, &block);
    forget_answer(blocks);
    blocks->code = code_of(pdu);
    keep_options(blocks, pdu);
    get_etag(pdu, blocks->etag, &blocks->etag_len);
    if (!in_blocks) {
        size_t len = 0;
        const uint8_t *bytes = payload(pdu, &len);
        buf_add(&blocks->answer, bytes, len);
        return COAP_STEP_DONE;
    }
    if (block.szx == SZX_RESERVED) {
        return broken(why, "a block of the response has a reserved size");
    }
    if (block.number != 0) {
        return broken(why, "the response does not begin with its first block");
    }
    if (get_number(pdu, COAP_OPTION_SIZE2, &size) && size > COAP_CLIENT_BODY_MAX) {
        return broken(why, "the response is too large");
    }
    blocks->download = block.more;
    return take_block(blocks, pdu, block, why);
}

static enum coap_step take_further(struct coap_blocks *blocks, const coap_pdu_t *pdu,
                                   const char **why)
{
    struct block block;
    uint8_t etag[8];
    size_t etag_len = 0;
    if (code_of(pdu) >= 400) {
        return take_first(blocks, pdu, why); /* the server has thought better of it */
    }
    if (!get_block(pdu, COAP_OPTION_BLOCK2, &block)) {
        return broken(why, "a block of the response is none");
    }
    if (block.szx > blocks->down_szx) {
        return broken(why, "a block of the response has another size");
    }
    if (block.number * size_of(block.szx) != buf_len(&blocks->answer)) {
        return broken(why, "a block of the response has a wrong number");
    }
    get_etag(pdu, etag, &etag_len);
    if (code_of(pdu) != blocks->code || etag_len != blocks->etag_len ||
        memcmp(etag, blocks->etag, etag_len) != 0) {
        return broken(why, "the response has changed while it came");
    }
    return take_block(blocks, pdu, block, why);
}

/* A success while the body is under way. */
static enum coap_step take_progress(struct coap_blocks *blocks, const coap_pdu_t *pdu,
                                    const char **why)
{
    struct block block;
    bool last = blocks->offset + piece(blocks) == blocks->len;
    bool found = get_block(pdu, COAP_OPTION_BLOCK1, &block);
    if (last && code_of(pdu) == CONTINUE) {
        return broken(why, "the server wants more than there is");
    }
    if (!found) {
        return last ? take_first(blocks, pdu, why)
                    : broken(why, "the server has answered before it had everything");
    }
    if (block.szx == SZX_RESERVED || block.number * size_of(blocks->szx) != blocks->offset) {
        return broken(why, "the server has acknowledged another block");
    }
    if (last) {
        return take_first(blocks, pdu, why);
    }
    blocks->offset += piece(blocks);
    if (block.szx < blocks->szx) {
        blocks->szx = block.szx;
    }
    return COAP_STEP_NEXT;
}

/* 4.13 to the first block, with a smaller size (RFC 7959 2.9.3). */
static bool wants_smaller(const struct coap_blocks *blocks, const coap_pdu_t *pdu,
                          struct block *block)
{
    return code_of(pdu) == TOO_LARGE && blocks->offset == 0 &&
           get_block(pdu, COAP_OPTION_BLOCK1, block) && block->szx < blocks->szx;
}

enum coap_step coap_blocks_take(struct coap_blocks *blocks, const coap_pdu_t *pdu, const char **why)
{
    struct block block;
    if (blocks->download) {
        return take_further(blocks, pdu, why);
    }
    if (wants_smaller(blocks, pdu, &block)) {
        blocks->szx = block.szx;
        blocks->upload = blocks->len > size_of(blocks->szx);
        return COAP_STEP_NEXT;
    }
    if (blocks->upload && code_of(pdu) / 100 == 2) {
        return take_progress(blocks, pdu, why);
    }
    return take_first(blocks, pdu, why);
}
