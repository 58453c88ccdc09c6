/* Who the module says it is: the settings `[identity]`. */
#ifndef DIALECT_IDENTITY_H
#define DIALECT_IDENTITY_H

struct settings_group;

struct identity_settings {
    const char *manufacturer;
    const char *model;
    const char *revision;
    const char *hardware;
    const char *imei;
    const char *imsi;  /* empty: no SIM */
    const char *iccid; /* empty: no SIM */
    const char *mac;   /* "XX:XX:XX:XX:XX:XX" or empty; for struct wifi_options */
};
extern const struct settings_group identity_settings_group;

#endif
