// A deterministic workspace of 50 MB, and captures of it in which 1 % is new: transcripts grow, scrollbacks scroll, files and tabs
// are edited. The same bytes in every run, so that figures can be compared.

import type { StreamKind } from '../../src/shared/model/item.ts';

const MB = 1024 * 1024;
const FRESH_BYTES = (50 * MB) / 100;
/** Kind, how many streams, bytes of all together. */
const SHARES = [
  { name: 'transcript', kind: 'append', count: 60, bytes: 25 * MB },
  { name: 'scrollback', kind: 'ring', count: 60, bytes: 10 * MB },
  { name: 'tabs', kind: 'blob', count: 80, bytes: 5 * MB },
  { name: 'file', kind: 'blob', count: 80, bytes: 8 * MB },
  { name: 'patch', kind: 'blob', count: 20, bytes: 2 * MB },
] as const satisfies readonly { name: string; kind: StreamKind; count: number; bytes: number }[];

export interface BenchStream {
  readonly name: string;
  readonly kind: StreamKind;
  content: Buffer;
  version: number;
  /** Bytes at its end that the last step added, for an append. */
  appended: number;
  isChanged: boolean;
}

export class BenchWorkspace {
  readonly streams: BenchStream[] = [];
  readonly #words: string[];
  #state: number;

  constructor(seed = 1) {
    this.#state = seed;
    this.#words = Array.from({ length: 4000 }, () =>
      this.#number()
        .toString(36)
        .slice(0, 3 + (this.#number() % 6)),
    );
    for (const share of SHARES) {
      for (let index = 0; index < share.count; index += 1) {
        // Sizes differ: a few large ones, many small ones.
        const weight = ((index % 10) + 1) / 5.5;
        const content = this.text(share.name, Math.floor((share.bytes / share.count) * weight));
        this.streams.push({
          name: `${share.name}-${index}`,
          kind: share.kind,
          content,
          version: 0,
          appended: 0,
          isChanged: true,
        });
      }
    }
  }

  /** Changes 1 % of what there was at first, to the byte. */
  step(): void {
    for (const stream of this.streams) stream.isChanged = false;
    let budget = FRESH_BYTES;
    while (budget > 0) {
      const kind = this.#pickKind();
      const candidates = this.streams.filter((stream) => stream.kind === kind && !stream.isChanged);
      const stream = candidates[this.#number() % candidates.length];
      if (stream !== undefined) budget -= this.#change(stream, budget);
    }
  }

  /** Of what changes, about half is conversations, a third terminals, the rest files and tabs. */
  #pickKind(): StreamKind {
    const number = this.#number() % 100;
    return number < 25 ? 'append' : number < 55 ? 'ring' : 'blob';
  }

  text(kind: string, bytes: number): Buffer {
    const parts: string[] = [];
    let length = 0;
    while (length < bytes) {
      const line = this.#line(kind);
      parts.push(line);
      length += line.length;
    }
    return Buffer.from(parts.join(''), 'latin1').subarray(0, bytes);
  }

  /** Changes at most so many bytes of a stream; gives how many. */
  #change(stream: BenchStream, most: number): number {
    stream.isChanged = true;
    stream.version += 1;
    if (stream.kind === 'append') {
      const tail = this.text('transcript', Math.min(24_000, most));
      stream.content = Buffer.concat([stream.content, tail]);
      stream.appended = tail.length;
      return tail.length;
    }
    if (stream.kind === 'ring') {
      const tail = this.text('scrollback', Math.min(16_000, stream.content.length >> 1, most));
      stream.content = Buffer.concat([stream.content.subarray(tail.length), tail]);
      return tail.length;
    }
    const edit = this.text('file', Math.min(6000, stream.content.length >> 1, most));
    const at = this.#number() % Math.max(1, stream.content.length - edit.length);
    stream.content = Buffer.concat([stream.content.subarray(0, at), edit, stream.content.subarray(at + edit.length)]);
    return edit.length;
  }

  #line(kind: string): string {
    const words = Array.from(
      { length: 6 + (this.#number() % 14) },
      () => this.#words[this.#number() % this.#words.length] ?? '',
    );
    if (kind === 'transcript') {
      return `${JSON.stringify({ type: 'assistant', uuid: `${this.#number().toString(16)}-${this.#number().toString(16)}`, timestamp: 1_795_000_000 + (this.#number() % 100_000), message: { role: 'assistant', content: words.join(' ') } })}\n`;
    }
    return `${words.join(' ')}\n`;
  }

  #number(): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return this.#state >>> 0;
  }
}
