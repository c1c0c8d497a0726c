// Decodes Firefox' `.jsonlz4`: "mozLz40\0", the size as u32, one raw LZ4 block (lz4 Block Format Description). Total: any bytes give
// the content or null; nothing larger than the header says is ever written.

const MAGIC = Buffer.from('mozLz40\0', 'latin1');
const MAX_CONTENT_BYTES = 96 * 1024 * 1024;
/** LZ4 cannot compress better than 255 to 1: a larger claim is a lie. */
const MAX_RATIO = 255;

export function decodeMozLz4(bytes: Uint8Array): Buffer | null {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (source.length < 12 || !MAGIC.equals(source.subarray(0, 8))) return null;
  const sizeBytes = source.readUInt32LE(8);
  const block = source.subarray(12);
  if (sizeBytes > MAX_CONTENT_BYTES || sizeBytes > block.length * MAX_RATIO + 64) return null;
  return decodeLz4Block(block, sizeBytes);
}

/** Decodes one raw block; null unless it gives exactly so many bytes. */
export function decodeLz4Block(block: Uint8Array, sizeBytes: number): Buffer | null {
  const content = Buffer.allocUnsafe(sizeBytes);
  let at = 0;
  let to = 0;
  const readLength = (start: number): number => {
    if (start < 15) return start;
    let length = start;
    for (;;) {
      const more = block[at];
      if (more === undefined) return -1;
      at += 1;
      length += more;
      if (more !== 255) return length;
    }
  };
  while (at < block.length) {
    const token = block[at] ?? 0;
    at += 1;
    const literals = readLength(token >> 4);
    if (literals < 0 || at + literals > block.length || to + literals > sizeBytes) return null;
    content.set(block.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at >= block.length) break;
    const offset = (block[at] ?? 0) | ((block[at + 1] ?? 0) << 8);
    if (at + 2 > block.length) return null;
    at += 2;
    const rest = readLength(token & 15);
    const length = rest + 4;
    if (rest < 0 || offset === 0 || offset > to || to + length > sizeBytes) return null;
    // A match may overlap what it writes: each time there is as much more of it to copy.
    const from = to - offset;
    const end = to + length;
    while (to < end) {
      const copied = Math.min(end - to, to - from);
      content.copyWithin(to, from, from + copied);
      to += copied;
    }
  }
  return to === sizeBytes ? content : null;
}
