// Many byte strings in one buffer: one message between threads instead of many, and nothing copied on the way.

import { release } from '../../../shared/memory/release.ts';

export interface PackedBytes {
  readonly bytes: ArrayBuffer;
  readonly lengths: readonly number[];
}

export function packBytes(parts: readonly Uint8Array[]): PackedBytes {
  const lengths = parts.map((part) => part.length);
  const bytes = Buffer.allocUnsafeSlow(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes: bytes.buffer, lengths };
}

export function unpackBytes({ bytes, lengths }: PackedBytes): Uint8Array[] {
  let at = 0;
  return lengths.map((length) => {
    at += length;
    return new Uint8Array(bytes, at - length, length);
  });
}

/** Frees all of them. */
export function releasePacked({ bytes }: PackedBytes): void {
  if (!bytes.detached) release(new Uint8Array(bytes));
}
