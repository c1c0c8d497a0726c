// Stands between a program and its disk (LD_PRELOAD): writes down, in order, everything below one folder that changes what a disk holds
// (CAIRN_SHIM_LOG), and lets calls fail as a disk lets them fail (CAIRN_SHIM_FAIL). See disk-shim.ts, which builds it and reads the log.
//
// A record: kind (1 byte), inode (8), number (8; an offset, a size), lengths of two runs of bytes (4 each), the two runs; little-endian.

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_FILES 65536
#define STDOUT 1

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char watched[MAX_FILES];
static const char *folder = NULL;
static int log_file = -1;
// Which calls fail ("write", "sync", "read", "open"), with what, on which paths, after how many, and how many then (0: all).
static char fail_call[16], fail_path[256];
static int fail_errno = 0;
static long fail_after = 0, fail_count = 0, seen = 0;

static void write_all(const void *bytes, size_t length) {
  const char *at = bytes;
  while (length > 0) {
    long done = syscall(SYS_write, log_file, at, length);
    if (done <= 0) abort(); // a log that lacks something proves nothing
    at += done;
    length -= done;
  }
}

__attribute__((constructor)) static void start(void) {
  folder = getenv("CAIRN_SHIM_FOLDER");
  const char *log = getenv("CAIRN_SHIM_LOG");
  if (log != NULL) log_file = syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const char *fail = getenv("CAIRN_SHIM_FAIL");
  if (fail != NULL) sscanf(fail, "%15[^,],%d,%ld,%ld,%255s", fail_call, &fail_errno, &fail_after, &fail_count, fail_path);
  // What this program starts is not what is looked at.
  unsetenv("LD_PRELOAD");
}

static void note(char kind, uint64_t inode, uint64_t number, const void *a, uint32_t a_length, const void *b, uint32_t b_length) {
  if (log_file < 0) return;
  char head[25];
  head[0] = kind;
  memcpy(head + 1, &inode, 8);
  memcpy(head + 9, &number, 8);
  memcpy(head + 17, &a_length, 4);
  memcpy(head + 21, &b_length, 4);
  write_all(head, sizeof head);
  if (a_length > 0) write_all(a, a_length);
  if (b_length > 0) write_all(b, b_length);
}

static int is_below(const char *path) {
  return folder != NULL && path != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int is_watched(int file) { return file >= 0 && file < MAX_FILES && watched[file]; }

// The path of a name in an open folder, or of an open file.
static const char *full_path(int at, const char *path, char *into) {
  if (path != NULL && path[0] == '/') return path;
  char link[64];
  if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
  else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
  ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, into, PATH_MAX - 1);
  if (length < 0) return path;
  into[length] = 0;
  if (path != NULL) snprintf(into + length, PATH_MAX - length, "/%s", path);
  return into;
}

static int fails(const char *call, int file, const char *path) {
  if (fail_errno == 0 || strcmp(call, fail_call) != 0) return 0;
  char buffer[PATH_MAX];
  const char *name = path != NULL ? path : full_path(file, NULL, buffer);
  if (!is_below(name) || strstr(name, fail_path) == NULL) return 0;
  long number = __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST);
  if (number <= fail_after || (fail_count > 0 && number > fail_after + fail_count)) return 0;
  errno = fail_errno;
  return 1;
}

static uint64_t inode_of(int file, uint64_t *size, int *is_folder) {
  struct stat facts;
  if (fstat(file, &facts) != 0) return 0;
  if (size != NULL) *size = facts.st_size;
  if (is_folder != NULL) *is_folder = S_ISDIR(facts.st_mode);
  return facts.st_ino;
}

#define LOCK pthread_mutex_lock(&mutex)
#define UNLOCK do { int kept = errno; pthread_mutex_unlock(&mutex); errno = kept; } while (0)

