/* What fuzzing has found, and where it begins: each target on each file of its corpus. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants those above first. */
#include <cmocka.h>
#include <dirent.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp.h"

/* Fails where there is none. Also cut short: in half, and to nothing. */
static void replay(const char *name, void (*target)(const uint8_t *bytes, size_t len))
{
    char *folder = mem_printf("tests/fuzz/corpus/%s", name);
    DIR *entries = opendir(folder);
    unsigned count = 0;
    assert_non_null(entries);
    for (const struct dirent *entry; (entry = readdir(entries));) {
        if (*entry->d_name != '.') {
            size_t len = 0;
            char *path = temp_path(folder, entry->d_name);
            char *bytes = temp_read(path, &len);
            assert_non_null(bytes);
            target((uint8_t *)bytes, len);
            target((uint8_t *)bytes, len / 2);
            free(bytes);
            free(path);
            count++;
        }
    }
    target((const uint8_t *)"", 0);
    assert_true(count > 0);
    closedir(entries);
    free(folder);
}

#define TEST(name)                                                                                 \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        replay(#name, fuzz_##name);                                                                \
    }
FUZZ_TARGETS(TEST)

int main(void)
{
#define ROW(name) cmocka_unit_test(test_##name),
    const struct CMUnitTest tests[] = {FUZZ_TARGETS(ROW)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
