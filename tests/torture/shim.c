/* Preloaded into a command (LD_PRELOAD): counts the system calls that change files under one folder, and lets one of
 * them fail, or all from one on, or kills the process before one. It also writes a log of them, from which power_loss.py
 * works out what a disk holds after a power failure. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define KILL (-1)
#define REAL(name) ((__typeof__(&name))real(#name))

static char within[PATH_MAX];
static int armed, log_file = -1, count_file = -1, first, failure, lasting;
static int count;
static long clock_jump;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

/* Only calls that change files under `folder` count. The call number `at` (from 1; 0 for none) fails with the error
 * `with`, or the process is killed before it (KILL); if `stays`, so do all later ones. `log` is a file for what was
 * done, `counted` one for the number of calls; both may be empty. The time of day jumps by up to `jump` seconds. */
void arm(const char *folder, const char *log, const char *counted, int at, int with, int stays, int jump) {
  snprintf(within, sizeof within, "%s", folder);
  if (*log) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0644);
  if (*counted) count_file = syscall(SYS_openat, AT_FDCWD, counted, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  first = at, failure = with, lasting = stays, count = 0, clock_jump = jump, armed = 1;
}

static int under(const char *path) {
  size_t length = strlen(within);
  return length && !strncmp(path, within, length) && (path[length] == '/' || !path[length]);
}

