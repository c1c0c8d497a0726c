// Opens files in an editor of the terminal: one command for all that stood in one instance, with its tabs, windows and cursors, on the
// prompt of a terminal. The script that the editor gets holds numbers only, never a name.

import { createHash } from 'node:crypto';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { quoteArguments } from '../host/quote-argument.ts';
import { findOnPath } from '../host/start-detached.ts';
import type { RestoreContext, ResumeCommand } from '../source.ts';
import { documentFactsSchema, type DocumentWindow } from './document.ts';
import type { DocumentEditor, Opening, OpenTarget } from './restore-documents.ts';

const MAX_FILES = 100;
const MAX_WINDOWS = 24;
/** Arguments of a command line that only say how its files are shown. */
const LAYOUT_OPTION = /^(?:-[pOo]\d*|\+\d*|--)$/;

export interface TerminalEditorOptions {
  readonly source: SourceId;
  /** Names of the program, the best first. */
  readonly programs: readonly string[];
  /** Names under which it may stand on a command line of the user's. */
  readonly isProgram: (name: string) => boolean;
}

export function createTerminalEditor(options: TerminalEditorOptions): DocumentEditor {
  return {
    source: options.source,
    opensAtColumn: true,
    planOpening: (targets, items, context) => planOpening(options, targets, items, context),
    open: (targets, group, context) => open(options, targets, group, context),
  };
}

/**
 * The command that takes the place of the captured one on the prompt of the terminal in which these documents stood. Undefined
 * where that command says more than which files to open, or is another program's.
 */
export function openCommandOf(
  options: TerminalEditorOptions,
  items: readonly SnapshotItem[],
  terminal: SnapshotItem,
): ResumeCommand | undefined {
  const { argv, cwd } = terminal.attributes;
  if (!isWords(argv) || typeof cwd !== 'string') return undefined;
  const [program = '', ...words] = argv;
  if (!options.isProgram(baseName(program)) || words.some((word) => /^[-+]/.test(word) && !LAYOUT_OPTION.test(word))) {
    return undefined;
  }
  const targets = items.flatMap((item): OpenTarget[] => {
    const facts = documentFactsSchema.safeParse(item.attributes).data;
    return facts?.path === undefined ? [] : [{ ...facts, path: facts.path }];
  });
  return targets.length === 0 ? undefined : { argv: openArguments(program, targets), cwd };
}

/** The words of a command that shows these files as they stood. */
export function openArguments(program: string, targets: readonly OpenTarget[]): string[] {
  const windows = targets
    .flatMap((target) => (target.windows ?? []).map((window) => ({ target, window })))
    .toSorted((a, b) => a.window.tab - b.window.tab || a.window.place - b.window.place)
    .slice(0, MAX_WINDOWS);
  const shown = windows.map(({ target }) => target);
  const files = [...new Set([...shown, ...targets])].slice(0, MAX_FILES);
  const paths = files.map(({ path }) => path);
  const [only] = files;
  if (windows.length <= 1) {
    const { line, column } = windows[0]?.window ?? only ?? {};
    const where = line === undefined ? [] : [(column ?? 1) > 1 ? `+call cursor(${line},${column})` : `+${line}`];
    return [program, ...where, '--', ...paths];
  }
  const script = windows.map(({ target, window }, index) =>
    [
      index === 0 ? '' : `${splitCommand(window, windows[index - 1]?.window)} ${files.indexOf(target) + 1}`,
      `call cursor(${window.line},${window.column})`,
    ]
      .filter((command) => command !== '')
      .map((command) => `silent! ${command}`)
      .join('|'),
  );
  const active = windows.find(({ target }) => target.isActive)?.window;
  const last =
    active === undefined
      ? ''
      : `|silent! tabnext ${tabNumber(windows, active)}|silent! ${placeInTab(windows, active)}wincmd w`;
  return [program, '-c', `${script.join('|')}${last}`, '--', ...paths];
}

function splitCommand(window: DocumentWindow, before: DocumentWindow | undefined): string {
  if (window.tab !== before?.tab) return 'tab sargument';
  return window.split === 'row' ? 'vertical belowright sargument' : 'belowright sargument';
}

interface PlacedWindow {
  readonly window: DocumentWindow;
}

/** Tabs are counted anew: of some nothing may be left. */
function tabNumber(windows: readonly PlacedWindow[], of: DocumentWindow): number {
  return new Set(windows.map(({ window }) => window.tab).filter((tab) => tab <= of.tab)).size;
}

function placeInTab(windows: readonly PlacedWindow[], of: DocumentWindow): number {
  return windows.filter(({ window }) => window.tab === of.tab && window.place <= of.place).length;
}

function planOpening(
  options: TerminalEditorOptions,
  targets: readonly OpenTarget[],
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Opening {
  const restored = items.map((item) => item.attributes['terminal']).find((terminal) => isRestored(terminal, context));
  if (restored !== undefined) {
    return { kind: 'leave', why: 'Its terminal is restored with the editor on the prompt.' };
  }
  const program = findProgram(options, context);
  if (program === null) return { kind: 'leave', why: `${options.programs[0] ?? ''} is not installed here.` };
  const folder = folderOf(targets);
  const line = quoteArguments(openArguments(program, targets));
  if (line === null) return { kind: 'leave', why: 'Its name cannot be typed.' };
  if (context.openTerminal === undefined) {
    return { kind: 'leave', why: `Open it in ${folder} with: ${line}` };
  }
  const name = windowName(program, items[0]?.group ?? '');
  if (hasWindow(name, context))
    return { kind: 'leave', why: `The tmux window "${name}" of an earlier restore has it on its prompt.` };
  const how = context.options.shouldRunCommands ? 'by' : 'by what stands on the prompt of a new tmux window,';
  return { kind: 'open', where: `${how} \`${line}\` in ${folder}` };
}

async function open(
  options: TerminalEditorOptions,
  targets: readonly OpenTarget[],
  group: string,
  context: RestoreContext,
): Promise<string> {
  const program = findProgram(options, context);
  if (context.openTerminal === undefined || program === null) throw new Error('no terminal can be opened for it');
  const { where } = await context.openTerminal({
    name: windowName(program, group),
    command: { argv: openArguments(program, targets), cwd: folderOf(targets) },
    shouldRun: context.options.shouldRunCommands,
  });
  return where;
}

/** The name only: the prompt's own path finds it. */
function findProgram({ programs }: TerminalEditorOptions, { host }: RestoreContext): string | null {
  return programs.find((program) => findOnPath([program], host.env['PATH'] ?? '') !== null) ?? null;
}

function isRestored(terminal: unknown, context: RestoreContext): boolean {
  if (typeof terminal !== 'string') return false;
  const isOpen = context.present.some((item) => item.key === terminal && !item.stale);
  return !isOpen && context.selected.some((item) => item.key === terminal);
}

function hasWindow(name: string, context: RestoreContext): boolean {
  return context.present.some(({ attributes, stale }) => {
    const { window } = attributes;
    return !stale && typeof window === 'object' && window !== null && 'name' in window && window['name'] === name;
  });
}

/** The same for the same instance, so that a second restore finds it. */
function windowName(program: string, group: string): string {
  return `${program} ${createHash('sha256').update(group).digest('hex').slice(0, 6)}`;
}

function folderOf(targets: readonly OpenTarget[]): string {
  const [first] = targets;
  return nearestFolder(first?.cwd ?? first?.path.slice(0, first.path.lastIndexOf('/')) ?? '/').path;
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string');
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
