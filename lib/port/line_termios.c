/* Speeds that have no name (74880, 250000 ...) need struct termios2, which only the kernel's header
 * has; that one clashes with <termios.h>, so this file does all that touches both. */
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

#include "port/line.h"

/* Where there is a name it is used: programs that know no other way read the speed from it. */
static tcflag_t speed_flag(int baud)
{
    static const struct {
        int baud;
        tcflag_t flag;
    } named[] = {
        {300, B300},         {600, B600},         {1200, B1200},       {1800, B1800},
        {2400, B2400},       {4800, B4800},       {9600, B9600},       {19200, B19200},
        {38400, B38400},     {57600, B57600},     {115200, B115200},   {230400, B230400},
        {460800, B460800},   {500000, B500000},   {576000, B576000},   {921600, B921600},
        {1000000, B1000000}, {1152000, B1152000}, {1500000, B1500000}, {2000000, B2000000},
        {2500000, B2500000}, {3000000, B3000000}, {3500000, B3500000}, {4000000, B4000000},
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        if (named[i].baud == baud) {
            return named[i].flag;
        }
    }
    return BOTHER;
}

static void put_speed(struct termios2 *termios, int baud)
{
    termios->c_cflag &= ~(tcflag_t)(CBAUD | CIBAUD); /* input goes at the speed of output */
    termios->c_cflag |= speed_flag(baud);
    termios->c_ispeed = termios->c_ospeed = (speed_t)baud;
}

unsigned line_flags(const struct port_line *line)
{
    tcflag_t flags = line->data_bits == 7 ? CS7 : CS8;
    if (line->parity != 'N') {
        flags |= PARENB;
    }
    if (line->parity == 'O') {
        flags |= PARODD;
    }
    if (line->stop_bits == 2) {
        flags |= CSTOPB;
    }
    if (line->flow == PORT_FLOW_RTSCTS) {
        flags |= CRTSCTS;
    }
    return flags;
}

bool line_apply(int fd, const struct port_line *line)
{
    struct termios2 termios;
    if (ioctl(fd, TCGETS2, &termios) != 0) {
        return false;
    }
    /* A break is nothing that a host types. A byte whose parity is wrong is dropped. */
    termios.c_iflag = line->parity == 'N' ? IGNBRK : IGNBRK | INPCK | IGNPAR;
    termios.c_oflag = 0;
    termios.c_lflag = 0;
    termios.c_cflag &= ~(tcflag_t)(CSIZE | PARENB | PARODD | CMSPAR | CSTOPB | CRTSCTS);
    termios.c_cflag |= CREAD | CLOCAL | line_flags(line);
    termios.c_cc[VMIN] = 1;
    termios.c_cc[VTIME] = 0;
    put_speed(&termios, line->baud);
    return ioctl(fd, TCSETS2, &termios) == 0;
}

bool line_set_speed(int fd, int baud)
{
    struct termios2 termios;
    if (ioctl(fd, TCGETS2, &termios) != 0) {
        return false;
    }
    put_speed(&termios, baud);
    return ioctl(fd, TCSETS2, &termios) == 0;
}

int line_speed(int fd)
{
    struct termios2 termios;
    return ioctl(fd, TCGETS2, &termios) == 0 ? (int)termios.c_ospeed : 0;
}
