// Compression of payloads: zstd, only where it makes them smaller. Level 3, and 1 for bulk: higher never paid in measurements.

import { constants, zstdCompressSync, zstdDecompressSync, type ZstdOptions } from 'node:zlib';

import { BOX_CODECS, type BoxCodec } from '../../crypto/box.ts';

export const LEVEL_NORMAL = 3;
export const LEVEL_BULK = 1;
/** Below this a frame's own bytes eat what it saves. */
const MIN_COMPRESS_BYTES = 48;
const OUTPUT_BUFFER_BYTES = 64 * 1024;
const SPARE_BYTES = 64;
const ZSTD_MAGIC = 0xfd2fb528;

export interface Encoded {
  readonly codec: BoxCodec;
  readonly payload: Uint8Array;
}

export function encodeContent(content: Uint8Array, level: number = LEVEL_NORMAL): Encoded {
  if (content.length < MIN_COMPRESS_BYTES) return raw(content);
  return smaller(content, zstdCompressSync(content, compressOptions(level, content.length)));
}

/** @param maxBytes the most that the content may have: a larger one is refused. @throws Error where the payload does not decode */
export function decodeContent(codec: BoxCodec, payload: Buffer, maxBytes: number): Buffer {
  if (codec === BOX_CODECS.raw) return payload;
  const sizeBytes = frameContentBytes(payload);
  if (sizeBytes > maxBytes) throw new RangeError('the content is larger than it may be');
  // One output buffer, with room to spare: a full one would be followed by another.
  return zstdDecompressSync(payload, { maxOutputLength: Math.max(1, sizeBytes), chunkSize: sizeBytes + SPARE_BYTES });
}

/** The content's size from the frame's header (RFC 8878, 3.1.1.1), where our own compressor always writes it. */
function frameContentBytes(frame: Buffer): number {
  if (frame.length < 10 || frame.readUInt32LE(0) !== ZSTD_MAGIC) throw new RangeError('not a zstd frame');
  const descriptor = frame.readUInt8(4);
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const at = 5 + (isSingleSegment ? 0 : 1) + dictionaryBytes;
  switch (descriptor >> 6) {
    case 0:
      if (!isSingleSegment) throw new RangeError('a frame without its size');
      return frame.readUInt8(at);
    case 1:
      return frame.readUInt16LE(at) + 256;
    case 2:
      return frame.readUInt32LE(at);
    default:
      return Number(frame.readBigUInt64LE(at));
  }
}

function compressOptions(level: number, sizeBytes: number): ZstdOptions {
  return {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: sizeBytes,
    chunkSize: Math.min(OUTPUT_BUFFER_BYTES, sizeBytes + 512),
  };
}

function smaller(content: Uint8Array, compressed: Uint8Array): Encoded {
  return compressed.length < content.length ? { codec: BOX_CODECS.zstd, payload: compressed } : raw(content);
}

function raw(content: Uint8Array): Encoded {
  return { codec: BOX_CODECS.raw, payload: content };
}
