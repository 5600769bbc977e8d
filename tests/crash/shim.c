/*
 * Watches every call by which a process makes something last, and kills the process at one of them.
 *
 * Loaded by LD_PRELOAD, so it sees SQLite's, libpq's and Python's own calls alike and knows nothing
 * of what runs above them. Watched are writes, syncs, truncations, renames and removals of files
 * below CRASH_HOME, and what is sent to a PostgreSQL server whose socket is below CRASH_SOCKET,
 * from the beginning of a writing transaction to its COMMIT.
 *
 * CRASH_CONTROL is a file that the test has mapped too (`struct control`; shim.py knows it as well).
 * CRASH_JOURNAL, if set, gets all that was done to files, in order: from it the test works out what
 * a power cut would have left.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define SECTOR 512
#define SEEN 65536
#define MAX_FD 4096
#define PATH 1024

enum side { PASS = 0, BEFORE = 1, TORN = 2, AFTER = 3 };

struct call {
    char kind[12];
    char file[52];
};

struct control {
    uint64_t seen;    /* calls since the test set this to zero */
    uint64_t written; /* calls in the journal */
    uint64_t left;    /* how many calls like `wanted` are still to come; 0: kill nobody */
    uint64_t side;
    struct call wanted;
    struct call hit; /* where the process was killed */
    struct call calls[SEEN];
};

struct entry { /* of the journal; the path and the data follow */
    char kind[12];
    uint32_t path_size;
    uint64_t at;
    uint64_t size;
};

static struct control *control;
static const char *home;
static const char *socket_folder;
static size_t home_size;
static int journal = -1;
static pthread_mutex_t door = PTHREAD_MUTEX_INITIALIZER;
static char is_writing[MAX_FD]; /* connections with an open writing transaction */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CRASH_CONTROL");
    const char *kept = getenv("CRASH_JOURNAL");
    home = getenv("CRASH_HOME");
    socket_folder = getenv("CRASH_SOCKET");
    if (path == NULL || home == NULL) return;
    home_size = strlen(home);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || mapped == MAP_FAILED) abort(); /* a run that nobody watches would prove nothing */
    close(fd);
    if (kept != NULL) {
        journal = open(kept, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (journal < 0) abort();
    }
    control = mapped;
}

static void die(const struct call *call) {
    control->hit = *call;
    control->left = 0;
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

/* The first two parts of a path below the home: what comes after that is never the same, nor is
 * the middle of a name like `.backup.x7d0q2ab.partial`. */
static void name_file(const char *path, struct call *call) {
    int parts = 0;
    if (path[home_size] == '\0') {
        strcpy(call->file, ".");
        return;
    }
    size_t size = 0;
    for (const char *at = path + home_size + 1; *at && size < sizeof call->file - 1; at++) {
        if (*at == '/' && ++parts == 2) break;
        call->file[size++] = *at;
    }
    call->file[size] = '\0';
    char *from = call->file[0] == '.' ? call->file : strstr(call->file, "/.");
    char *to = from == NULL ? NULL : strstr(from, ".partial");
    char *name = from == NULL || *from == '.' ? from : from + 1;
    if (to == NULL) return;
    memmove(name, to, strlen(to) + 1);
    size = strlen(call->file);
    memset(call->file + size, 0, sizeof call->file - size);
}

static int is_ours(const char *path) {
    return strncmp(path, home, home_size) == 0 && path[home_size] == '/';
}

static int path_of(int fd, char path[PATH]) {
    char link[32];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH - 1);
    if (size < 0) return 0;
    path[size] = '\0';
    return is_ours(path) || strcmp(path, home) == 0;
}

/* Count a call; return what is to become of the process, if it is this one's turn. */
static enum side count(struct call *call) {
    uint64_t number = __atomic_fetch_add(&control->seen, 1, __ATOMIC_SEQ_CST);
    if (number < SEEN) control->calls[number] = *call;
    if (control->left == 0 || strcmp(call->kind, control->wanted.kind) != 0) return PASS;
    if (strcmp(call->file, control->wanted.file) != 0) return PASS;
    if (__atomic_sub_fetch(&control->left, 1, __ATOMIC_SEQ_CST) != 0) return PASS;
    if (control->side == BEFORE) die(call);
    return (enum side)control->side;
}

static enum side meet(const char *kind, const char *path, struct call *call) {
    memset(call, 0, sizeof *call);
    strncpy(call->kind, kind, sizeof call->kind - 1);
    name_file(path, call);
    return count(call);
}

static void keep(const char *kind, const char *path, uint64_t at, const void *data, uint64_t size) {
    struct entry entry = {.path_size = (uint32_t)strlen(path), .at = at, .size = size};
    strncpy(entry.kind, kind, sizeof entry.kind - 1);
    syscall(SYS_write, journal, &entry, sizeof entry);
    syscall(SYS_write, journal, path, (size_t)entry.path_size);
    if (data != NULL) syscall(SYS_write, journal, data, (size_t)size);
    __atomic_fetch_add(&control->written, 1, __ATOMIC_SEQ_CST);
}

