/* A network namespace of the test's own, so that it may do with interfaces as it likes. */
#ifndef TESTS_SUPPORT_NETNS_H
#define TESTS_SUPPORT_NETNS_H

#include <stdbool.h>

/* For the first line of main(), before there is a thread. False: the system does not let us. */
bool netns_enter(void);

/* Whether that was so. */
bool netns_entered(void);

/* Runs `ip ARGUMENTS`; false if it fails. */
bool netns_ip(const char *arguments, ...) __attribute__((format(printf, 1, 2)));

#endif
