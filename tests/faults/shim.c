/* Stands between a process and the C library (LD_PRELOAD): counts every step with an outside effect, writes
   it to a log, and at a chosen step kills its own process or answers that the disk is full.

   A step is a call that somebody outside could notice: creating, writing, syncing, cutting, renaming or
   removing a file below the folder `root`; connecting, sending to or receiving from the network. Whatever a
   process does between two of them dies with it, so a death there is a death at the next step.

   Armed by shim_arm() (ctypes) or, in a process of its own, by the variables FAULTS_MODE, FAULTS_STEP,
   FAULTS_ROOT, FAULTS_LOG and FAULTS_CLOCK. See killer.py for what the modes mean and for the log's form. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { OFF, WATCH, KILL, TEAR, FULL_ONCE, FULL, SHORT };
enum { FDS = 1024, NAME = 1024 };

static int mode = OFF, log_fd = -1;
static long target = -1, steps = 0, shift = 0;
static char root[NAME];
static size_t root_length = 0;
static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static struct { char kind; char path[NAME]; int port, heard; } fds[FDS]; /* kind: 0, 'f'ile, 's'ocket */

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define KNOWN(fd, what) (mode != OFF && (fd) >= 0 && (fd) < FDS && fds[fd].kind == (what))

struct head {
    uint32_t size; /* of the whole entry */
    int32_t step;  /* counted from 1; 0: a note, no step */
    char kind[12];
    int64_t at, result;
    uint32_t path, other, data; /* lengths of what follows */
};

static void write_log(long step, const char *kind, const char *path, const char *other, int64_t at,
                      int64_t result, const void *data, size_t length)
{
    if (log_fd < 0) return;
    struct head h = {0};
    h.step = (int32_t)step; h.at = at; h.result = result;
    strncpy(h.kind, kind, sizeof h.kind - 1);
    h.path = path ? strlen(path) : 0; h.other = other ? strlen(other) : 0; h.data = length;
    h.size = sizeof h + h.path + h.other + h.data;
    struct iovec v[4] = {{&h, sizeof h}, {(void *)path, h.path}, {(void *)other, h.other}, {(void *)data, length}};
    int kept = errno;
    syscall(SYS_writev, log_fd, v, 4);
    errno = kept;
}

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }

/* One step more. 0: do it; 1: do half of it and die, or (SHORT) do half of it; -1: there is no space. */
static int step_is(long *number, int needs_space)
{
    if (mode == FULL_ONCE || mode == FULL || mode == SHORT) {
        if (!needs_space) { *number = 0; return 0; }
        *number = __sync_add_and_fetch(&steps, 1);
        if (mode == SHORT && *number == target) return 1;
        if (*number == target || (mode != FULL_ONCE && *number > target)) { errno = ENOSPC; return -1; }
        return 0;
    }
    *number = __sync_add_and_fetch(&steps, 1);
    if (*number == target && mode == KILL) die();
    return *number == target && mode == TEAR;
}

static int below_root(int dir, const char *path, char *whole)
{
    if (mode == OFF || !root_length || !path) return 0;
    if (path[0] == '/') snprintf(whole, NAME, "%s", path);
    else if (dir != AT_FDCWD && dir >= 0 && dir < FDS && fds[dir].kind == 'f')
        snprintf(whole, NAME, "%s/%s", fds[dir].path, path);
    else {
        char here[NAME];
        if (!getcwd(here, sizeof here)) return 0;
        snprintf(whole, NAME, "%s/%s", here, path);
    }
    return !strncmp(whole, root, root_length) && (whole[root_length] == '/' || !whole[root_length]);
}

static void forget(int fd) { if (fd >= 0 && fd < FDS) fds[fd].kind = 0; }

/* -- files ------------------------------------------------------------------------------------------------ */

static int opened(int dir, const char *path, int flags, mode_t bits)
{
    char whole[NAME];
    int fd;
    if (!below_root(dir, path, whole)) {
        fd = syscall(SYS_openat, dir, path, flags, bits);
        forget(fd);
        return fd;
    }
    struct stat there;
    int is_there = !fstatat(dir, path, &there, 0);
    int makes = (flags & O_CREAT) && !is_there, cuts = (flags & O_TRUNC) && is_there && there.st_size;
    pthread_mutex_lock(&order);
    long number = 0;
    if (makes || cuts) {
        int what = step_is(&number, makes);
        if (what < 0) { write_log(number, makes ? "create" : "cut", whole, 0, 0, -1, 0, 0); pthread_mutex_unlock(&order); errno = ENOSPC; return -1; }
        if (what == 1 && mode == TEAR) die();
    }
    fd = syscall(SYS_openat, dir, path, flags, bits);
    if (fd >= 0 && fd < FDS) { fds[fd].kind = 'f'; snprintf(fds[fd].path, NAME, "%s", whole); }
    if (makes || cuts) write_log(number, makes ? "create" : "cut", whole, 0, 0, fd < 0 ? -1 : 0, 0, 0);
    pthread_mutex_unlock(&order);
    return fd;
}

