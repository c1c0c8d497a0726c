// Compression of payloads: zstd, only where it makes them smaller. Level 3, and 1 for bulk: higher never paid in measurements.

import { constants, zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync, type ZstdOptions } from 'node:zlib';

import { BOX_CODECS, type BoxCodec } from '../../crypto/box.ts';

export const LEVEL_NORMAL = 3;
export const LEVEL_BULK = 1;
/** Below this a frame's own bytes eat what it saves. */
const MIN_COMPRESS_BYTES = 48;
/** Below this the way to the thread pool costs more than the work. */
const ASYNC_BYTES = 48 * 1024;

export interface Encoded {
  readonly codec: BoxCodec;
  readonly payload: Uint8Array;
}

/** Compresses in place or, for larger content, in the thread pool. */
export function encodeContent(content: Uint8Array, level: number): Encoded | Promise<Encoded> {
  if (content.length < MIN_COMPRESS_BYTES) return raw(content);
  const options = compressOptions(level, content.length);
  if (content.length < ASYNC_BYTES) return smaller(content, zstdCompressSync(content, options));
  return new Promise((resolve, reject) => {
    zstdCompress(content, options, (error, compressed) => {
      if (error === null) resolve(smaller(content, compressed));
      else reject(error);
    });
  });
}

export function encodeContentSync(content: Uint8Array, level: number = LEVEL_NORMAL): Encoded {
  if (content.length < MIN_COMPRESS_BYTES) return raw(content);
  return smaller(content, zstdCompressSync(content, compressOptions(level, content.length)));
}

/** Compresses against another content as dictionary; what comes out needs the same dictionary to be read. */
export function encodeDelta(content: Uint8Array, base: Uint8Array): Uint8Array {
  return zstdCompressSync(content, { ...compressOptions(LEVEL_NORMAL, content.length), dictionary: base });
}

/** @param maxBytes the size that the caller knows the content to have at most: a larger one is refused */
export function decodeContent(codec: BoxCodec, payload: Buffer, maxBytes: number, base?: Uint8Array): Buffer {
  if (codec === BOX_CODECS.raw) return payload;
  return zstdDecompressSync(payload, decompressOptions(maxBytes, base));
}

/** The same in the thread pool for larger payloads. */
export function decodeContentAsync(codec: BoxCodec, payload: Buffer, maxBytes: number, base?: Uint8Array): Buffer | Promise<Buffer> {
  if (codec === BOX_CODECS.raw || payload.length < ASYNC_BYTES / 3) return decodeContent(codec, payload, maxBytes, base);
  return new Promise((resolve, reject) => {
    zstdDecompress(payload, decompressOptions(maxBytes, base), (error, content) => {
      if (error === null) resolve(content);
      else reject(error);
    });
  });
}

function compressOptions(level: number, sizeBytes: number): ZstdOptions {
  return {
    params: { [constants.ZSTD_c_compressionLevel]: level },
    pledgedSrcSize: sizeBytes,
    // One output buffer that always suffices: the default of 16 KiB means many trips.
    chunkSize: Math.max(1024, sizeBytes + (sizeBytes >>> 7) + 512),
  };
}

function decompressOptions(maxBytes: number, base?: Uint8Array): ZstdOptions {
  const options: ZstdOptions = { maxOutputLength: Math.max(1, maxBytes), chunkSize: Math.max(1024, maxBytes) };
  return base === undefined ? options : { ...options, dictionary: base };
}

function smaller(content: Uint8Array, compressed: Uint8Array): Encoded {
  return compressed.length < content.length ? { codec: BOX_CODECS.zstd, payload: compressed } : raw(content);
}

function raw(content: Uint8Array): Encoded {
  return { codec: BOX_CODECS.raw, payload: content };
}
