/* Private to the FTP service: addresses of data connections in commands and replies. */
#ifndef SERVICE_FTP_FTP_ADDRESS_H
#define SERVICE_FTP_FTP_ADDRESS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

union ftp_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* From a number; false if it is none. */
bool ftp_address_set(union ftp_address *address, const char *number, int port);
socklen_t ftp_address_len(const union ftp_address *address);
int ftp_address_port(const union ftp_address *address);
/* Whether both are the same but for the port. */
bool ftp_address_same_host(const union ftp_address *a, const union ftp_address *b);

/* The port in the text of a reply to PASV (227: RFC 959 4.1.2) or EPSV (229: RFC 2428 3), or 0. The
 * address there is left alone: behind a redirect or NAT it is wrong, and elsewhere a trap. */
int ftp_address_passive_port(int code, const char *text);

/* "PORT ..." or "EPRT ...". */
void ftp_address_command(const union ftp_address *address, char *text, size_t size);

#endif
