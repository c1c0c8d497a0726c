// Numbers as people read them: counts with their noun, bytes, shares.

const BYTE_UNITS = ['KB', 'MB', 'GB', 'TB'] as const;

/** `1,204`: groups of three, the same on every machine. */
export function formatCount(count: number): string {
  return Math.trunc(count)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 item`, `12 items`, `no items`; irregular plurals are given. */
export function countOf(count: number, noun: string, plural = `${noun}s`): string {
  if (count === 0) return `no ${plural}`;
  return `${formatCount(count)} ${count === 1 ? noun : plural}`;
}

/** `512 bytes`, `4.2 MB`: decimal units, as file managers and disks count. */
export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${Math.trunc(bytes)} bytes`;
  let value = bytes / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < BYTE_UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = value < 9.95 ? value.toFixed(1) : String(Math.round(value));
  return `${digits} ${BYTE_UNITS[unit] ?? 'TB'}`;
}

/** `a`, `a and b`, `a, b and c`. */
export function joinWords(words: readonly string[], conjunction = 'and'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${conjunction} ${words.at(-1) ?? ''}`;
}

/** `42 ms`, `1.3 s`, `2 min 5 s`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}
