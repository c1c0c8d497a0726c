// What became of each captured item: told from a second capture after the restore, never from what the restore says of itself. An item is
// back only where everything that was captured of it is there again.

import { basename, resolve } from 'node:path';

import type { ItemWithContent, ShownItem } from './fidelity-workspace.ts';

/** With what lies beside a document's file: copies of unsaved text that a restore wrote. */
export interface ComparedItem extends ItemWithContent {
  readonly recoveredCopies: readonly string[];
}

/** What was captured of an item: where it stands, what runs in it, what it shows, and everything else. */
export type Aspect = 'presence' | 'place' | 'program' | 'text' | 'state';

export interface Difference {
  readonly aspect: Aspect;
  readonly words: string;
}

export interface Verdict {
  readonly key: string;
  readonly source: string;
  readonly isBack: boolean;
  /** What is not as it was; empty where it is back. */
  readonly differences: readonly Difference[];
}

const NOT_THERE: Difference = { aspect: 'presence', words: 'it is not there' };

export interface Comparison {
  readonly verdicts: readonly Verdict[];
  /** What is open after the restore and was not before: something that came twice, for example. */
  readonly extra: readonly ComparedItem[];
}

/** Pairs the items of both captures, each at most once, and compares them by their kind. */
export function compareItems(before: readonly ComparedItem[], after: readonly ComparedItem[]): Comparison {
  const left = new Set(after);
  const pairs = new Map<ComparedItem, ComparedItem>();
  // What kept its key first, so that nothing else takes it.
  for (const isPair of [hasSameKey, standsForIt]) {
    for (const one of before) {
      if (pairs.has(one)) continue;
      const other = [...left].find((candidate) => isPair(one, candidate));
      if (other === undefined) continue;
      pairs.set(one, other);
      left.delete(other);
    }
  }
  const verdicts = before.map((one): Verdict => {
    const other = pairs.get(one);
    const differences = other === undefined ? [NOT_THERE] : differencesOf(one, other);
    return { key: one.item.key, source: one.item.source, isBack: differences.length === 0, differences };
  });
  return { verdicts, extra: [...left] };
}

function hasSameKey(before: ComparedItem, after: ComparedItem): boolean {
  return before.item.key === after.item.key;
}

/** A tab has no name of its own, and a terminal outside of any multiplexer comes back inside of one. */
function standsForIt({ item: before }: ComparedItem, { item: after }: ComparedItem): boolean {
  if (before.kind === 'tab')
    return before.source === after.source && before.attributes['url'] === after.attributes['url'];
  if (before.source !== 'shell') return false;
  return after.kind === 'terminal' && folderOf(before) === folderOf(after) && programOf(before) === programOf(after);
}

function differencesOf(before: ComparedItem, after: ComparedItem): readonly Difference[] {
  const [one, other] = [before.item, after.item];
  switch (one.kind) {
    case 'terminal':
      return terminalDifferences(before, after);
    case 'tab':
      return [...changed(one, other, ['url', 'isPinned']), ...compare('state', 'title', one.title, other.title)];
    case 'conversation':
      return conversationDifferences(before, after);
    case 'document':
      return documentDifferences(before, after);
    case 'repository':
      return changed(one, other, ['path', 'head', 'branch', 'stagedTree', 'workTree', 'stashes']);
    default:
      return [{ aspect: 'state', words: `nothing compares a ${one.kind}` }];
  }
}

function terminalDifferences(before: ComparedItem, after: ComparedItem): readonly Difference[] {
  const [one, other] = [before.item, after.item];
  const program = compare('program', 'program', programOf(one), programOf(other));
  // Cairn may name a file by its whole path.
  const there = new Set(argumentsOf(other).flatMap((word) => [word, resolve(String(folderOf(other)), word)]));
  const missing = argumentsOf(one).filter(
    (word) => !there.has(word) && !there.has(resolve(String(folderOf(one)), word)),
  );
  const hasArguments = program.length > 0 || missing.length === 0;
  return [
    ...compare('place', 'folder', folderOf(one), folderOf(other)),
    ...(one.source === 'tmux' ? compare('place', 'layout', layoutOf(one), layoutOf(other)) : []),
    ...(hasGivenName(one) ? compare('place', 'window name', windowOf(one)['name'], windowOf(other)['name']) : []),
    ...program,
    ...(hasArguments
      ? []
      : [{ aspect: 'program', words: `${programOf(one)} runs without ${missing.join(' ')}` } as const]),
    ...lostLines(before.contents['scrollback'], after.contents['scrollback']),
  ];
}

