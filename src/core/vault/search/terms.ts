// The terms of a text, as 32-bit numbers: what the index is made of. A word gives one for its first three, five and eight letters,
// and so does each part of it (`getUserName`: from `get`, `user` and `name` on to its end), so that any beginning of a word or part
// is found. A word of one or two letters gives one for the whole. Scripts without blanks give characters and pairs of them.
// Frozen with INDEX_FORMAT: what is indexed with other terms is never found.

import { classOf, DENSE, foldedUnit, LETTER, SEPARATOR, UPPER } from './fold.ts';

/** After how many letters a word has a term; the longest that a word has is looked up. */
const PREFIX_LENGTHS = [3, 5, 8] as const;
const LONGEST_PREFIX = 8;
const SHORT_SALT = 0x51ed270b;
const DENSE_SALT = 0x2545f491;
const SEED = 0x811c9dc5;
/** Parts of longer words are not looked for: they are hashes and the like. */
const MAX_PARTED_WORD = 48;
const MAX_PARTS = 8;

/** Collects the different terms of one text after another. */
export class TermCollector {
  #slots = new Uint32Array(8192);
  #used = new Uint32Array(8192);
  #mark = 0;
  #terms = new Uint32Array(4096);
  #count = 0;

  /** Forgets what was collected. */
  begin(): void {
    this.#count = 0;
    this.#mark += 1;
  }

  /** The terms so far, each once. The array is used again after `begin`. */
  get terms(): Uint32Array {
    return this.#terms.subarray(0, this.#count);
  }

  collect(text: string): void {
    const { length } = text;
    let at = 0;
    while (at < length) {
      const kind = classOf(text.charCodeAt(at));
      if (kind === SEPARATOR) at += 1;
      else if (kind === DENSE) at = this.#collectDense(text, at);
      else at = this.#collectWord(text, at);
    }
  }

  #collectDense(text: string, start: number): number {
    let before = -1;
    let at = start;
    for (; at < text.length; at += 1) {
      const own = text.charCodeAt(at);
      const kind = classOf(own);
      const unit = foldedUnit(own);
      // A mark on a character does not part it from the next.
      if (kind !== DENSE && (kind === SEPARATOR || unit !== 0)) break;
      if (kind !== DENSE) continue;
      this.#add(denseTerm(-1, unit));
      if (before >= 0) this.#add(denseTerm(before, unit));
      before = unit;
    }
    return at;
  }

  #collectWord(text: string, start: number): number {
    let end = start;
    let parts = 0;
    let before = SEPARATOR;
    for (; end < text.length; end += 1) {
      const kind = classOf(text.charCodeAt(end));
      if (kind === SEPARATOR || kind === DENSE) break;
      // A part begins at a capital after a small letter or digit, or at the last capital before small letters.
      const isStart =
        kind === UPPER &&
        end > start &&
        (before !== UPPER || (end + 1 < text.length && classOf(text.charCodeAt(end + 1)) === LETTER));
      if (isStart && parts < MAX_PARTS && end - start < MAX_PARTED_WORD) {
        parts += 1;
        this.#collectFrom(text, end);
      }
      before = kind;
    }
    this.#collectFrom(text, start);
    return end;
  }

  /** The terms of a word, or of the rest of one. */
  #collectFrom(text: string, start: number): void {
    let hash = SEED;
    let letters = 0;
    for (let at = start; at < text.length && letters < LONGEST_PREFIX; at += 1) {
      const unit = text.charCodeAt(at);
      const kind = classOf(unit);
      if (kind === SEPARATOR || kind === DENSE) break;
      const plain = foldedUnit(unit);
      if (plain === 0) continue;
      hash = Math.imul(hash ^ plain, 0x01000193);
      letters += 1;
      if (letters === 3 || letters === 5 || letters === 8) this.#add(finished(hash));
    }
    if (letters > 0 && letters < 3) this.#add(finished(hash ^ SHORT_SALT));
  }

  #add(term: number): void {
    const mask = this.#slots.length - 1;
    let slot = term & mask;
    while (this.#used[slot] === this.#mark) {
      if (this.#slots[slot] === term) return;
      slot = (slot + 1) & mask;
    }
    this.#used[slot] = this.#mark;
    this.#slots[slot] = term;
    if (this.#count === this.#terms.length) this.#grow();
    this.#terms[this.#count] = term;
    this.#count += 1;
  }

  #grow(): void {
    const terms = new Uint32Array(this.#terms.length * 2);
    terms.set(this.#terms);
    this.#terms = terms;
    const size = this.#slots.length * 2;
    this.#slots = new Uint32Array(size);
    this.#used = new Uint32Array(size);
    this.#mark = 1;
    for (const term of terms.subarray(0, this.#count)) {
      let slot = term & (size - 1);
      while (this.#used[slot] === 1) slot = (slot + 1) & (size - 1);
      this.#used[slot] = 1;
      this.#slots[slot] = term;
    }
  }
}

/** The term by which a folded word is looked up that begins so; `isWhole`: of words of one or two letters only the whole is known. */
export function wordTerm(word: string): number {
  let letters = 0;
  for (const length of PREFIX_LENGTHS) if (word.length >= length) letters = length;
  const isShort = letters === 0;
  let hash = SEED;
  const end = isShort ? word.length : letters;
  for (let at = 0; at < end; at += 1) hash = Math.imul(hash ^ word.charCodeAt(at), 0x01000193);
  return finished(isShort ? hash ^ SHORT_SALT : hash);
}

/** The terms by which a run of a script without blanks is looked up. */
export function denseTerms(run: string): number[] {
  if (run.length === 1) return [denseTerm(-1, run.charCodeAt(0))];
  return Array.from({ length: run.length - 1 }, (_, at) => denseTerm(run.charCodeAt(at), run.charCodeAt(at + 1)));
}

function denseTerm(first: number, second: number): number {
  return finished(Math.imul((first + 2) ^ DENSE_SALT, 0x01000193) ^ Math.imul(second, 0x9e3779b1));
}

/** Spreads the bits, so that the terms of a segment lie evenly. */
function finished(hash: number): number {
  let mixed = hash ^ (hash >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