/* A disk keeps whole sectors, so a write of one cannot be torn: the next one is. */
static enum side torn_later(enum side side, size_t size) {
    if (side != TORN || size >= 2 * SECTOR) return side;
    control->left = 1;
    return PASS;
}

/* Of a write that is torn, the first half of its sectors is there. */
static size_t part_of(size_t size, enum side side) {
    return side == TORN ? size / SECTOR / 2 * SECTOR : size;
}

static void enter(void) {
    if (journal >= 0) pthread_mutex_lock(&door);
}

static void leave(void) {
    if (journal >= 0) pthread_mutex_unlock(&door);
}

static ssize_t end_write(const struct call *call, enum side side, const char *path, const void *data,
                         int64_t at, ssize_t done) {
    int error = errno;
    if (journal >= 0 && done > 0) keep("write", path, (uint64_t)at, data, (uint64_t)done);
    leave();
    if (side != PASS) die(call);
    errno = error;
    return done;
}

static int end_change(const struct call *call, enum side side, const char *path, const char *other,
                      uint64_t size, int done) {
    int error = errno;
    if (journal >= 0 && done == 0) keep(call->kind, path, 0, other, other ? strlen(other) : size);
    leave();
    if (side != PASS) die(call);
    errno = error;
    return done;
}

static int is_watched(int fd, char path[PATH]) {
    return control != NULL && fd > 2 && path_of(fd, path);
}

ssize_t write(int fd, const void *data, size_t size) {
    char path[PATH];
    struct call call;
    if (!is_watched(fd, path)) return REAL(write)(fd, data, size);
    enum side side = torn_later(meet("write", path, &call), size);
    enter();
    off_t at = lseek(fd, 0, SEEK_CUR);
    return end_write(&call, side, path, data, at, REAL(write)(fd, data, part_of(size, side)));
}

ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
    char path[PATH];
    struct call call;
    if (!is_watched(fd, path)) return REAL(pwrite64)(fd, data, size, at);
    enum side side = torn_later(meet("write", path, &call), size);
    enter();
    return end_write(&call, side, path, data, at,
                     REAL(pwrite64)(fd, data, part_of(size, side), at));
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at) {
    return pwrite64(fd, data, size, at);
}

#define ON_FILE(name)                                                     \
    int name(int fd) {                                                    \
        char path[PATH];                                                  \
        struct call call;                                                 \
        if (!is_watched(fd, path)) return REAL(name)(fd);                 \
        enum side side = meet("sync", path, &call);                       \
        enter();                                                          \
        return end_change(&call, side, path, NULL, 0, REAL(name)(fd));    \
    }

ON_FILE(fsync)
ON_FILE(fdatasync)

void sync(void) {
    struct call call;
    enum side side = control == NULL ? PASS : meet("sync", home, &call);
    REAL(sync)();
    if (side != PASS) die(&call);
}

int ftruncate64(int fd, off64_t size) {
    char path[PATH];
    struct call call;
    if (!is_watched(fd, path)) return REAL(ftruncate64)(fd, size);
    enum side side = meet("truncate", path, &call);
    enter();
    return end_change(&call, side, path, NULL, (uint64_t)size, REAL(ftruncate64)(fd, size));
}

int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

int rename(const char *from, const char *to) {
    struct call call;
    if (control == NULL || !(is_ours(from) || is_ours(to))) return REAL(rename)(from, to);
    enum side side = meet("rename", is_ours(from) ? from : to, &call);
    enter();
    return end_change(&call, side, from, to, 0, REAL(rename)(from, to));
}

int unlink(const char *path) {
    struct call call;
    if (control == NULL || !is_ours(path)) return REAL(unlink)(path);
    enum side side = meet("unlink", path, &call);
    enter();
    return end_change(&call, side, path, NULL, 0, REAL(unlink)(path));
}

static int is_server(int fd) {
    struct sockaddr_un peer = {0};
    socklen_t size = sizeof peer - 1;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0 || peer.sun_family != AF_UNIX) return 0;
    return strncmp(peer.sun_path, socket_folder, strlen(socket_folder)) == 0;
}

static int says(const void *data, size_t size, const char *word) {
    return memmem(data, size, word, strlen(word)) != NULL;
}

/* What is sent is a point of its own at the beginning and the end of a writing transaction. */
static const char *kind_of(int fd, const void *data, size_t size) {
    if (says(data, size, "READ WRITE")) {
        is_writing[fd] = 1;
        return "begin";
    }
    if (!is_writing[fd]) return NULL;
    int commits = says(data, size, "COMMIT");
    is_writing[fd] = !commits && !says(data, size, "ROLLBACK");
    return commits ? "commit" : "send";
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    struct call call = {.file = "database"};
    const char *kind = NULL;
    int watched = control != NULL && socket_folder != NULL && fd >= 0 && fd < MAX_FD;
    if (watched && is_server(fd)) kind = kind_of(fd, data, size);
    if (kind == NULL) return REAL(send)(fd, data, size, flags);
    strncpy(call.kind, kind, sizeof call.kind - 1);
    enum side side = count(&call);
    ssize_t done = REAL(send)(fd, data, side == TORN ? size / 2 : size, flags);
    if (side != PASS) die(&call);
    return done;
}
