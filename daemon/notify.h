/* systemd's notification protocol (sd_notify(3)): one datagram to $NOTIFY_SOCKET. Does nothing
 * where there is none. */
#ifndef DAEMON_NOTIFY_H
#define DAEMON_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void notify_send(const char *state);

/* A reload begins; READY=1 ends it (sd_notify(3): RELOADING=1 with the time). */
void notify_reloading(void);

/* How often WATCHDOG=1 is wanted, in seconds (half the limit); 0: not at all. */
double notify_watchdog_interval(void);

#endif
