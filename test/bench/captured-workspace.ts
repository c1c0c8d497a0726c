// The workspace as a capture sees it: files that are read, whole at first, afterwards only where they changed, transcripts by their tail.

import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { parseItemKey, parseSourceId, type ItemKey } from '../../src/shared/model/ids.ts';
import { APPEND_OVERLAP_BYTES, type CapturedItem, type CapturedStream } from '../../src/shared/model/item.ts';
import type { SaveRequest } from '../../src/core/vault/vault.ts';
import type { StreamFacts } from './workspace-process.ts';

const SOURCE = parseSourceId('bench');
const INTERVAL_MS = 30_000;

export class CapturedWorkspace {
  readonly folder: string;
  readonly #seed: number;
  readonly #process: ChildProcess;
  readonly #streams: Map<string, StreamFacts>;
  /** How each file looked when it was last read. */
  readonly #stamps = new Map<string, string>();
  #nowMs = Date.now();

  private constructor(folder: string, seed: number, child: ChildProcess, streams: readonly StreamFacts[]) {
    this.folder = folder;
    this.#seed = seed;
    this.#process = child;
    this.#streams = new Map(streams.map((stream) => [stream.name, stream]));
  }

  /** Lays the workspace out in an empty folder. Another seed, other content. */
  static async start(folder: string, seed = 1): Promise<CapturedWorkspace> {
    const child = fork(programPath(), [folder, String(seed)]);
    const [streams] = (await once(child, 'message')) as [StreamFacts[]]; // what workspace-process.ts sends
    return new CapturedWorkspace(folder, seed, child, streams);
  }

  get streams(): readonly StreamFacts[] {
    return [...this.#streams.values()];
  }

  get totalBytes(): number {
    return this.streams.reduce((sum, stream) => sum + stream.sizeBytes, 0);
  }

  /** Changes 1 % and gives what a capture half a minute later would hand to the vault. */
  async step(): Promise<SaveRequest> {
    const names = await this.change();
    return this.#request((stream) => (names.has(stream.name) ? this.#readChanged(stream) : { type: 'unchanged' }));
  }

  /** Changes 1 % and gives the names of the files. */
  async change(): Promise<ReadonlySet<string>> {
    this.#process.send('step');
    const [changed] = (await once(this.#process, 'message')) as [StreamFacts[]]; // as above
    for (const stream of changed) this.#streams.set(stream.name, stream);
    return new Set(changed.map((stream) => stream.name));
  }

  /** Looks at every file, as a source does and as the peers do, and reads what changed since the last look. */
  captureChanged(): SaveRequest {
    return this.#request((stream) => {
      const path = join(this.folder, stream.name);
      const { ino, size, mtimeNs } = statSync(path, { bigint: true });
      const stamp = `${ino} ${size} ${mtimeNs}`;
      if (this.#stamps.get(stream.name) === stamp) return { type: 'unchanged' };
      this.#stamps.set(stream.name, stamp);
      return this.#readChanged(stream);
    });
  }

  captureAll(): SaveRequest {
    return this.#request((stream) => {
      const { ino, size, mtimeNs } = statSync(join(this.folder, stream.name), { bigint: true });
      this.#stamps.set(stream.name, `${ino} ${size} ${mtimeNs}`);
      return { type: 'whole', bytes: this.read(stream.name) };
    });
  }

  captureNothingNew(): SaveRequest {
    return this.#request(() => ({ type: 'unchanged' }));
  }

  read(name: string): Uint8Array<ArrayBuffer> {
    return this.#readRun(name, 0, statSync(join(this.folder, name)).size);
  }

  keyOf(stream: StreamFacts): ItemKey {
    return parseItemKey(`bench:${this.#seed}/${stream.name}`);
  }

  async stop(): Promise<void> {
    this.#process.disconnect();
    await once(this.#process, 'exit');
  }

  #readChanged(stream: StreamFacts): CapturedStream['content'] {
    if (stream.kind !== 'append') return { type: 'whole', bytes: this.read(stream.name) };
    const fromByte = stream.sizeBytes - stream.appended;
    const overlapFrom = Math.max(0, fromByte - APPEND_OVERLAP_BYTES);
    return {
      type: 'appended',
      fromByte,
      overlap: this.#readRun(stream.name, overlapFrom, fromByte - overlapFrom),
      bytes: this.#readRun(stream.name, fromByte, stream.appended),
    };
  }

  #readRun(name: string, start: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(length);
    const file = openSync(join(this.folder, name), 'r');
    readSync(file, bytes, 0, length, start);
    closeSync(file);
    return bytes;
  }

  #request(contentOf: (stream: StreamFacts) => CapturedStream['content']): SaveRequest {
    this.#nowMs += INTERVAL_MS;
    const items = this.streams.map((stream): CapturedItem => ({
      key: this.keyOf(stream),
      kind: 'document',
      source: SOURCE,
      group: 'bench',
      title: stream.name,
      attributes: { path: `/home/dev/${stream.name}`, size: stream.sizeBytes },
      streams: [{ name: 'content', kind: stream.kind, version: String(stream.version), content: contentOf(stream) }],
    }));
    return { takenAtMs: this.#nowMs, kind: 'automatic', items, carried: [], gaps: [], goodSources: [SOURCE] };
  }
}

/** Beside this file, or beside the bench that it was bundled into. */
function programPath(): string {
  const candidates = ['./workspace-process.ts', './workspace-process.js', '../workspace-process.js'];
  const paths = candidates.map((name) => fileURLToPath(new URL(name, import.meta.url)));
  return paths.find((path) => existsSync(path)) ?? '';
}
