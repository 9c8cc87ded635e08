// Preloaded into PostgreSQL by commit.test.mjs: while the file that $SLOW_WHILE names exists, each
// fdatasync takes 200 ms longer. Whoever answers earlier has not waited for its commit.
#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int fdatasync(int fd) {
    const char* file = getenv("SLOW_WHILE");
    if (file != NULL && access(file, F_OK) == 0) {
        struct timespec left = {0, 200 * 1000 * 1000};
        // PostgreSQL's processes wake each other with signals.
        while (nanosleep(&left, &left) != 0 && errno == EINTR)
            continue;
    }
    return (int)syscall(SYS_fdatasync, fd);
}
