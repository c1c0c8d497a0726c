// The frames of a write-ahead log: which page each holds, and whether SQLite would take it for committed. Frames count as long as salts
// and the running checksum fit, up to the last that ends a transaction.

const LOG_HEADER_BYTES = 32;
const FRAME_HEADER_BYTES = 24;
const MAGIC_LITTLE_ENDIAN = 0x377f0682;
const MAGIC_BIG_ENDIAN = 0x377f0683;

export interface LogFrame {
  readonly page: number;
  /** Where the page's bytes begin in the log. */
  readonly at: number;
  readonly isCommitted: boolean;
}

export interface LogFrames {
  readonly pageBytes: number;
  readonly frames: readonly LogFrame[];
  /** How many pages the database has after the last commit; 0 where nothing is committed. */
  readonly pages: number;
}

const NONE: LogFrames = { pageBytes: 0, frames: [], pages: 0 };

export function listLogFrames(log: Buffer): LogFrames {
  const magic = log.length >= LOG_HEADER_BYTES ? log.readUInt32BE(0) : 0;
  if (magic !== MAGIC_LITTLE_ENDIAN && magic !== MAGIC_BIG_ENDIAN) return NONE;
  const isBigEndian = magic === MAGIC_BIG_ENDIAN;
  const pageBytes = log.readUInt32BE(8);
  if (pageBytes < 512 || pageBytes > 65_536) return NONE;
  let sum = checksum(log.subarray(0, 24), isBigEndian, [0, 0]);
  let isSound = sum[0] === log.readUInt32BE(24) && sum[1] === log.readUInt32BE(28);
  const salts = log.subarray(16, 24);
  const found: { page: number; at: number }[] = [];
  let committed = 0;
  let pages = 0;
  for (
    let at = LOG_HEADER_BYTES;
    at + FRAME_HEADER_BYTES + pageBytes <= log.length;
    at += FRAME_HEADER_BYTES + pageBytes
  ) {
    found.push({ page: log.readUInt32BE(at), at: at + FRAME_HEADER_BYTES });
    if (!isSound || !salts.equals(log.subarray(at + 8, at + 16))) {
      isSound = false;
      continue;
    }
    const page = log.subarray(at + FRAME_HEADER_BYTES, at + FRAME_HEADER_BYTES + pageBytes);
    sum = checksum(page, isBigEndian, checksum(log.subarray(at, at + 8), isBigEndian, sum));
    isSound = sum[0] === log.readUInt32BE(at + 16) && sum[1] === log.readUInt32BE(at + 20);
    if (!isSound || log.readUInt32BE(at + 4) === 0) continue;
    pages = log.readUInt32BE(at + 4);
    committed = found.length;
  }
  return { pageBytes, frames: found.map((frame, index) => ({ ...frame, isCommitted: index < committed })), pages };
}

/** SQLite's checksum of a log: Fibonacci-weighted sums of words, two at a time. */
function checksum(bytes: Buffer, isBigEndian: boolean, [first, second]: readonly [number, number]): [number, number] {
  let a = first;
  let b = second;
  for (let at = 0; at + 8 <= bytes.length; at += 8) {
    const x = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at);
    const y = isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4);
    a = (a + x + b) >>> 0;
    b = (b + y + a) >>> 0;
  }
  return [a, b];
}
