// What changed, in words that a person would use: "3 tabs opened", "Claude: fix login, 2 new messages", "api: +120 -4". Pure.

import type { ItemKind, SnapshotItem } from '../model/item.ts';
import type { JsonValue } from '../model/json.ts';
import { toPlainLine } from '../text/sanitize-text.ts';

/** What an item is told by; views of both the vault and the API have it. */
export type ToldItem = Pick<SnapshotItem, 'kind' | 'source' | 'title' | 'attributes' | 'stale'> & {
  readonly streams: readonly { readonly name: string; readonly sizeBytes: number }[];
};

export interface ToldChanges {
  readonly added: readonly ToldItem[];
  readonly removed: readonly ToldItem[];
  readonly changed: readonly { readonly before: ToldItem; readonly after: ToldItem }[];
  /** Further changes that are only counted. */
  readonly more?: number;
}

const TITLE_LENGTH = 48;
/** So many things of a kind are told by name, more by number. */
const MAX_NAMED = 2;
const MAX_WORDS = 8;

const NOUNS: Readonly<Record<ItemKind, readonly [one: string, many: string]>> = {
  terminal: ['terminal', 'terminals'],
  tab: ['tab', 'tabs'],
  conversation: ['conversation', 'conversations'],
  document: ['file', 'files'],
  repository: ['repository', 'repositories'],
};
/** What a person calls the tool of a conversation. */
const AI_NAMES: Readonly<Record<string, string>> = {
  'claude-code': 'Claude',
  codex: 'Codex',
  gemini: 'Gemini',
  'copilot-cli': 'Copilot',
  continue: 'Continue',
  cline: 'Cline',
  opencode: 'OpenCode',
  'copilot-chat': 'Copilot',
  cursor: 'Cursor',
  aider: 'aider',
};
const CAME: Readonly<Record<ItemKind, string>> = {
  terminal: 'opened',
  tab: 'opened',
  conversation: 'begun',
  document: 'opened',
  repository: 'seen for the first time',
};
const WENT: Readonly<Record<ItemKind, string>> = {
  terminal: 'closed',
  tab: 'closed',
  conversation: 'gone',
  document: 'closed',
  repository: 'no longer in use',
};
const ORDER: readonly ItemKind[] = ['conversation', 'repository', 'terminal', 'tab', 'document'];

/** A few phrases, what matters most first; none where nothing changed. */
export function describeChanges(changes: ToldChanges): string[] {
  const phrases: string[] = [];
  const lost = changes.changed.filter(({ before, after }) => after.stale && !before.stale);
  const back = changes.changed.filter(({ before, after }) => before.stale && !after.stale);
  const rest = changes.changed.filter(({ before, after }) => before.stale === after.stale);
  for (const kind of ORDER) {
    const ofKind = rest.filter(({ after }) => after.kind === kind);
    const told = [
      ...ofKind.map(({ before, after }) => describeChange(before, after)),
      ...changes.added
        .filter((item) => item.kind === kind && isHistory(item))
        .map((item) => describeHistory(null, item)),
    ].filter((phrase) => phrase !== '');
    if (told.length <= MAX_NAMED) phrases.push(...told);
    else phrases.push(...told.slice(0, 1), `${told.length - 1} more ${noun(kind, told.length - 1)} changed`);
    phrases.push(...tellGroup(kind, changes.added, CAME[kind]), ...tellGroup(kind, changes.removed, WENT[kind]));
  }
  if (lost.length > 0) phrases.push(`${countOf(lost.map(({ after }) => after))} could not be read`);
  if (back.length > 0) phrases.push(`${countOf(back.map(({ after }) => after))} could be read again`);
  const more = (changes.more ?? 0) + Math.max(0, phrases.length - MAX_WORDS);
  return more > 0 ? [...phrases.slice(0, MAX_WORDS), `${more} more changes`] : phrases;
}

/** One item's change as a phrase; empty where it is not worth a word. */
export function describeChange(before: ToldItem, after: ToldItem): string {
  switch (after.kind) {
    case 'conversation':
      return describeConversation(before, after);
    case 'repository':
      return describeRepository(before, after);
    case 'terminal':
      return isHistory(after) ? describeHistory(before, after) : describeTerminal(before, after);
    case 'tab':
      return before.attributes['url'] === after.attributes['url'] && before.title === after.title
        ? ''
        : `went to ${quote(after.title)}`;
    case 'document':
      return describeDocument(before, after);
  }
}

