// A passphrase to offer: common English words drawn at random. Six of 4,096 are 72 bits, and nobody has to write them down.

import type { RandomBytes } from './cipher.ts';

const WORDS = 6;
const LIST_BITS = 12;
const MIN_LENGTH = 4;
const MAX_LENGTH = 8;

/** Draws the words; the list is loaded when it is first wanted. */
export async function generatePassphrase(random: RandomBytes): Promise<string> {
  const { dictionary } = await import('@zxcvbn-ts/language-en');
  const common: readonly unknown[] = Object.values(dictionary['commonWords-en'] ?? {});
  const words = common
    .filter((word): word is string => typeof word === 'string' && /^[a-z]+$/.test(word))
    .filter((word) => word.length >= MIN_LENGTH && word.length <= MAX_LENGTH)
    .slice(0, 2 ** LIST_BITS);
  if (words.length < 2 ** LIST_BITS) throw new RangeError('the word list is shorter than expected');
  return Array.from({ length: WORDS }, () => {
    // A power of two: every word is equally likely.
    const index = random(2).readUInt16LE(0) % 2 ** LIST_BITS;
    return words[index] ?? '';
  }).join(' ');
}
