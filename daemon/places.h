/* Where things live: state folder, runtime folder, profiles. */
#ifndef DAEMON_PLACES_H
#define DAEMON_PLACES_H

#include <stdbool.h>

struct log;

struct places {
    char *state;   /* NVRAM files and the lock */
    char *runtime; /* links */
    int lock;      /* descriptor that holds the lock, or -1 */
};

/* Finds the folders: -S (option, may be NULL), else $STATE_DIRECTORY, else the user's; the runtime
 * folder is $RUNTIME_DIRECTORY, else the state folder. Creates nothing. */
void places_find(struct places *places, const char *option);
void places_free(struct places *places);

/* Creates the folders and takes the lock. False with the reason in the log. */
bool places_enter(struct places *places, struct log *log);

/* The file of a profile, or NULL: $ATMODEMD_PROFILES, /etc/atmodemd/profiles, conf/profiles in the
 * nearest ancestor of the program, the installed data folder. The caller frees it. */
char *places_profile(const char *name);

#endif
