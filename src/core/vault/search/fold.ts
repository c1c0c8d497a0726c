// Text as search compares it: without case and without diacritics, so that `Café` is found by `cafe`. One code unit becomes one or
// none, so positions can be told; what a character is (part of a word, upper case, Chinese or Japanese) is looked up in a table.

export const SEPARATOR = 0;
export const LETTER = 1;
export const UPPER = 2;
export const DIGIT = 3;
/** Scripts that are written without blanks: they are indexed by pairs of characters. */
export const DENSE = 4;

const UNKNOWN = 255;
const DROPPED = 0;
const UNITS = 65_536;
const LETTERS = /[\p{L}\p{M}]/u;
const DIGITS = /\p{N}/u;
const DENSE_SCRIPTS =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}\u30fc\ud800-\udfff]/u;
const MARKS = /\p{Mn}/gu;
// oxlint-disable-next-line no-control-regex -- the range of ASCII is what is meant
const NOT_ASCII = /[^\u0000-\u007f]/;

const classes = new Uint8Array(UNITS).fill(UNKNOWN);
const folded = new Uint16Array(UNITS);

/** What kind of character a code unit is. */
export function classOf(unit: number): number {
  const known = classes[unit] ?? SEPARATOR;
  return known === UNKNOWN ? learn(unit) : known;
}

/** The code unit without case and diacritics; 0 where it only is a mark on the one before it. Call `classOf` first. */
export function foldedUnit(unit: number): number {
  return folded[unit] ?? unit;
}

export interface FoldedText {
  readonly text: string;
  /** Where each character of the folded text stands in the original; null where nothing moved. */
  readonly positions: Uint32Array | null;
}

/** Folds a whole text. */
export function foldText(text: string): FoldedText {
  if (!NOT_ASCII.test(text)) return { text: text.toLowerCase(), positions: null };
  const units = new Uint16Array(text.length);
  const positions = new Uint32Array(text.length + 1);
  let count = 0;
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    classOf(unit);
    const plain = foldedUnit(unit);
    if (plain === DROPPED && unit !== 0) continue;
    units[count] = plain;
    positions[count] = at;
    count += 1;
  }
  positions[count] = text.length;
  const bytes = Buffer.from(units.buffer, 0, count * 2);
  return {
    text: bytes.toString('utf16le'),
    positions: count === text.length ? null : positions.subarray(0, count + 1),
  };
}

/** The position in the original text of a position in the folded one. */
export function originalPosition({ positions }: FoldedText, at: number): number {
  return positions === null ? at : (positions[at] ?? at);
}

/** True where a word, or a part of one (`getUserName`), begins at this position of the original text. */
export function isPartStart(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = classOf(text.charCodeAt(at - 1));
  const own = classOf(text.charCodeAt(at));
  if (before === SEPARATOR || before === DENSE || own === DENSE || own === SEPARATOR) return true;
  if (own !== UPPER) return false;
  if (before !== UPPER) return true;
  // The last capital of a run begins a part where small letters follow: HTTPServer.
  return at + 1 < text.length && classOf(text.charCodeAt(at + 1)) === LETTER;
}

/** True where a word ends before this position of the original text. */
export function isWordEnd(text: string, at: number): boolean {
  if (at >= text.length) return true;
  const next = classOf(text.charCodeAt(at));
  return next === SEPARATOR || next === DENSE || classOf(text.charCodeAt(at - 1)) === DENSE;
}

function learn(unit: number): number {
  const character = String.fromCharCode(unit);
  const kind = kindOf(character);
  classes[unit] = kind;
  folded[unit] = plainUnit(character, unit, kind);
  return kind;
}

function kindOf(character: string): number {
  if (DENSE_SCRIPTS.test(character)) return DENSE;
  if (DIGITS.test(character)) return DIGIT;
  if (!LETTERS.test(character)) return SEPARATOR;
  return character === character.toLowerCase() ? LETTER : UPPER;
}

function plainUnit(character: string, unit: number, kind: number): number {
  if (unit >= 0xd800 && unit <= 0xdfff) return unit;
  const plain = character.normalize('NFKD').replaceAll(MARKS, '').toLowerCase().normalize('NFC').replaceAll(MARKS, '');
  if (plain.length === 0) return kind === LETTER ? DROPPED : unit;
  // Where words begin and end must be the same in both.
  if (plain.length === 1 && isAlike(kindOf(plain), kind)) return plain.charCodeAt(0);
  const small = character.toLowerCase();
  return small.length === 1 ? small.charCodeAt(0) : unit;
}

function isAlike(a: number, b: number): boolean {
  return (a === SEPARATOR) === (b === SEPARATOR) && (a === DENSE) === (b === DENSE);
}
