// Reads the text of windows by hardcopies into a private folder in memory. The command is sourced from a file there and its window
// chosen beforehand: so screen says nothing of it on the displays of those who look at the session.

import { closeSync, existsSync, fstatSync, openSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { withPrivateFolder } from '../host/private-folder.ts';
import type { CaptureContext } from '../source.ts';
import { lastLines, MAX_SCROLLBACK_LINES, MAX_STREAM_BYTES, withoutBlankEnd } from '../terminal/terminal-text.ts';
import { parseHardcopy } from './parse-hardcopy.ts';
import { runScreen, type ScreenSession } from './screen-sessions.ts';

const POLL_EVERY_MS = 5;
/** It is written before the run ends, as a rule. */
const WRITE_PATIENCE_MS = 500;

export interface WindowText {
  readonly text: Buffer;
  readonly isCut: boolean;
}

/** The texts by window number; a window that screen does not have under its number is missing. */
export async function readWindowTexts(
  context: CaptureContext,
  session: ScreenSession,
  numbers: readonly number[],
  memoryFolders: readonly string[],
): Promise<ReadonlyMap<number, WindowText>> {
  if (numbers.length === 0) return new Map();
  return withPrivateFolder(memoryFolders, async (folder) => {
    const commands = join(folder, 'commands');
    const file = join(folder, 'text');
    const end = join(folder, 'end');
    // Once the second is there, the first is whole.
    writeFileSync(commands, `hardcopy -h ${file}\nhardcopy ${end}\n`, { mode: 0o600 });
    const texts = new Map<number, WindowText>();
    for (const number of numbers) {
      if (context.signal.aborted) break;
      const args = ['-p', String(number), '-X', 'source', commands];
      await runScreen(context.host, session, args, { signal: context.signal });
      await waitForFile(end, context.signal);
      const read = existsSync(end) ? readEnd(file) : null;
      if (read !== null) texts.set(number, toWindowText(read));
      for (const written of [file, end]) rmSync(written, { force: true });
    }
    return texts;
  });
}

async function waitForFile(file: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + WRITE_PATIENCE_MS;
  while (!existsSync(file) && !signal.aborted && performance.now() < deadlineMs) {
    await new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
  }
}

/** The last bytes of a file that may be large; null where it is not there. */
function readEnd(path: string): { readonly bytes: Buffer; readonly isCut: boolean } | null {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return null; // not written: the window is gone
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, MAX_STREAM_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return { bytes: bytes.subarray(0, read), isCut: size > bytes.length };
  } finally {
    closeSync(file);
  }
}

function toWindowText({ bytes, isCut }: { readonly bytes: Buffer; readonly isCut: boolean }): WindowText {
  const text = withoutBlankEnd(parseHardcopy(bytes));
  const start = startOfLastLines(text);
  const kept = lastLines(text.subarray(start), MAX_STREAM_BYTES);
  return { text: kept, isCut: isCut || kept.length < text.length };
}

function startOfLastLines(text: Buffer): number {
  let at = text.at(-1) === 0x0a ? text.length - 1 : text.length;
  for (let lines = 0; lines < MAX_SCROLLBACK_LINES && at > 0; lines += 1) {
    at = text.lastIndexOf(0x0a, at - 1);
    if (at < 0) return 0;
  }
  return at <= 0 ? 0 : at + 1;
}
