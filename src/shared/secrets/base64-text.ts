// Base64 that holds text, without what only one runtime has.

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const VALUES = new Int8Array(128).fill(-1);
for (const [value, letter] of Array.from(ALPHABET).entries()) VALUES[letter.charCodeAt(0)] = value;
VALUES['-'.charCodeAt(0)] = 62;
VALUES['_'.charCodeAt(0)] = 63;

/**
 * What the letters stand for (both alphabets, line ends are skipped), one byte a character; null where they are no base64, or where
 * what they stand for is no text.
 */
export function decodeBase64Text(letters: string): string | null {
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (let at = 0; at < letters.length; at += 1) {
    const code = letters.charCodeAt(at);
    if (code === 61 || code === 10 || code === 13) continue;
    const value = VALUES[code] ?? -1;
    if (value < 0) return null;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
    if (byte < 32 && byte !== 9 && byte !== 10 && byte !== 13) return null;
    bytes.push(byte);
  }
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 4_096) parts.push(String.fromCharCode(...bytes.slice(at, at + 4_096)));
  return bytes.length === 0 ? null : parts.join('');
}
