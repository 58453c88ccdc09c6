/* What --list-dialects, --list-settings and --list-commands print: tab-separated, without a header.
 */
#ifndef DAEMON_LISTS_H
#define DAEMON_LISTS_H

struct dialect;

void list_dialects(void);
/* With the defaults of this dialect. */
void list_settings(const struct dialect *dialect);
void list_commands(const struct dialect *dialect);

#endif