function conversationDifferences(before: ComparedItem, after: ComparedItem): readonly Difference[] {
  return [
    ...changed(before.item, after.item, ['id', 'cwd', 'isLive', 'terminal', 'firstMessage']),
    ...Object.entries(before.contents).flatMap(([name, text]) => lostLines(text, after.contents[name])),
  ];
}

/**
 * Unsaved text is brought back beside the file; until it is read in there, the editor shows the file as it was saved. An editor that finds
 * its swap file of before asks what to do and has not opened the file meanwhile: Vim holds no swap file then.
 */
function documentDifferences({ item: one, contents }: ComparedItem, after: ComparedItem): readonly Difference[] {
  const { item: other, recoveredCopies } = after;
  const unsaved = contents['text'];
  const isRecovered = unsaved === undefined || recoveredCopies.includes(unsaved);
  const isHeld = ({ attributes }: ShownItem): boolean => attributes['swapFile'] !== undefined;
  return [
    // A line that was never saved cannot be gone to in the file.
    ...changed(one, other, ['path', 'isShown', 'terminal', ...(unsaved === undefined ? ['line'] : [])]),
    ...(one.source === 'vim' ? compare('state', 'held open', isHeld(one), isHeld(other)) : []),
    ...(isRecovered ? [] : [{ aspect: 'text', words: 'its unsaved text is nowhere' } as const]),
  ];
}

function changed(before: ShownItem, after: ShownItem, attributes: readonly string[]): readonly Difference[] {
  return attributes.flatMap((name) => compare('state', name, before.attributes[name], after.attributes[name]));
}

function compare(aspect: Aspect, name: string, before: unknown, after: unknown): readonly Difference[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ aspect, words: `${name} was ${inWords(before)} and is ${inWords(after)}` }];
}

/** Every line of the old text, in its order; new text may stand between and below. */
function lostLines(before = '', after = ''): readonly Difference[] {
  const wanted = linesOf(before);
  const there = linesOf(after);
  let from = 0;
  let lost = 0;
  for (const line of wanted) {
    const found = there.indexOf(line, from);
    if (found === -1) lost += 1;
    else from = found + 1;
  }
  return lost === 0 ? [] : [{ aspect: 'text', words: `${lost} of ${wanted.length} lines of text are lost` }];
}

function linesOf(content: string): string[] {
  return (
    content
      // Colours are not compared.
      // eslint-disable-next-line no-control-regex
      .replaceAll(/\u001B\[[0-9;:]*m/g, '')
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
  );
}

function folderOf({ attributes }: ShownItem): unknown {
  return attributes['cwd'];
}

/** The program that runs, or the shell that stands at its prompt. */
function programOf(item: ShownItem): string {
  const [program] = wordsOf(item);
  return basename(program ?? String(item.attributes['shell']));
}

/** Its arguments; `--` and the line to go to say nothing of what is open. */
function argumentsOf(item: ShownItem): string[] {
  return wordsOf(item)
    .slice(1)
    .filter((word) => word !== '--' && !/^\+\d+$/.test(word));
}

function wordsOf({ attributes }: ShownItem): readonly string[] {
  const words = attributes['argv'];
  return Array.isArray(words) ? words.map(String) : [];
}

/** Sizes and places; the ids of panes and the checksum over them are the server's. */
function layoutOf(item: ShownItem): string {
  return String(windowOf(item)['layout'])
    .replace(/^[0-9a-f]{4},/, '')
    .replaceAll(/(\d+x\d+,\d+,\d+),\d+(?![x\d])/g, '$1');
}

function hasGivenName(item: ShownItem): boolean {
  return item.source === 'tmux' && windowOf(item)['isAutomaticallyNamed'] === false;
}

function windowOf({ attributes }: ShownItem): Readonly<Record<string, unknown>> {
  const window = attributes['window'];
  return typeof window === 'object' && window !== null ? (window as Record<string, unknown>) : {}; // JSON
}

function inWords(value: unknown): string {
  return value === undefined ? 'nothing' : typeof value === 'string' ? value : JSON.stringify(value);
}
