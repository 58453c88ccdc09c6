#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "dialect/dialect.h"
#include "tests/fuzz/fuzz.h"
#include "tests/support/temp.h"

char *fuzz_text(struct fuzz_input *input, char end, size_t *len)
{
    const uint8_t *found = input->len ? memchr(input->bytes, end, input->len) : NULL;
    *len = found ? (size_t)(found - input->bytes) : input->len;
    char *text = mem_copy(input->bytes, *len);
    size_t taken = *len + (found != NULL);
    input->bytes += taken;
    input->len -= taken;
    return text;
}

const struct dialect *fuzz_dialect(struct fuzz_input *input)
{
    size_t count = 1;
    while (dialects[count]) {
        count++;
    }
    return dialects[fuzz_byte(input) % count];
}

/* A test target has no other place for what lives as long as its process. */
static char *folder, *file;
static pid_t owner;

static void clean(void)
{
    if (getpid() == owner) {
        temp_remove(folder);
        free(file);
    }
}

const char *fuzz_folder(void)
{
    if (!folder) {
        folder = temp_folder();
        file = temp_path(folder, "file");
        owner = getpid();
        atexit(clean);
    }
    return folder;
}

const char *fuzz_file(const uint8_t *bytes, size_t len)
{
    fuzz_folder();
    temp_write(file, bytes, len);
    return file;
}
