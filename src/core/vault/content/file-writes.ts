// Writes of a content's parts into a file that is open. Both threads do them: a descriptor belongs to the whole process.

import { writeSync } from 'node:fs';

/** A run of a content, and where in the file it goes. */
export interface FileWrite {
  readonly skip: number;
  readonly length: number;
  readonly at: number;
}

export interface FileWrites {
  /** The descriptor; it must stay open until they are done. */
  readonly file: number;
  readonly writes: readonly FileWrite[];
}

/** Does them all. @throws the file system's errors; RangeError where the content is too short */
export function writeIntoFile({ file, writes }: FileWrites, content: Uint8Array): void {
  for (const { skip, length, at } of writes) {
    if (skip + length > content.length) throw new RangeError('a content is shorter than its stream says');
    for (let written = 0; written < length;)
      written += writeSync(file, content, skip + written, length - written, at + written);
  }
}
