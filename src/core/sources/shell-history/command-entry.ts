// One command as it is kept: a line of JSON in a `commands` stream. What the user's rules hide is left out and secrets are taken out
// while the lines are made, so that neither ever reaches the vault.

import { z } from 'zod';

import type { CaptureContext, ForgottenTimes } from '../source.ts';

/** Longer lines are cut by the hooks; from a file, where nobody cuts them, they are cut here. */
const MAX_LINE_CHARACTERS = 16_384;
const NEWLINE = 0x0a;

export interface CommandEntry {
  /** As it was typed, without secrets. May have several lines. */
  readonly command: string;
  /** The folder that it was typed in. */
  readonly cwd?: string | undefined;
  /** When it began, milliseconds since the epoch. */
  readonly atMs?: number | undefined;
  readonly durationMs?: number | undefined;
  readonly exitCode?: number | undefined;
}

type Rules = Pick<CaptureContext, 'excludes' | 'redact'>;

/** True for a command that ran within a time that was forgotten. */
export function isForgotten({ atMs, durationMs = 0 }: CommandEntry, times: readonly ForgottenTimes[]): boolean {
  return atMs !== undefined && times.some(({ sinceMs, untilMs }) => atMs <= untilMs && atMs + durationMs >= sinceMs);
}

const lineSchema = z.object({
  command: z.string(),
  cwd: z.string().optional().catch(undefined),
  atMs: z.number().optional().catch(undefined),
  durationMs: z.number().optional().catch(undefined),
  exitCode: z.int().optional().catch(undefined),
});

/** False for what is never kept: a line that begins with a blank, whatever the shell's settings, and what the user's rules hide. */
export function isKept({ command, cwd }: CommandEntry, { excludes }: Rules): boolean {
  if (command === '' || /^\s/.test(command)) return false;
  return !excludes.command(command) && (cwd === undefined || !excludes.path(cwd));
}

/** The entries that are kept, as lines of JSON. */
export function encodeCommands(entries: readonly CommandEntry[], rules: Rules): Uint8Array<ArrayBuffer> {
  const lines = entries
    .filter((entry) => isKept(entry, rules))
    .map(({ command, ...facts }) => {
      const cut = command.slice(0, MAX_LINE_CHARACTERS);
      return `${JSON.stringify({ command: rules.redact(cut), ...facts })}\n`;
    });
  return new Uint8Array(Buffer.from(lines.join(''), 'utf8'));
}

/** The entries of a stream. Total: lines that are none are left out. */
export function decodeCommands(bytes: Uint8Array): CommandEntry[] {
  const entries: CommandEntry[] = [];
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(NEWLINE, start);
    const end = found < 0 ? bytes.length : found;
    const entry = decodeLine(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8'));
    if (entry !== null) entries.push(entry);
    start = end + 1;
  }
  return entries;
}

function decodeLine(line: string): CommandEntry | null {
  try {
    return lineSchema.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // not JSON: a line that something else wrote
  }
}
