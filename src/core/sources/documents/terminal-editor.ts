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
const LAYOUT_OPTION = /^(?:-[pOo]\d*|\+\d*)$/;
/** Arguments that belong to the user's way of starting the editor, whatever files it shows. */
const KEPT_OPTION = /^(?:-[nNRMmZy]|--clean|--noplugin)$/;
const KEPT_WITH_VALUE = new Set(['-u', '-U', '-i', '--cmd']);

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
  const kept = options.isProgram(baseName(program)) ? keptOptions(words) : null;
  if (kept === null) return undefined;
  const targets = items.flatMap((item): OpenTarget[] => {
    const facts = documentFactsSchema.safeParse(item.attributes).data;
    return facts?.path === undefined ? [] : [{ ...facts, path: facts.path }];
  });
  if (targets.length === 0) return undefined;
  const [name = '', ...rest] = openArguments(program, targets);
  return { argv: [name, ...kept, ...rest], cwd };
}

/** The options that stay; null where one says more than how files are shown. */
function keptOptions(words: readonly string[]): string[] | null {
  const kept: string[] = [];
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--') break;
    if (KEPT_WITH_VALUE.has(word)) {
      at += 1;
      kept.push(word, words[at] ?? '');
    } else if (KEPT_OPTION.test(word)) kept.push(word);
    else if (/^[-+]/.test(word) && !LAYOUT_OPTION.test(word)) return null;
  }
  return kept;
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
  const restored = items.map((item) => restoredTerminal(item, context)).find((terminal) => terminal !== undefined);
  if (restored !== undefined) return planTyped(options, items, restored);
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

/** The terminal that a document stood in, where that is restored too. */
function restoredTerminal({ attributes }: SnapshotItem, context: RestoreContext): SnapshotItem | undefined {
  const { terminal } = attributes;
  const isOpen = context.present.some((item) => item.key === terminal && !item.stale);
  return isOpen ? undefined : context.selected.find((item) => item.key === terminal);
}

/** The terminal's source puts the command on its prompt: the one that opens all files, or the captured one. */
function planTyped(options: TerminalEditorOptions, items: readonly SnapshotItem[], terminal: SnapshotItem): Opening {
  const { argv } = terminal.attributes;
  const captured = isWords(argv) ? argv : [];
  const words = openCommandOf(options, items, terminal)?.argv ?? captured;
  const line = quoteArguments(words);
  if (line === null || !options.isProgram(baseName(words[0] ?? ''))) {
    return { kind: 'leave', why: 'Another program had opened it in its terminal, which is restored.' };
  }
  return { kind: 'typed', how: `\`${line}\` stands on the prompt of its terminal.` };
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
