// Parses what screen writes as a hardcopy. It keeps a cell's low byte only: letters beyond Latin-1 are lost, and the right half of a
// wide one is 0xff.

import { isUtf8 } from 'node:buffer';

const RIGHT_HALF = 0xff;
const REPLACEMENT = Buffer.from('\uFFFD', 'utf8');
const NEWLINE = 0x0a;

/**
 * The text as UTF-8, in lines, with every control character left out. A wide letter becomes U+FFFD; a narrow one beyond Latin-1 cannot be
 * told from the Latin-1 letter whose byte it shares. Later versions write UTF-8: that stays as it is. Takes any bytes.
 */
export function parseHardcopy(bytes: Buffer): Buffer {
  if (isUtf8(bytes)) return Buffer.from(withoutControls(bytes.toString('utf8')), 'utf8');
  const parts: Buffer[] = [];
  let start = 0;
  const flush = (end: number): void => {
    if (end <= start) return;
    parts.push(Buffer.from(withoutControls(bytes.toString('latin1', start, end)), 'utf8'));
  };
  for (let at = bytes.indexOf(RIGHT_HALF); at >= 0; at = bytes.indexOf(RIGHT_HALF, at + 1)) {
    // The byte before is what is left of the wide letter; a line never begins with a right half.
    const hasLeft = at > start && bytes[at - 1] !== NEWLINE;
    flush(hasLeft ? at - 1 : at);
    if (hasLeft) parts.push(REPLACEMENT);
    start = at + 1;
  }
  flush(bytes.length);
  return Buffer.concat(parts);
}

function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
}
