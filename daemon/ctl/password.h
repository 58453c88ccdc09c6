/* A password that does not stand on the command line. */
#ifndef CTL_PASSWORD_H
#define CTL_PASSWORD_H

/* The first line of stdin; on a terminal it is asked for and not shown. The caller wipes and frees
 * it. NULL, with a message on stderr: there is none. */
char *password_read(void);

/* A copy of an argument, which is overwritten so that no list of processes shows it any longer. */
char *password_take(char *argument);

#endif
