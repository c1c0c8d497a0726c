// Reads files that their programs write anew as a whole, only where they changed since they were stored.

import { statSync } from 'node:fs';

import type { CapturedStream, KnownStream } from '../../../shared/model/item.ts';
import { assertRegularFile, readRegularFile } from './read-file.ts';

/** A larger file is refused: half of it would be no content. */
export const MAX_BLOB_BYTES = 32 * 1024 * 1024;

export interface BlobFileReading {
  readonly stream: CapturedStream;
  /** Bytes handed over now. */
  readonly readBytes: number;
  /** False where the stored content is an older one, since there was no room left for this one. */
  readonly isCurrent: boolean;
}

/**
 * Reads a file whole, or says that it is as it was.
 * @param name the stream's name
 * @param maxBytes what may be handed over now
 * @returns null where there is no room for it and nothing stored
 * @throws NodeJS.ErrnoException where it cannot be read, AppError SOURCE_UNREADABLE where it is no regular file or too large
 */
export function readBlobFile(
  path: string,
  name: string,
  known: KnownStream | undefined,
  maxBytes: number,
): BlobFileReading | null {
  const stat = statSync(path, { bigint: true });
  const version = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
  if (known?.version === version) {
    return { stream: { name, kind: 'blob', version, content: { type: 'unchanged' } }, readBytes: 0, isCurrent: true };
  }
  if (stat.size > BigInt(Math.max(0, maxBytes)) && stat.size <= BigInt(MAX_BLOB_BYTES)) {
    assertRegularFile(statSync(path));
    if (known === undefined) return null;
    const stream = { name, kind: 'blob', version: known.version, content: { type: 'unchanged' } } as const;
    return { stream, readBytes: 0, isCurrent: false };
  }
  // A copy of its own: small files lie in memory that Node shares among several.
  const bytes = new Uint8Array(readRegularFile(path, MAX_BLOB_BYTES));
  return {
    stream: { name, kind: 'blob', version, content: { type: 'whole', bytes } },
    readBytes: bytes.length,
    isCurrent: true,
  };
}
