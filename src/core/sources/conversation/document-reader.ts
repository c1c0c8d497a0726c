// Reads what conversations say whose file is written anew as a whole, each only where it has changed.

import { statSync } from 'node:fs';

import { MAX_BLOB_BYTES } from '../host/blob-file.ts';
import { readRegularFile } from '../host/read-file.ts';

/** Parsing takes about a second for so much; the rest is read at the next captures. */
const MAX_BYTES_PER_CAPTURE = 128 * 1024 * 1024;

/** By path. Lives as long as the source. */
export type DocumentMemory<Facts> = Map<string, { readonly version: string; readonly facts: Facts }>;

/** Reads documents, one capture long. */
export class DocumentReader<Facts> {
  readonly #memory: DocumentMemory<Facts>;
  readonly #parse: (bytes: Buffer) => Facts;
  #budget = MAX_BYTES_PER_CAPTURE;

  /** @param parse must be total */
  constructor(memory: DocumentMemory<Facts>, parse: (bytes: Buffer) => Facts) {
    this.#memory = memory;
    this.#parse = parse;
  }

  /**
   * Gives what the document says now; null where that must wait for the next capture.
   * @throws NodeJS.ErrnoException, AppError SOURCE_UNREADABLE where it cannot be read
   */
  read(path: string): Facts | null {
    const stat = statSync(path, { bigint: true });
    const version = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    const known = this.#memory.get(path);
    if (known?.version === version) return known.facts;
    if (this.#budget <= 0) return null;
    const bytes = readRegularFile(path, MAX_BLOB_BYTES);
    this.#budget -= bytes.length;
    const facts = this.#parse(bytes);
    this.#memory.set(path, { version, facts });
    return facts;
  }
}
