/* Certificates made on the spot, as PEM files in a folder:
 *
 *     ca.pem, foreign.pem                   two authorities
 *     server, expired, wrong, client        NAME.pem and NAME.key, signed by ca.pem; server is for
 *                                           localhost and 127.0.0.1, wrong for another host
 *     both.pem                              client.pem and client.key in one file
 *     locked.key                            client.key with a pass phrase
 */
#ifndef TESTS_SUPPORT_CERTS_H
#define TESTS_SUPPORT_CERTS_H

void certs_create(const char *folder);

#endif
