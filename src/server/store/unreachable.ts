// Tells a database or storage that is away, full or too slow, which comes back, from a request that it refuses. Not for what a device is told:
// that is the border's, which asks this.

/** Classes of PostgreSQL: connection, resources, an operator's doing; then what files, sockets and SQLite say. */
const CODES = /^(?:08|53|57)|ECONN|ETIMEDOUT|EPIPE|SQLITE_(?:BUSY|FULL|IOERR)/;
/** Whatever a socket met before it was connected: also a name that is unknown, or a path that is not there, while a database is stopped. */
const CONNECTING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);
/** What pg says of a connection without any code. */
const WITHOUT_CODE = /^Connection terminated|^timeout (?:exceeded|expired)|is not queryable$/;

/** True where the same request may well be answered in a moment. */
export function isUnreachable(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall, message } = error as { readonly [name: string]: unknown }; // each is looked at before it is used
  if (typeof code === 'string' && CODES.test(code)) return true;
  if (CONNECTING.has(syscall)) return true;
  return code === undefined && typeof message === 'string' && WITHOUT_CODE.test(message);
}
