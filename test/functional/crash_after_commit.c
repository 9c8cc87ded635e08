// Preloaded into workers: the first of them to learn that a COMMIT succeeded while the file that
// $CRASH_AFTER_COMMIT names exists removes that file and dies, with nothing answered. So exactly
// one worker dies between COMMIT and answer, and a test sees by the file that it did.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct pg_conn;
struct pg_result;

struct pg_result* PQgetResult(struct pg_conn* connection) {
    static struct pg_result* (*next)(struct pg_conn*);
    static char* (*command_of)(struct pg_result*);
    if (next == NULL) {
        command_of = (char* (*)(struct pg_result*))dlsym(RTLD_NEXT, "PQcmdStatus");
        next = (struct pg_result * (*)(struct pg_conn*)) dlsym(RTLD_NEXT, "PQgetResult");
    }
    struct pg_result* result = next(connection);
    const char* file = getenv("CRASH_AFTER_COMMIT");
    if (result == NULL || file == NULL || strcmp(command_of(result), "COMMIT") != 0) return result;
    // unlink is atomic: of two workers only one dies.
    if (unlink(file) == 0) kill(getpid(), SIGKILL);
    return result;
}
