// How a command of a shell's history is told: how long it took and how it ended. Pure.

import type { Preview } from '../../../shared/contract/schemas.ts';

export type ShownCommand = Extract<Preview, { type: 'commands' }>['commands'][number];

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Shells give 128 and the number of the signal that ended a program. */
const SIGNALS: Readonly<Record<number, string>> = {
  129: 'hung up',
  130: 'interrupted',
  131: 'quit',
  134: 'aborted',
  137: 'killed',
  139: 'crashed',
  141: 'broken pipe',
  143: 'terminated',
  148: 'stopped',
};

/** "0.3 s", "2 min 5 s", "1 h 4 min". */
export function tellDuration(ms: number): string {
  if (ms < 10 * SECOND_MS) return `${(ms / SECOND_MS).toFixed(1)} s`;
  if (ms < MINUTE_MS) return `${Math.round(ms / SECOND_MS)} s`;
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min ${Math.floor((ms % MINUTE_MS) / SECOND_MS)} s`;
  return `${Math.floor(ms / HOUR_MS)} h ${Math.floor((ms % HOUR_MS) / MINUTE_MS)} min`;
}

/** "0", "1", "130, interrupted". */
export function tellExit(code: number): string {
  const word = SIGNALS[code];
  return word === undefined ? String(code) : `${code}, ${word}`;
}

export interface CommandGroup {
  /** Where these were typed; absent where that is not known. */
  readonly cwd: string | undefined;
  readonly rows: readonly { readonly command: ShownCommand; readonly at: number }[];
}

/** From one place of the list on, the newest first, together what was typed in one folder without a change. */
export function groupByFolder(commands: readonly ShownCommand[], first: number): CommandGroup[] {
  const groups: { cwd: string | undefined; rows: { command: ShownCommand; at: number }[] }[] = [];
  for (let at = commands.length - 1; at >= first; at -= 1) {
    const command = commands[at];
    if (command === undefined) continue;
    const last = groups.at(-1);
    if (last !== undefined && last.cwd === command.cwd) last.rows.push({ command, at });
    else groups.push({ cwd: command.cwd, rows: [{ command, at }] });
  }
  return groups;
}

/** The place of the newest command that holds the text, whatever its case; -1 for none. */
export function findCommand(commands: readonly ShownCommand[], text: string): number {
  const wanted = text.toLowerCase();
  return commands.findLastIndex(({ command }) => command.toLowerCase().includes(wanted));
}

/** All of them as text, a line each, for the clipboard. */
export function commandsText(commands: readonly ShownCommand[]): string {
  return commands.map(({ command, at }) => (at === undefined ? command : `${at}  ${command}`)).join('\n');
}
