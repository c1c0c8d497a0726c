// A terminal as it looked: its text with colours and styles, and what ran in it.

import { z } from 'zod';

import type { Preview } from '../../../shared/contract/schemas.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { keepStyles } from '../../../shared/text/keep-styles.ts';
import { toPlainLine } from '../../../shared/text/sanitize-text.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import type { PreviewContext } from '../source.ts';
import { drawLines } from './old-text.ts';
import { PROGRAM_SCREEN, SCROLLBACK } from './terminal-text.ts';

/** More is slow to show and is read by nobody. */
export const MAX_PREVIEW_LINES = 20_000;
const DEFAULT_COLUMNS = 80;
const MAX_COMMAND_LENGTH = 4_000;
const NEWLINE = 0x0a;
const RESET_STYLES = '\u001b[0m';

type TerminalPreview = Extract<Preview, { type: 'terminal' }>;

const words = z.array(z.string()).catch([]);
const width = z.object({ width: z.int().min(1) });
/** Part of a pane's or terminal's facts: what is senseless is left out, the rest is still shown. */
const factsSchema = z.object({
  cwd: z.string().optional().catch(undefined),
  argv: words,
  pipeline: z.record(z.string(), z.object({ argv: words })).catch({}),
  pane: width.optional().catch(undefined),
  window: width.optional().catch(undefined),
});

/** The terminal with the newest lines of its shell and, below them, of the full-screen program that hid them. */
export async function previewTerminal(item: SnapshotItem, context: PreviewContext): Promise<TerminalPreview> {
  const texts: string[] = [];
  let leftLines = Math.min(context.lines ?? MAX_PREVIEW_LINES, MAX_PREVIEW_LINES);
  let omittedLines = 0;
  // What was on top comes first, so that it is the older text that is left out.
  for (const name of [PROGRAM_SCREEN, SCROLLBACK]) {
    if (!item.streams.some((stream) => stream.name === name)) continue;
    const bytes = await context.readStream(name);
    const last = lastLines(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), leftLines);
    leftLines -= last.lines;
    omittedLines += last.omittedLines;
    if (last.text.length > 0) texts.unshift(keepStyles(drawLines(last.text.toString('utf8'))));
  }
  return { ...terminalOf(item), text: texts.map(withLineEnd).join(RESET_STYLES), omittedLines };
}

/** A terminal without its text. */
export function terminalOf({ attributes }: SnapshotItem): TerminalPreview {
  const { cwd, argv, pipeline, pane, window } = factsSchema.parse(attributes);
  const later = Object.entries(pipeline).toSorted(([a], [b]) => Number(a) - Number(b));
  const command = [argv, ...later.map(([, part]) => part.argv)]
    .filter((part) => part.length > 0)
    .map((part) => quoteArguments(part) ?? toPlainLine(part.join(' '), MAX_COMMAND_LENGTH))
    .join(' | ');
  return {
    type: 'terminal',
    text: '',
    columns: pane?.width ?? window?.width ?? DEFAULT_COLUMNS,
    ...(cwd === undefined ? {} : { cwd }),
    ...(command === '' ? {} : { command }),
    omittedLines: 0,
  };
}

/** Cut before it is decoded: no sequence or character goes over a line's end. */
function lastLines(text: Buffer, max: number): { text: Buffer; lines: number; omittedLines: number } {
  let start = text.length;
  let lines = 0;
  for (; start > 0 && lines < max; lines += 1) start = start < 2 ? 0 : text.lastIndexOf(NEWLINE, start - 2) + 1;
  const omitted = text.subarray(0, start);
  let omittedLines = 0;
  for (let at = omitted.indexOf(NEWLINE); at >= 0; at = omitted.indexOf(NEWLINE, at + 1)) omittedLines += 1;
  return { text: text.subarray(start), lines, omittedLines };
}

function withLineEnd(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