#define BITS(flags) \
    mode_t bits = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list more; va_start(more, flags); bits = va_arg(more, mode_t); va_end(more); }

int open(const char *path, int flags, ...) { BITS(flags) return opened(AT_FDCWD, path, flags, bits); }
int open64(const char *path, int flags, ...) { BITS(flags) return opened(AT_FDCWD, path, flags, bits); }
int openat(int dir, const char *path, int flags, ...) { BITS(flags) return opened(dir, path, flags, bits); }
int openat64(int dir, const char *path, int flags, ...) { BITS(flags) return opened(dir, path, flags, bits); }
int __open_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int __open64_2(const char *path, int flags) { return opened(AT_FDCWD, path, flags, 0); }
int creat(const char *path, mode_t bits) { return opened(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, bits); }

int close(int fd) { forget(fd); return REAL(close)(fd); }

static ssize_t put(int fd, const void *data, size_t length, int64_t at, int positioned)
{
    pthread_mutex_lock(&order);
    long number;
    int what = step_is(&number, 1);
    ssize_t done = -1;
    if (what >= 0) {
        size_t much = what == 1 ? length / 2 : length;
        done = positioned ? syscall(SYS_pwrite64, fd, data, much, at) : syscall(SYS_write, fd, data, much);
        if (what == 1 && mode == TEAR) die();
        if (!positioned && done >= 0) at = lseek(fd, 0, SEEK_CUR) - done;
        if (what == 1 && done == 0) { errno = ENOSPC; done = -1; }
    }
    write_log(number, "write", fds[fd].path, 0, at, done, data, done > 0 ? done : 0);
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t write(int fd, const void *data, size_t length)
{
    return KNOWN(fd, 'f') ? put(fd, data, length, 0, 0) : syscall(SYS_write, fd, data, length);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at)
{
    return KNOWN(fd, 'f') ? put(fd, data, length, at, 1) : syscall(SYS_pwrite64, fd, data, length, at);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) { return pwrite(fd, data, length, at); }
ssize_t writev(int fd, const struct iovec *v, int count)
{
    return KNOWN(fd, 'f') && count > 0 ? put(fd, v[0].iov_base, v[0].iov_len, 0, 0) : syscall(SYS_writev, fd, v, count);
}
/* What copies inside the kernel is refused: the caller falls back to reading and writing, which is seen. */
ssize_t sendfile(int to, int from, off_t *at, size_t length)
{
    if (KNOWN(to, 'f')) { errno = EINVAL; return -1; }
    return syscall(SYS_sendfile, to, from, at, length);
}
ssize_t sendfile64(int to, int from, off64_t *at, size_t length) { return sendfile(to, from, at, length); }
ssize_t copy_file_range(int from, off64_t *a, int to, off64_t *b, size_t length, unsigned flags)
{
    if (KNOWN(to, 'f')) { errno = EINVAL; return -1; }
    return syscall(SYS_copy_file_range, from, a, to, b, length, flags);
}

#define PLAIN(kind, path, other, at, needs_space, call) \
    pthread_mutex_lock(&order); \
    long number; \
    int what = step_is(&number, needs_space); \
    if (what == 1 && mode == TEAR) die(); \
    int done = what < 0 ? -1 : (call); \
    write_log(number, kind, path, other, at, done, 0, 0); \
    pthread_mutex_unlock(&order); \
    return done;

int fsync(int fd)
{
    if (!KNOWN(fd, 'f')) return syscall(SYS_fsync, fd);
    PLAIN("sync", fds[fd].path, 0, 0, 0, syscall(SYS_fsync, fd))
}
int fdatasync(int fd)
{
    if (!KNOWN(fd, 'f')) return syscall(SYS_fdatasync, fd);
    PLAIN("sync", fds[fd].path, 0, 0, 0, syscall(SYS_fdatasync, fd))
}
int ftruncate(int fd, off_t length)
{
    if (!KNOWN(fd, 'f')) return syscall(SYS_ftruncate, fd, length);
    PLAIN("truncate", fds[fd].path, 0, length, 0, syscall(SYS_ftruncate, fd, length))
}
int ftruncate64(int fd, off64_t length) { return ftruncate(fd, length); }
int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
    char a[NAME], b[NAME];
    if (!below_root(from_dir, from, a) | !below_root(to_dir, to, b))
        return syscall(SYS_renameat2, from_dir, from, to_dir, to, flags);
    PLAIN("rename", a, b, 0, 0, syscall(SYS_renameat2, from_dir, from, to_dir, to, flags))
}
int rename(const char *from, const char *to) { return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int a, const char *from, int b, const char *to) { return renameat2(a, from, b, to, 0); }
int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    char a[NAME], b[NAME];
    if (!below_root(from_dir, from, a) | !below_root(to_dir, to, b))
        return syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
    PLAIN("link", a, b, 0, 1, syscall(SYS_linkat, from_dir, from, to_dir, to, flags))
}
int link(const char *from, const char *to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }
int unlinkat(int dir, const char *path, int flags)
{
    char whole[NAME];
    if (!below_root(dir, path, whole)) return syscall(SYS_unlinkat, dir, path, flags);
    PLAIN(flags & AT_REMOVEDIR ? "rmdir" : "unlink", whole, 0, 0, 0, syscall(SYS_unlinkat, dir, path, flags))
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
int mkdirat(int dir, const char *path, mode_t bits)
{
    char whole[NAME];
    struct stat there;
    if (!below_root(dir, path, whole) || !fstatat(dir, path, &there, 0)) return syscall(SYS_mkdirat, dir, path, bits);
    PLAIN("mkdir", whole, 0, 0, 1, syscall(SYS_mkdirat, dir, path, bits))
}
int mkdir(const char *path, mode_t bits) { return mkdirat(AT_FDCWD, path, bits); }

/* -- the network ------------------------------------------------------------------------------------------ */

int socket(int family, int type, int protocol)
{
    int fd = REAL(socket)(family, type, protocol);
    forget(fd);
    if (fd >= 0 && fd < FDS && family == AF_INET) { fds[fd].kind = 's'; fds[fd].port = fds[fd].heard = 0; }
    return fd;
}

/* Sockets are used by several threads and may wait for long: no lock is held here. In how many pieces an answer
   arrives is chance: receiving it is one step. */
#define NETWORK(kind, data, length, call, half) \
    long number = 0; \
    int again = kind[0] == 'r' && fds[fd].heard, what = again ? 0 : step_is(&number, 0); \
    fds[fd].heard = kind[0] == 'r'; \
    if (what == 1 && mode == TEAR) { half; die(); } \
    ssize_t done = (call); \
    write_log(number, kind, "network", 0, fds[fd].port, done, data, done > 0 ? ((size_t)done < 48 ? done : 48) : 0); \
    return done;

int connect(int fd, const struct sockaddr *to, socklen_t length)
{
    if (!KNOWN(fd, 's')) return REAL(connect)(fd, to, length);
    if (to->sa_family == AF_INET) fds[fd].port = ntohs(((const struct sockaddr_in *)to)->sin_port);
    NETWORK("connect", 0, 0, REAL(connect)(fd, to, length), )
}
ssize_t send(int fd, const void *data, size_t length, int flags)
{
    if (!KNOWN(fd, 's')) return REAL(send)(fd, data, length, flags);
    NETWORK("send", data, length, REAL(send)(fd, data, length, flags), REAL(send)(fd, data, length / 2, flags))
}
ssize_t recv(int fd, void *data, size_t length, int flags)
{
    if (!KNOWN(fd, 's')) return REAL(recv)(fd, data, length, flags);
    NETWORK("receive", data, length, REAL(recv)(fd, data, length, flags), )
}
int shutdown(int fd, int how)
{
    if (!KNOWN(fd, 's')) return REAL(shutdown)(fd, how);
    NETWORK("shutdown", 0, 0, REAL(shutdown)(fd, how), )
}

/* -- the clock -------------------------------------------------------------------------------------------- */

int clock_gettime(clockid_t which, struct timespec *now)
{
    int done = syscall(SYS_clock_gettime, which, now);
    if (which == CLOCK_REALTIME || which == CLOCK_REALTIME_COARSE) now->tv_sec += shift;
    return done;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (now) { now->tv_sec = exact.tv_sec; now->tv_usec = exact.tv_nsec / 1000; }
    return 0;
}
time_t time(time_t *at)
{
    struct timespec exact;
    clock_gettime(CLOCK_REALTIME, &exact);
    if (at) *at = exact.tv_sec;
    return exact.tv_sec;
}

/* -- arming ----------------------------------------------------------------------------------------------- */

void shim_note(const char *text) { if (mode != OFF) write_log(0, "note", text, 0, 0, 0, 0, 0); }

void shim_arm(const char *how, long step, const char *folder, const char *log_path, long clock)
{
    static const char *names[] = {"off", "watch", "kill", "tear", "full-once", "full", "short"};
    shift = clock; target = step; steps = 0;
    memset(fds, 0, sizeof fds);
    snprintf(root, NAME, "%s", folder ? folder : "");
    root_length = strlen(root);
    log_fd = log_path && *log_path ? syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    mode = OFF;
    for (int n = 0; n < 7; n++) if (how && !strcmp(how, names[n])) mode = n;
}

__attribute__((constructor)) static void from_environment(void)
{
    const char *how = getenv("FAULTS_MODE"), *step = getenv("FAULTS_STEP"), *clock = getenv("FAULTS_CLOCK");
    if (how) shim_arm(how, step ? atol(step) : -1, getenv("FAULTS_ROOT"), getenv("FAULTS_LOG"), clock ? atol(clock) : 0);
}
