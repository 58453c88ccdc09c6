#include "tests/support/certs.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
/* cmocka wants those above first. */
#include <cmocka.h>

#include "tests/support/temp.h"

enum { DAY = 24 * 60 * 60 };

struct identity {
    EVP_PKEY *key;
    X509 *certificate;
};

static FILE *create(const char *folder, const char *name, const char *suffix, const char *mode)
{
    char *path = mem_printf("%s/%s%s", folder, name, suffix);
    FILE *file = fopen(path, mode);
    assert_non_null(file);
    free(path);
    return file;
}

static void extend(X509 *certificate, int kind, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, kind, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

/* issuer NULL: signed by itself. names NULL: an authority. */
static struct identity issue(const struct identity *issuer, const char *common_name,
                             const char *names, long until)
{
    struct identity made = {EVP_EC_gen("P-256"), X509_new()};
    X509 *certificate = made.certificate;
    X509_NAME *name = X509_get_subject_name(certificate);
    X509_set_version(certificate, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), rand());
    X509_gmtime_adj(X509_getm_notBefore(certificate), -2L * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), until);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1, -1,
                               0);
    const struct identity *signer = issuer ? issuer : &made;
    X509_set_issuer_name(certificate, X509_get_subject_name(signer->certificate));
    X509_set_pubkey(certificate, made.key);
    extend(certificate, NID_basic_constraints, names ? "critical,CA:FALSE" : "critical,CA:TRUE");
    if (names) {
        extend(certificate, NID_subject_alt_name, names);
    }
    assert_int_not_equal(X509_sign(certificate, signer->key, EVP_sha256()), 0);
    return made;
}

static void forget(struct identity *identity)
{
    EVP_PKEY_free(identity->key);
    X509_free(identity->certificate);
}

static void write_key(FILE *file, EVP_PKEY *key)
{
    assert_int_equal(PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL), 1);
}

static struct identity write_identity(const char *folder, const char *name,
                                      const struct identity *issuer, const char *names, long until)
{
    struct identity made = issue(issuer, name, names, until);
    FILE *file = create(folder, name, ".pem", "w");
    PEM_write_X509(file, made.certificate);
    fclose(file);
    file = create(folder, name, ".key", "w");
    write_key(file, made.key);
    fclose(file);
    return made;
}

void certs_create(const char *folder)
{
    struct identity ca = write_identity(folder, "ca", NULL, NULL, 30L * DAY);
    struct identity foreign = write_identity(folder, "foreign", NULL, NULL, 30L * DAY);
    struct identity server =
        write_identity(folder, "server", &ca, "DNS:localhost,IP:127.0.0.1", 30L * DAY);
    struct identity expired =
        write_identity(folder, "expired", &ca, "DNS:localhost,IP:127.0.0.1", -1L * DAY);
    struct identity wrong = write_identity(folder, "wrong", &ca, "DNS:broker.example", 30L * DAY);
    struct identity client = write_identity(folder, "client", &ca, "DNS:client", 30L * DAY);

    FILE *file = create(folder, "both", ".pem", "w");
    PEM_write_X509(file, client.certificate);
    write_key(file, client.key);
    fclose(file);
    file = create(folder, "locked", ".key", "w");
    PEM_write_PrivateKey(file, client.key, EVP_aes_128_cbc(), (const unsigned char *)"secret", 6,
                         NULL, NULL);
    fclose(file);

    forget(&ca);
    forget(&foreign);
    forget(&server);
    forget(&expired);
    forget(&wrong);
    forget(&client);
}
