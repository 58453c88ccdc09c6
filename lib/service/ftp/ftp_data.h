/* Private to the FTP service: the data connection of one transfer. */
#ifndef SERVICE_FTP_FTP_DATA_H
#define SERVICE_FTP_FTP_DATA_H

#include <stdbool.h>
#include <stddef.h>

#include "service/ftp/ftp_address.h"

struct ev_loop;
struct ftp_data;

/* All come from the loop, and may call ftp_data_destroy(). */
struct ftp_data_events {
    /* It is there, as error 0; else it will never be. */
    void (*open)(void *ctx, int error);
    size_t (*data)(void *ctx, const char *bytes, size_t len);
    void (*writable)(void *ctx);
    /* Once: error 0: the peer has closed it and all was delivered, or it is closed as
     * ftp_data_end() wanted. */
    void (*ended)(void *ctx, int error);
};

struct ftp_data *ftp_data_create(struct ev_loop *loop, const struct ftp_data_events *events,
                                 void *ctx);
/* Closes at once, without an event. NULL is fine. */
void ftp_data_destroy(struct ftp_data *data);

/* Passive mode: goes to the peer. False with errno set. */
bool ftp_data_connect(struct ftp_data *data, const union ftp_address *peer);
/* Active mode: waits for it to come; from elsewhere nobody is taken. *own is where. False with
 * errno set. */
bool ftp_data_listen(struct ftp_data *data, const union ftp_address *peer, union ftp_address *own);

bool ftp_data_is_open(const struct ftp_data *data);
size_t ftp_data_send(struct ftp_data *data, const char *bytes, size_t len);
size_t ftp_data_unsent(const struct ftp_data *data);
/* Closes it when all is sent. */
void ftp_data_end(struct ftp_data *data);
void ftp_data_resume(struct ftp_data *data);

#endif
