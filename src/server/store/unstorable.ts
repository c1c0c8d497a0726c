/** PostgreSQL: a text that was sent is none in its encoding. A NUL is not, which SQLite takes and JSON may hold. */
const NO_TEXT = '22021';

/** True where a database refused what was sent for a character in it: the caller's mistake, not the server's. */
export function isUnstorable(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === NO_TEXT;
}
