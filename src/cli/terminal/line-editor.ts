// One line as it is typed on a raw terminal: letters, backspace, Ctrl-U, Ctrl-W, Enter; arrows and other keys do nothing.

export type LineState = 'open' | 'entered' | 'cancelled';

/** More is not an answer but a file pasted by mistake. */
const MAX_LENGTH = 4096;
/** A whole key of several bytes (arrows, function keys, bracketed paste marks), or the beginning of one. */
const ESCAPE_SEQUENCE = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O.|[^[O])/;

export class LineEditor {
  #letters: string[] = [];
  #state: LineState = 'open';
  /** An escape sequence of which the end has not come yet. */
  #pending = '';

  get text(): string {
    return this.#letters.join('');
  }

  get state(): LineState {
    return this.#state;
  }

  /** Takes what was typed, and gives back what stands after the line's end. */
  feed(typed: string): string {
    let rest = this.#pending + typed;
    this.#pending = '';
    while (rest !== '' && this.#state === 'open') {
      if (rest.startsWith('\x1b')) {
        const sequence = ESCAPE_SEQUENCE.exec(rest)?.[0];
        if (sequence === undefined) {
          this.#pending = rest.length < 32 ? rest : '';
          return '';
        }
        rest = rest.slice(sequence.length);
        continue;
      }
      const letter = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      rest = rest.slice(letter.length);
      // A line may end in CR, LF, or both.
      if (letter === '\r' && rest.startsWith('\n')) rest = rest.slice(1);
      this.#take(letter);
    }
    return rest;
  }

  #take(letter: string): void {
    switch (letter) {
      case '\r':
      case '\n':
        this.#state = 'entered';
        return;
      case '\x03':
        this.#state = 'cancelled';
        return;
      case '\x04':
        if (this.#letters.length === 0) this.#state = 'cancelled';
        return;
      case '\x7f':
      case '\b':
        this.#letters.pop();
        return;
      case '\x15':
        this.#letters = [];
        return;
      case '\x17':
        this.#eraseWord();
        return;
      default:
        if (letter >= ' ' && this.#letters.length < MAX_LENGTH) this.#letters.push(letter);
    }
  }

  #eraseWord(): void {
    while (this.#letters.at(-1) === ' ') this.#letters.pop();
    while (this.#letters.length > 0 && this.#letters.at(-1) !== ' ') this.#letters.pop();
  }
}
