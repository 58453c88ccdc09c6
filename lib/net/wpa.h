/* A conversation with wpa_supplicant over its control interface: a datagram socket in the file
 * system, commands and answers in plain text, one answer for each command, and between them what it
 * tells unasked ("<3>CTRL-EVENT-CONNECTED ..."). Private to lib/net.
 *
 * This end has an abstract name that the kernel chooses (unix(7)): it leaves no file behind. */
#ifndef NET_WPA_H
#define NET_WPA_H

struct ev_loop;
struct log;
struct wpa;

/* From the loop; each may close the conversation. The text is the callee's to read during the call.
 */
struct wpa_events {
    /* To wpa_ask(), without the newline at its end. */
    void (*answer)(void *ctx, const char *text);
    /* Without "<3>" in front. */
    void (*told)(void *ctx, const char *text);
    /* wpa_supplicant has gone; nothing more comes. */
    void (*gone)(void *ctx);
};

/* FOLDER/INTERFACE is the socket. NULL with the reason in the log: it is not there, or this process
 * may not write to it. */
struct wpa *wpa_open(struct ev_loop *loop, struct log *log, const char *folder,
                     const char *interface, const struct wpa_events *events, void *ctx);
/* NULL is fine. */
void wpa_close(struct wpa *wpa);

/* Sends a command, to which an answer is to come; one at a time. That it cannot be sent is told by
 * gone(). */
void wpa_ask(struct wpa *wpa, const char *command);

/* Sends a command whose answer does not matter: the last ones before wpa_close(). */
void wpa_say(struct wpa *wpa, const char *command);

#endif
