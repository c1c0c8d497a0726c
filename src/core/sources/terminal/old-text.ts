// Old text of a terminal, shown above a dated divider: display only, so that nothing of it can drive the terminal, and kept in a private
// file for no longer than the terminal needs to print it.

import { randomUUID } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** DEC line drawing, which tmux prints as letters between SO and SI. */
const LINE_DRAWING: Readonly<Record<string, string>> = {
  j: '┘',
  k: '┐',
  l: '┌',
  m: '└',
  n: '┼',
  q: '─',
  t: '├',
  u: '┤',
  v: '┴',
  w: '┬',
  x: '│',
  a: '▒',
  '`': '◆',
  '~': '·',
};
/** SGR sequences, which are kept; then every other sequence and control character, which are dropped. */
const SEQUENCES =
  /\u001b\[([0-9;:]*)m|\u001b(?:[\]P^_X][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\[[0-?]*[ -/]*[@-~]?|[ -/]*[0-~]?)|[\u0000-\u0008\u000b-\u001f\u007f]|\u00c2[\u0080-\u009f]/g;

/** Writes the old text with its divider into a new private file of this folder. */
export function writeOldText(folder: string, text: Uint8Array, takenAtMs: number): string {
  const file = join(folder, `text-${randomUUID()}`);
  const time = new Date(takenAtMs).toISOString().slice(0, 16).replace('T', ' ');
  const divider = `\u001b[0m\n\u001b[2m──── restored from ${time} UTC ────\u001b[0m\n`;
  const plain = onlyColours(Buffer.from(text));
  const end = plain.at(-1) === 0x0a ? plain.subarray(0, -1) : plain;
  writeFileSync(file, Buffer.concat([end, Buffer.from(divider, 'utf8')]), { mode: 0o600, flag: 'wx' });
  return file;
}

export function removeOldText(file: string): void {
  rmSync(file, { force: true });
}

/** Old text keeps its colours; every other control sequence could drive the terminal and is dropped. */
export function onlyColours(text: Buffer): Buffer {
  const plain = drawLines(text.toString('latin1')) // byte for byte: the text may be no valid UTF-8
    // Only the lines are beyond Latin-1: as the bytes of their UTF-8, among the bytes around them.
    .replaceAll(/[\u0100-\uffff]+/g, (lines) => Buffer.from(lines, 'utf8').toString('latin1'))
    .replaceAll(SEQUENCES, (whole, colour: string | undefined) => (colour === undefined ? '' : whole));
  return Buffer.from(plain, 'latin1');
}

/** Puts the lines in place of the letters that tmux prints for them. */
export function drawLines(text: string): string {
  const sequence = /\u001b\[[0-9;:]*m|[^]/g;
  return text.replaceAll(/\u000e([^\u000e\u000f\n]*)\u000f?/g, (_, letters: string) =>
    letters.replaceAll(sequence, (part) => LINE_DRAWING[part] ?? part),
  );
}
