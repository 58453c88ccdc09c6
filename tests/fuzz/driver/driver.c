/* libFuzzer's entry; FUZZ_NAME is the target that the program is for. */
#include "tests/fuzz/fuzz.h"

#ifndef FUZZ_NAME
#define FUZZ_NAME at /* for checkers of sources, which are not told */
#endif

#define JOIN_(a, b) a##b
#define JOIN(a, b)  JOIN_(a, b)

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    JOIN(fuzz_, FUZZ_NAME)(bytes, len);
    return 0;
}
