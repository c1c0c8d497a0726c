// Text as a developer's machine is full of, made by a fixed rule: log lines, patches, transcripts, with names in every style of writing,
// numbers, hashes and paths. The words are spread as words are: few make most of the text.

const SYLLABLES =
  'ba ce di fo gu la me ni po ru sa te vi xo zu an el in or un ar tion ment able ing port con pre sub'.split(' ');
const WORDS = 24_000;
const PICKS = 1 << 16;

export class TextMaker {
  #state: number;
  readonly words: readonly string[];
  readonly #picks: readonly string[];

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
    const stems = Array.from({ length: WORDS }, () => this.#stem());
    this.words = stems.map((stem, at) => this.#written(stem, stems[(at * 7 + 3) % WORDS] ?? stem));
    // By Zipf's law: the word of rank r is picked with a weight of 1/r.
    this.#picks = Array.from({ length: PICKS }, (_, at) => {
      const rank = Math.floor(WORDS ** ((at + 0.5) / PICKS)) - 1;
      return this.words[Math.min(WORDS - 1, rank)] ?? '';
    });
  }

  /** From 0 to below a limit. */
  number(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    this.#state >>>= 0;
    return this.#state % limit;
  }

  word(): string {
    return this.#picks[this.number(PICKS)] ?? '';
  }

  hash(): string {
    return `${this.#hex()}${this.#hex()}${this.#hex()}`;
  }

  sentence(words: number): string {
    let text = this.word();
    for (let left = words; left > 1; left -= 1) text += ` ${this.word()}`;
    return text;
  }

  path(): string {
    return `src/${this.word()}/${this.word()}.ts`;
  }

  /** Log lines as a terminal shows them, of about so many bytes. */
  terminal(sizeBytes: number): string {
    const lines: string[] = [];
    for (let size = 0; size < sizeBytes;) {
      const line = this.#logLine();
      lines.push(line);
      size += line.length + 1;
    }
    return `${lines.join('\n')}\n`;
  }

  patch(sizeBytes: number): string {
    const lines: string[] = [];
    for (let size = 0; size < sizeBytes;) {
      const path = this.path();
      const block = [
        `diff --git a/${path} b/${path}`,
        `index ${this.#hex()}..${this.#hex()} 100644`,
        `@@ -${this.number(900)},7 +${this.number(900)},9 @@ function ${this.word()}()`,
        ...Array.from(
          { length: 14 },
          () => `${'+- '[this.number(3)]}  const ${this.word()} = ${this.word()}(${this.sentence(2)});`,
        ),
      ].join('\n');
      lines.push(block);
      size += block.length + 1;
    }
    return `${lines.join('\n')}\n`;
  }

  transcript(sizeBytes: number): string {
    const lines: string[] = [];
    for (let size = 0; size < sizeBytes;) {
      const line = JSON.stringify({
        type: this.number(2) === 0 ? 'user' : 'assistant',
        uuid: this.hash(),
        parentUuid: this.hash(),
        timestamp: '2026-11-20T12:00:00.000Z',
        message: {
          role: 'assistant',
          content: [
            { type: 'text', text: Array.from({ length: 8 }, () => this.sentence(12)).join('\n') },
            { type: 'tool_use', name: 'Bash', input: { command: `grep -rn ${this.word()} ${this.path()}` } },
          ],
        },
      });
      lines.push(line);
      size += line.length + 1;
    }
    return `${lines.join('\n')}\n`;
  }

  #logLine(): string {
    switch (this.number(4)) {
      case 0:
        return `\u001b[32m2026-11-20T${10 + this.number(14)}:${10 + this.number(50)}:${10 + this.number(50)}\u001b[0m INFO ${this.sentence(7)} id=${this.#hex()}`;
      case 1:
        return `  at ${this.word()} (${this.path()}:${this.number(900)}:${this.number(80)})`;
      case 2:
        return `$ npm run ${this.word()} -- --${this.word()}=${this.number(10_000)}`;
      default:
        return this.sentence(11);
    }
  }

  #hex(): string {
    return (this.number(0x7fffffff) + 0x10000000).toString(16);
  }

  #stem(): string {
    let stem = '';
    for (let left = 2 + this.number(3); left > 0; left -= 1) stem += SYLLABLES[this.number(SYLLABLES.length)] ?? '';
    return stem;
  }

  /** Every third word is a name of two: one in snake case, one in camel case. */
  #written(stem: string, other: string): string {
    switch (this.number(9)) {
      case 0:
        return `${stem}_${other}`;
      case 1:
        return `${stem}${other.charAt(0).toUpperCase()}${other.slice(1)}`;
      case 2:
        return `${stem.charAt(0).toUpperCase()}${stem.slice(1)}`;
      default:
        return stem;
    }
  }
}
