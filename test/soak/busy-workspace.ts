// A workspace in which much changes all the time: terminals that scroll, conversations that grow and end, tabs that come and go, files that
// are edited. Repeatable from its seed.

import type { CapturedItem } from '../../src/shared/model/item.ts';
import { aConversation, aStream, aTerminal } from '../support/captures.ts';

const PANES = 12;
const TALKS = 6;
const FILES = 12;
const TABS = 30;
const SCROLLBACK_LINES = 400;
/** Then it ends, and another one begins. */
const MAX_TALK_LINES = 600;

export class BusyWorkspace {
  readonly #panes: string[][] = Array.from({ length: PANES }, () => []);
  readonly #talks: { name: number; lines: string[] }[] = [];
  readonly #files: string[][] = Array.from({ length: FILES }, () => []);
  readonly #tabs: number[] = [];
  #state: number;
  #names = 0;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    for (let at = 0; at < TALKS; at += 1) this.#talks.push({ name: this.#newName(), lines: [] });
    for (let at = 0; at < TABS; at += 1) this.#tabs.push(this.#newName());
  }

  /** What is open half a minute later. */
  next(): CapturedItem[] {
    for (const lines of this.#panes) {
      if (this.#below(3) === 0) continue;
      for (let count = this.#below(12); count > 0; count -= 1) lines.push(this.#line());
      lines.splice(0, Math.max(0, lines.length - SCROLLBACK_LINES));
    }
    for (const talk of this.#talks) {
      for (let count = this.#below(4); count > 0; count -= 1)
        talk.lines.push(JSON.stringify({ type: 'user', text: this.#line() }));
      if (talk.lines.length > MAX_TALK_LINES) Object.assign(talk, { name: this.#newName(), lines: [] });
    }
    for (const lines of this.#files) {
      if (this.#below(4) !== 0) continue;
      lines[this.#below(200)] = this.#line();
    }
    if (this.#below(2) === 0) this.#tabs[this.#below(TABS)] = this.#newName();
    return this.#items();
  }

  #items(): CapturedItem[] {
    return [
      ...this.#panes.map((lines, at) =>
        aTerminal(`pane-${at}`, { streams: [aStream({ text: `${lines.join('\n')}\n` })] }),
      ),
      ...this.#talks.map(({ name, lines }) => aConversation(`talk-${name}`, lines.map((line) => `${line}\n`).join(''))),
      ...this.#files.map((lines, at) =>
        aTerminal(`file-${at}`, {
          kind: 'document',
          streams: [aStream({ name: 'text', kind: 'blob', text: lines.join('\n') })],
        }),
      ),
      ...this.#tabs.map((name) =>
        aTerminal(`tab-${name}`, {
          kind: 'tab',
          title: `page ${name}`,
          attributes: { url: `https://example.org/${name}` },
        }),
      ),
    ];
  }

  #line(): string {
    const words = Array.from({ length: 4 + this.#below(8) }, () => `w${this.#below(5_000).toString(36)}`);
    return words.join(' ');
  }

  #newName(): number {
    this.#names += 1;
    return this.#names;
  }

  #below(bound: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % bound;
  }
}