/* The whole path of a name, with the links of its folder followed. */
static const char *whole(int folder, const char *name, char *result) {
  char joined[PATH_MAX], link[64], above[PATH_MAX];
  if (*name == '/') snprintf(joined, sizeof joined, "%s", name);
  else {
    if (folder == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
    else snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t length = readlink(link, above, sizeof above - 1);
    if (length < 0) length = 0;
    above[length] = 0;
    if (snprintf(joined, sizeof joined, "%s/%s", above, name) >= (int)sizeof joined) joined[0] = 0;
  }
  char *slash = strrchr(joined, '/');
  if (!slash || slash == joined || !slash[1]) { snprintf(result, PATH_MAX, "%s", joined); return result; }
  *slash = 0;
  if (!realpath(joined, above)) snprintf(above, sizeof above, "%s", joined);
  if (snprintf(result, PATH_MAX, "%s/%s", above, slash + 1) >= PATH_MAX) result[0] = 0;
  return result;
}

static int named(int descriptor, char *path) {
  char link[64];
  if (!armed) return 0;
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = readlink(link, path, PATH_MAX - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return under(path);
}

static unsigned long long inode(int descriptor) {
  struct stat found;
  return fstat(descriptor, &found) ? 0 : found.st_ino;
}

static void put(const void *data, size_t length) {
  while (length) {
    ssize_t done = syscall(SYS_write, log_file, data, length);
    if (done <= 0) return;
    data = (const char *)data + done, length -= done;
  }
}

/* A line of the log: what, numbers, names in octal-free quotes, and the bytes that follow. */
static void note(const char *what, unsigned long long node, long long offset, const char *path, const char *other,
                 const void *data, size_t length) {
  if (log_file < 0) return;
  char line[2 * PATH_MAX + 128];
  int size = snprintf(line, sizeof line, "%s\t%llu\t%lld\t%zu\t%s\t%s\n", what, node, offset, length, path, other);
  put(line, size);
  put(data, length);
}

/* Whether this call is to fail now. */
static int fails(void) {
  int number = __atomic_add_fetch(&count, 1, __ATOMIC_SEQ_CST);
  if (count_file >= 0) {
    char text[16];
    int size = snprintf(text, sizeof text, "%11d", number);
    syscall(SYS_pwrite64, count_file, text, size, 0);
  }
  if (!first || number < first || (number > first && !lasting)) return 0;
  if (failure == KILL) kill(getpid(), SIGKILL);
  errno = failure;
  return 1;
}

static int opened(int descriptor, int flags, const char *path) {
  if (descriptor >= 0) note(flags & O_TRUNC ? "clear" : "create", inode(descriptor), 0, path, "", 0, 0);
  return descriptor;
}

static int creates(int flags, int folder, const char *name, char *path) {
  if (!armed || !(flags & (O_CREAT | O_TRUNC | O_WRONLY | O_RDWR)) || flags & O_DIRECTORY) return 0;
  return under(whole(folder, name, path));
}

#define MODE                                   \
  mode_t mode = 0;                             \
  if (flags & (O_CREAT | __O_TMPFILE)) {       \
    va_list more;                              \
    va_start(more, flags);                     \
    mode = va_arg(more, mode_t);               \
    va_end(more);                              \
  }

#define OPEN(name)                                                        \
  int name(const char *file, int flags, ...) {                            \
    char path[PATH_MAX];                                                  \
    MODE int counts = creates(flags, AT_FDCWD, file, path);               \
    if (counts && fails()) return -1;                                     \
    int made = REAL(name)(file, flags, mode);                             \
    return counts ? opened(made, flags, path) : made;                     \
  }
#define OPENAT(name)                                                      \
  int name(int folder, const char *file, int flags, ...) {                \
    char path[PATH_MAX];                                                  \
    MODE int counts = creates(flags, folder, file, path);                 \
    if (counts && fails()) return -1;                                     \
    int made = REAL(name)(folder, file, flags, mode);                     \
    return counts ? opened(made, flags, path) : made;                     \
  }
OPEN(open) OPEN(open64) OPENAT(openat) OPENAT(openat64)

static long long place(int descriptor) {
  struct stat found;
  if (fcntl(descriptor, F_GETFL) & O_APPEND) return fstat(descriptor, &found) ? 0 : found.st_size;
  return lseek(descriptor, 0, SEEK_CUR);
}

ssize_t write(int descriptor, const void *data, size_t length) {
  char path[PATH_MAX];
  if (!named(descriptor, path)) return REAL(write)(descriptor, data, length);
  if (fails()) return -1;
  long long offset = place(descriptor);
  ssize_t done = REAL(write)(descriptor, data, length);
  if (done > 0) note("write", inode(descriptor), offset, path, "", data, done);
  return done;
}

ssize_t writev(int descriptor, const struct iovec *parts, int many) {
  char path[PATH_MAX];
  if (!named(descriptor, path)) return REAL(writev)(descriptor, parts, many);
  ssize_t done = 0;
  for (int part = 0; part < many; part++) {
    ssize_t now = write(descriptor, parts[part].iov_base, parts[part].iov_len);
    if (now < 0) return done ? done : -1;
    done += now;
    if ((size_t)now < parts[part].iov_len) break;
  }
  return done;
}

#define PWRITE(name, type)                                                            \
  ssize_t name(int descriptor, const void *data, size_t length, type offset) {        \
    char path[PATH_MAX];                                                              \
    if (!named(descriptor, path)) return REAL(name)(descriptor, data, length, offset);\
    if (fails()) return -1;                                                           \
    ssize_t done = REAL(name)(descriptor, data, length, offset);                      \
    if (done > 0) note("write", inode(descriptor), offset, path, "", data, done);     \
    return done;                                                                      \
  }
PWRITE(pwrite, off_t) PWRITE(pwrite64, off64_t)

#define SYNC(name)                                                      \
  int name(int descriptor) {                                            \
    char path[PATH_MAX];                                                \
    if (!named(descriptor, path)) return REAL(name)(descriptor);        \
    if (fails()) return -1;                                             \
    int result = REAL(name)(descriptor);                                \
    if (!result) note("sync", inode(descriptor), 0, path, "", 0, 0);    \
    return result;                                                      \
  }
SYNC(fsync) SYNC(fdatasync)

#define CUT(name, type)                                                              \
  int name(int descriptor, type length) {                                            \
    char path[PATH_MAX];                                                             \
    if (!named(descriptor, path)) return REAL(name)(descriptor, length);             \
    if (fails()) return -1;                                                          \
    int result = REAL(name)(descriptor, length);                                     \
    if (!result) note("cut", inode(descriptor), length, path, "", 0, 0);             \
    return result;                                                                   \
  }
CUT(ftruncate, off_t) CUT(ftruncate64, off64_t)

/* Calls with two names. */
static int moved(const char *what, int from, const char *old, int to, const char *new, int (*call)(void *), void *with) {
  char source[PATH_MAX], target[PATH_MAX];
  int counts = armed && (under(whole(from, old, source)) | under(whole(to, new, target)));
  if (counts) whole(from, old, source), whole(to, new, target);
  if (counts && fails()) return -1;
  int result = call(with);
  if (counts && !result) note(what, 0, 0, source, target, 0, 0);
  return result;
}
struct two { int from, to, flags; const char *old, *new; };
static int do_rename(void *w) { struct two *t = w; return REAL(rename)(t->old, t->new); }
static int do_renameat(void *w) { struct two *t = w; return REAL(renameat)(t->from, t->old, t->to, t->new); }
static int do_renameat2(void *w) { struct two *t = w; return REAL(renameat2)(t->from, t->old, t->to, t->new, t->flags); }
static int do_link(void *w) { struct two *t = w; return REAL(link)(t->old, t->new); }
static int do_linkat(void *w) { struct two *t = w; return REAL(linkat)(t->from, t->old, t->to, t->new, t->flags); }
int rename(const char *old, const char *new) {
  struct two t = {AT_FDCWD, AT_FDCWD, 0, old, new};
  return moved("rename", AT_FDCWD, old, AT_FDCWD, new, do_rename, &t);
}
int renameat(int from, const char *old, int to, const char *new) {
  struct two t = {from, to, 0, old, new};
  return moved("rename", from, old, to, new, do_renameat, &t);
}
int renameat2(int from, const char *old, int to, const char *new, unsigned flags) {
  struct two t = {from, to, (int)flags, old, new};
  return moved("rename", from, old, to, new, do_renameat2, &t);
}
int link(const char *old, const char *new) {
  struct two t = {AT_FDCWD, AT_FDCWD, 0, old, new};
  return moved("link", AT_FDCWD, old, AT_FDCWD, new, do_link, &t);
}
int linkat(int from, const char *old, int to, const char *new, int flags) {
  struct two t = {from, to, flags, old, new};
  return moved("link", from, old, to, new, do_linkat, &t);
}

/* Calls with one name. Those that remove are not refused, for a full disk lets a program tidy up. */
static int one(const char *what, int folder, const char *name, int may_fail, int (*call)(void *), void *with) {
  char path[PATH_MAX];
  int counts = armed && under(whole(folder, name, path));
  if (counts && may_fail && fails()) return -1;
  int result = call(with);
  if (counts && !result) note(what, 0, 0, path, "", 0, 0);
  return result;
}
struct single { int folder, flags; mode_t mode; const char *name; };
static int do_mkdir(void *w) { struct single *s = w; return REAL(mkdir)(s->name, s->mode); }
static int do_mkdirat(void *w) { struct single *s = w; return REAL(mkdirat)(s->folder, s->name, s->mode); }
static int do_unlink(void *w) { struct single *s = w; return REAL(unlink)(s->name); }
static int do_unlinkat(void *w) { struct single *s = w; return REAL(unlinkat)(s->folder, s->name, s->flags); }
static int do_rmdir(void *w) { struct single *s = w; return REAL(rmdir)(s->name); }
int mkdir(const char *name, mode_t mode) {
  struct single s = {AT_FDCWD, 0, mode, name};
  return one("mkdir", AT_FDCWD, name, 1, do_mkdir, &s);
}
int mkdirat(int folder, const char *name, mode_t mode) {
  struct single s = {folder, 0, mode, name};
  return one("mkdir", folder, name, 1, do_mkdirat, &s);
}
int unlink(const char *name) {
  struct single s = {AT_FDCWD, 0, 0, name};
  return one("unlink", AT_FDCWD, name, 0, do_unlink, &s);
}
int unlinkat(int folder, const char *name, int flags) {
  struct single s = {folder, flags, 0, name};
  return one(flags & AT_REMOVEDIR ? "rmdir" : "unlink", folder, name, 0, do_unlinkat, &s);
}
int rmdir(const char *name) {
  struct single s = {AT_FDCWD, 0, 0, name};
  return one("rmdir", AT_FDCWD, name, 0, do_rmdir, &s);
}

/* The time of day, which jumps forward and back at every look. */
int clock_gettime(clockid_t clock, struct timespec *now) {
  static unsigned looks;
  int result = REAL(clock_gettime)(clock, now);
  if (armed && clock_jump && clock == CLOCK_REALTIME) now->tv_sec += ((long)(looks++ % 3) - 1) * clock_jump;
  return result;
}
