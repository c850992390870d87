/* Makes every fsync as slow as on a cloud volume: so many milliseconds more, told by MAITRED_BENCH_FSYNC_MS.
   Preloaded into the benches that ask how we do on a slow disk; nothing of the product uses it. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void linger(void) {
    const char *told = getenv("MAITRED_BENCH_FSYNC_MS");
    long ms = told ? strtol(told, NULL, 10) : 0;
    struct timespec rest = {ms / 1000, (ms % 1000) * 1000000L};
    nanosleep(&rest, NULL);
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    linger();
    return real(file);
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    linger();
    return real(file);
}
