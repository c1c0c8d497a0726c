// Puts a stream's bytes together again from its parts.

import { damaged } from '../errors.ts';
import type { Part, StreamEntry } from '../log/manifest.ts';
import type { ChunkStore } from './chunk-store.ts';

const READ_AHEAD = 6;

/** Reads a whole stream. @throws AppError VAULT_DAMAGED */
export async function readStreamContent(store: ChunkStore, stream: StreamEntry): Promise<Uint8Array<ArrayBuffer>> {
  const content = new Uint8Array(stream.sizeBytes);
  let at = 0;
  for (let start = 0; start < stream.parts.length; start += READ_AHEAD) {
    const parts = stream.parts.slice(start, start + READ_AHEAD);
    const chunks = await Promise.all(parts.map((part) => store.readAsync(part.recordId)));
    for (const [index, part] of parts.entries()) {
      const bytes = takePart(chunks[index] ?? Buffer.alloc(0), part);
      if (at + bytes.length > content.length) throw damaged('a stream is longer than its snapshot says');
      content.set(bytes, at);
      at += bytes.length;
    }
  }
  if (at !== content.length) throw damaged('a stream is shorter than its snapshot says');
  return content;
}

/** The last bytes of a stream, at most `limit`, without reading all of it. */
export function readStreamTail(store: ChunkStore, stream: Pick<StreamEntry, 'parts'>, limit: number): Buffer {
  const pieces: Buffer[] = [];
  let missing = limit;
  for (let index = stream.parts.length - 1; index >= 0 && missing > 0; index -= 1) {
    const part = stream.parts[index];
    if (part === undefined) break;
    const bytes = takePart(store.read(part.recordId), part);
    const tail = bytes.subarray(Math.max(0, bytes.length - missing));
    pieces.unshift(tail);
    missing -= tail.length;
  }
  return Buffer.concat(pieces);
}

/** The bytes of one part. */
export function readPart(store: ChunkStore, part: Part): Buffer {
  return takePart(store.read(part.recordId), part);
}

function takePart(chunk: Buffer, part: Part): Buffer {
  if (part.skip + part.length > chunk.length) throw damaged(`chunk ${part.recordId} is shorter than its stream says`);
  return chunk.subarray(part.skip, part.skip + part.length);
}
