// How bin/cairn starts Node as far as memory goes (decision 46): what glibc takes from the environment. Other libraries ignore it.

export const ALLOCATOR_SETTINGS: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '262144',
  MALLOC_TRIM_THRESHOLD_: '1048576',
};