/** A cursor that moved is not worth a word. */
function describeDocument(before: ToldItem, after: ToldItem): string {
  const isModified = after.attributes['isModified'] === true;
  if (before.attributes['isModified'] === true && !isModified) return `${plain(after.title)} saved`;
  const isSame = before.attributes['textId'] === after.attributes['textId'] && sizeOf(before) === sizeOf(after);
  if (isModified && (!isSame || before.attributes['isModified'] !== true)) return `${plain(after.title)} edited`;
  return '';
}

function describeConversation(before: ToldItem, after: ToldItem): string {
  const messages = numberOf(after.attributes['messageCount']) - numberOf(before.attributes['messageCount']);
  const who = AI_NAMES[after.source] ?? after.source;
  if (messages > 0) return `${who}: ${plain(after.title)}, ${messages} new ${messages === 1 ? 'message' : 'messages'}`;
  return sizeOf(before) === sizeOf(after) && before.title === after.title ? '' : `${who}: ${plain(after.title)}`;
}

function describeRepository(before: ToldItem, after: ToldItem): string {
  const name = plain(nameOf(after));
  const from = before.attributes['branch'];
  const to = after.attributes['branch'];
  if (from !== to && typeof to === 'string') return `${name}: switched to ${plain(to)}`;
  if (before.attributes['head'] !== after.attributes['head']) return `${name}: new commit`;
  const added = numberOf(after.attributes['linesAdded']);
  const removed = numberOf(after.attributes['linesRemoved']);
  if (added + removed > 0) return `${name}: +${added} -${removed}`;
  const work = ['staged', 'unstaged', 'untracked', 'conflicts']
    .map((state) => [numberOf(after.attributes[state]), state] as const)
    .filter(([count]) => count > 0);
  return work.length === 0
    ? `${name}: clean`
    : `${name}: ${work.map(([count, state]) => `${count} ${state}`).join(', ')}`;
}

function describeTerminal(before: ToldItem, after: ToldItem): string {
  const was = commandOf(before);
  const is = commandOf(after);
  if (is !== was) return is === '' ? `${quote(was)} ended` : `started ${quote(is)}`;
  const folder = after.attributes['cwd'];
  if (folder !== before.attributes['cwd'] && typeof folder === 'string') return `went to ${quote(lastPart(folder))}`;
  if (sizeOf(before) !== sizeOf(after)) return `output in ${quote(after.title)}`;
  return '';
}

/** The commands of a shell tell of a terminal and are none that opens or closes. */
function isHistory({ attributes }: ToldItem): boolean {
  return attributes['isHistory'] === true;
}

function describeHistory(before: ToldItem | null, after: ToldItem): string {
  const count = numberOf(after.attributes['commands']) - numberOf(before?.attributes['commands']);
  return count <= 0 ? '' : `${count} ${count === 1 ? 'command' : 'commands'} in ${quote(after.title)}`;
}

function tellGroup(kind: ItemKind, items: readonly ToldItem[], verb: string): string[] {
  const group = items.filter((item) => item.kind === kind && !isHistory(item));
  if (group.length === 0) return [];
  const [only] = group;
  if (group.length === 1 && only !== undefined)
    return [`${NOUNS[kind][0]} ${quote(kind === 'repository' ? nameOf(only) : only.title)} ${verb}`];
  return [`${group.length} ${NOUNS[kind][1]} ${verb}`];
}

function countOf(items: readonly ToldItem[]): string {
  return ORDER.flatMap((kind) => {
    const count = items.filter((item) => item.kind === kind).length;
    return count === 0 ? [] : [`${count} ${noun(kind, count)}`];
  }).join(', ');
}

/** "1 tab", "3 tabs". */
export function countKind(kind: ItemKind, count: number): string {
  return `${count} ${noun(kind, count)}`;
}

function noun(kind: ItemKind, count: number): string {
  return NOUNS[kind][count === 1 ? 0 : 1];
}

function commandOf({ attributes }: ToldItem): string {
  const argv = attributes['argv'];
  return Array.isArray(argv) ? argv.filter((part) => typeof part === 'string').join(' ') : '';
}

function nameOf({ attributes, title }: ToldItem): string {
  const path = attributes['path'];
  return typeof path === 'string' ? lastPart(path) : title;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1) || path;
}

function sizeOf({ streams }: ToldItem): number {
  return streams.reduce((sum, stream) => sum + stream.sizeBytes, 0);
}

function numberOf(value: JsonValue | undefined): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}

function plain(text: string): string {
  return toPlainLine(text, TITLE_LENGTH);
}

function quote(text: string): string {
  return `“${plain(text)}”`;
}