static int open_noted(int at, const char *path, int flags, mode_t mode) {
  char buffer[PATH_MAX];
  const char *name = full_path(at, path, buffer);
  if (!is_below(name)) return syscall(SYS_openat, at, path, flags, mode);
  if (fails("open", -1, name)) return -1;
  LOCK;
  struct stat facts;
  int was_there = stat(name, &facts) == 0;
  int file = syscall(SYS_openat, at, path, flags, mode);
  if (file >= 0 && file < MAX_FILES) {
    watched[file] = 1;
    uint64_t inode = inode_of(file, NULL, NULL);
    if (!was_there && (flags & O_CREAT) != 0) note('c', inode, 0, name, strlen(name), NULL, 0);
    else if (was_there && (flags & O_TRUNC) != 0) note('t', inode, 0, NULL, 0, NULL, 0);
  }
  UNLOCK;
  return file;
}

#define OPEN(NAME) \
  int NAME(const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); } \
    return open_noted(AT_FDCWD, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
#define OPENAT(NAME) \
  int NAME(int at, const char *path, int flags, ...) { \
    mode_t mode = 0; \
    if ((flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); } \
    return open_noted(at, path, flags, mode); \
  }
OPENAT(openat)
OPENAT(openat64)

int close(int file) {
  if (file >= 0 && file < MAX_FILES) watched[file] = 0;
  return syscall(SYS_close, file);
}

static uint64_t position(int file) {
  int flags = fcntl(file, F_GETFL);
  if ((flags & O_APPEND) != 0) { uint64_t size = 0; inode_of(file, &size, NULL); return size; }
  return lseek(file, 0, SEEK_CUR);
}

ssize_t write(int file, const void *bytes, size_t length) {
  if (file == STDOUT && log_file >= 0) {
    LOCK;
    ssize_t done = syscall(SYS_write, file, bytes, length);
    if (done > 0) note('!', 0, 0, bytes, done, NULL, 0);
    UNLOCK;
    return done;
  }
  if (!is_watched(file)) return syscall(SYS_write, file, bytes, length);
  if (fails("write", file, NULL)) return -1;
  LOCK;
  uint64_t at = position(file);
  ssize_t done = syscall(SYS_write, file, bytes, length);
  if (done > 0) note('w', inode_of(file, NULL, NULL), at, bytes, done, NULL, 0);
  UNLOCK;
  return done;
}

static ssize_t pwrite_noted(int file, const void *bytes, size_t length, off_t at) {
  if (!is_watched(file)) return syscall(SYS_pwrite64, file, bytes, length, at);
  if (fails("write", file, NULL)) return -1;
  LOCK;
  ssize_t done = syscall(SYS_pwrite64, file, bytes, length, at);
  if (done > 0) note('w', inode_of(file, NULL, NULL), at, bytes, done, NULL, 0);
  UNLOCK;
  return done;
}
ssize_t pwrite(int file, const void *bytes, size_t length, off_t at) { return pwrite_noted(file, bytes, length, at); }
ssize_t pwrite64(int file, const void *bytes, size_t length, off64_t at) { return pwrite_noted(file, bytes, length, at); }

// One run after the other: a short count is allowed, and callers go on from it.
ssize_t writev(int file, const struct iovec *runs, int count) {
  if (!is_watched(file) && !(file == STDOUT && log_file >= 0)) return syscall(SYS_writev, file, runs, count);
  for (int at = 0; at < count; at++) if (runs[at].iov_len > 0) return write(file, runs[at].iov_base, runs[at].iov_len);
  return 0;
}
ssize_t pwritev(int file, const struct iovec *runs, int count, off_t offset) {
  if (!is_watched(file)) return syscall(SYS_pwritev, file, runs, count, offset, 0);
  for (int at = 0; at < count; at++) if (runs[at].iov_len > 0) return pwrite_noted(file, runs[at].iov_base, runs[at].iov_len, offset);
  return 0;
}
ssize_t pwritev64(int file, const struct iovec *runs, int count, off64_t offset) { return pwritev(file, runs, count, offset); }

static ssize_t pread_noted(int file, void *bytes, size_t length, off_t at) {
  if (is_watched(file) && fails("read", file, NULL)) return -1;
  return syscall(SYS_pread64, file, bytes, length, at);
}
ssize_t pread(int file, void *bytes, size_t length, off_t at) { return pread_noted(file, bytes, length, at); }
ssize_t pread64(int file, void *bytes, size_t length, off64_t at) { return pread_noted(file, bytes, length, at); }

// Callers fall back to reading and writing.
ssize_t copy_file_range(int from, off64_t *from_at, int to, off64_t *to_at, size_t length, unsigned int flags) {
  (void)from; (void)from_at; (void)to; (void)to_at; (void)length; (void)flags;
  errno = ENOSYS;
  return -1;
}

static int truncate_noted(int file, off_t size) {
  if (!is_watched(file)) return syscall(SYS_ftruncate, file, size);
  if (fails("write", file, NULL)) return -1;
  LOCK;
  int result = syscall(SYS_ftruncate, file, size);
  if (result == 0) note('t', inode_of(file, NULL, NULL), size, NULL, 0, NULL, 0);
  UNLOCK;
  return result;
}
int ftruncate(int file, off_t size) { return truncate_noted(file, size); }
int ftruncate64(int file, off64_t size) { return truncate_noted(file, size); }

static int sync_noted(int file, long call) {
  if (!is_watched(file)) return syscall(call, file);
  if (fails("sync", file, NULL)) return -1;
  LOCK;
  // The log is the disk: what is in it is safe, and a real sync would only take time.
  int is_folder = 0;
  char buffer[PATH_MAX];
  uint64_t inode = inode_of(file, NULL, &is_folder);
  const char *name = full_path(file, NULL, buffer);
  note(is_folder ? 'd' : 's', inode, 0, name, strlen(name), NULL, 0);
  UNLOCK;
  return 0;
}
int fsync(int file) { return sync_noted(file, SYS_fsync); }
int fdatasync(int file) { return sync_noted(file, SYS_fdatasync); }

static int rename_noted(int from_at, const char *from, int to_at, const char *to, unsigned int flags) {
  char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
  const char *from_name = full_path(from_at, from, from_buffer), *to_name = full_path(to_at, to, to_buffer);
  if (is_below(to_name) && fails("write", -1, to_name)) return -1;
  LOCK;
  int result = syscall(SYS_renameat2, from_at, from, to_at, to, flags);
  if (result == 0 && is_below(from_name)) note('r', 0, 0, from_name, strlen(from_name), to_name, strlen(to_name));
  UNLOCK;
  return result;
}
int rename(const char *from, const char *to) { return rename_noted(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return rename_noted(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned int flags) { return rename_noted(from_at, from, to_at, to, flags); }

static int link_noted(int from_at, const char *from, int to_at, const char *to, int flags) {
  char from_buffer[PATH_MAX], to_buffer[PATH_MAX];
  const char *from_name = full_path(from_at, from, from_buffer), *to_name = full_path(to_at, to, to_buffer);
  LOCK;
  int result = syscall(SYS_linkat, from_at, from, to_at, to, flags);
  if (result == 0 && is_below(from_name)) note('l', 0, 0, from_name, strlen(from_name), to_name, strlen(to_name));
  UNLOCK;
  return result;
}
int link(const char *from, const char *to) { return link_noted(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) { return link_noted(from_at, from, to_at, to, flags); }

static int unlink_noted(int at, const char *path, int flags) {
  char buffer[PATH_MAX];
  const char *name = full_path(at, path, buffer);
  LOCK;
  int result = syscall(SYS_unlinkat, at, path, flags);
  if (result == 0 && is_below(name)) note('u', 0, 0, name, strlen(name), NULL, 0);
  UNLOCK;
  return result;
}
int unlink(const char *path) { return unlink_noted(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return unlink_noted(at, path, flags); }
int remove(const char *path) {
  struct stat facts;
  if (lstat(path, &facts) != 0) return -1;
  return unlink_noted(AT_FDCWD, path, S_ISDIR(facts.st_mode) ? AT_REMOVEDIR : 0);
}
