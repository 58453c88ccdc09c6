#include "service/ppp/ppp_frame.h"

#include "base/crc16.h"

enum { ESCAPE = 0x7d, FLIP = 0x20, ADDRESS = 0xff, CONTROL = 0x03, FCS = 2 };

/* Address and control may be left out, and so may the first byte of a protocol below 256 (RFC 1661
 * 6.5, 6.6), whether that was agreed or not. */
static bool unpack(const uint8_t *bytes, size_t len, struct ppp_packet *packet)
{
    if (len >= 2 && bytes[0] == ADDRESS && bytes[1] == CONTROL) {
        bytes += 2;
        len -= 2;
    }
    size_t size = len && bytes[0] & 1 ? 1 : 2;
    if (len < size || !(bytes[size - 1] & 1)) {
        return false;
    }
    packet->protocol = (uint16_t)(size == 1 ? bytes[0] : bytes[0] << 8 | bytes[1]);
    packet->bytes = bytes + size;
    packet->len = len - size;
    return true;
}

/* At a flag. */
static bool end_frame(struct ppp_frames *frames, struct ppp_packet *packet)
{
    size_t len = frames->len;
    bool empty = !frames->in_frame || (!len && !frames->spoilt); /* flags in a row */
    bool aborted = frames->escape;
    bool whole = !empty && !frames->spoilt && !aborted && len > FCS;
    frames->len = 0;
    frames->in_frame = true;
    frames->escape = frames->spoilt = false;
    if (whole) {
        const uint8_t *fcs = frames->bytes + len - FCS;
        bool good = crc16_x25(frames->bytes, len - FCS) == (fcs[0] | fcs[1] << 8);
        if (good && unpack(frames->bytes, len - FCS, packet)) {
            return true;
        }
    }
    frames->bad += !empty;
    return false;
}

static void take_byte(struct ppp_frames *frames, uint8_t byte)
{
    if (!frames->in_frame || (byte < 0x20 && frames->accm >> byte & 1)) {
        return;
    }
    if (byte == ESCAPE) {
        frames->escape = true;
        return;
    }
    if (frames->escape) {
        frames->escape = false;
        byte ^= FLIP;
    }
    if (frames->len == sizeof frames->bytes) {
        frames->spoilt = true;
    } else {
        frames->bytes[frames->len++] = byte;
    }
}

size_t ppp_frames_take(struct ppp_frames *frames, const uint8_t *bytes, size_t len,
                       struct ppp_packet *packet, bool *found)
{
    *found = false;
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != PPP_FRAME_FLAG) {
            take_byte(frames, bytes[i]);
        } else if (end_frame(frames, packet)) {
            *found = true;
            return i + 1;
        }
    }
    return len;
}

/* ---- out ---- */

static void put_byte(struct buf *out, uint32_t accm, uint8_t byte)
{
    if (byte == PPP_FRAME_FLAG || byte == ESCAPE || (byte < 0x20 && accm >> byte & 1)) {
        buf_add_byte(out, ESCAPE);
        byte ^= FLIP;
    }
    buf_add_byte(out, (char)byte);
}

void ppp_frame_put(struct buf *out, uint32_t accm, uint16_t protocol, const void *bytes, size_t len)
{
    struct buf frame = {0};
    const uint8_t head[] = {ADDRESS, CONTROL, (uint8_t)(protocol >> 8), (uint8_t)protocol};
    buf_add(&frame, head, sizeof head);
    buf_add(&frame, bytes, len);
    uint16_t fcs = crc16_x25(buf_bytes(&frame), buf_len(&frame));
    const uint8_t tail[] = {(uint8_t)fcs, (uint8_t)(fcs >> 8)};
    buf_add(&frame, tail, sizeof tail);
    buf_add_byte(out, PPP_FRAME_FLAG);
    for (size_t i = 0; i < buf_len(&frame); i++) {
        put_byte(out, accm, (uint8_t)buf_bytes(&frame)[i]);
    }
    buf_add_byte(out, PPP_FRAME_FLAG);
    buf_free(&frame);
}
