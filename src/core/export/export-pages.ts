// The pages of an export that Cairn writes itself: what it is, a snapshot's list of items, tabs as a list. Titles and addresses were
// written by others: in Markdown and HTML they are text, and only addresses of the web are links. Pure.

import type { Gap, Snapshot } from '../../shared/model/snapshot.ts';
import type { ItemKind, SnapshotItem } from '../../shared/model/item.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';

const MAX_TITLE_LENGTH = 200;
const MAX_URL_LENGTH = 8_192;
const WEB_ADDRESS = /^https?:\/\/[^\s<>"'`\\]+$/i;

const KIND_TITLES: readonly (readonly [ItemKind, string])[] = [
  ['terminal', 'Terminals'],
  ['conversation', 'Conversations'],
  ['document', 'Open files'],
  ['repository', 'Repositories'],
  ['tab', 'Tabs'],
];

/** An item as an export has it. */
export interface ExportedItem {
  readonly item: SnapshotItem;
  /** Places of its files, from the export's folder; none where there was nothing to write. */
  readonly files: readonly string[];
  /** Something of it could not be read. */
  readonly isDamaged: boolean;
}

export interface ReadmeFacts {
  readonly madeAtMs: number;
  readonly snapshots: readonly { readonly folder: string; readonly title: string }[];
  readonly sessions: number;
  /** Things that could not be read. */
  readonly unreadable: number;
}

export function renderReadme({ madeAtMs, snapshots, sessions, unreadable }: ReadmeFacts): string {
  return lines([
    '# What Cairn had captured',
    '',
    `Written on ${formatTime(madeAtMs)}.`,
    '',
    '**Nothing here is encrypted.** Whoever can read this folder can read your terminals, conversations and files, and the secrets in',
    'them. Delete it when you no longer need it, and keep it out of folders that are copied elsewhere.',
    '',
    unreadable === 0
      ? 'Everything that was asked for could be read.'
      : `${unreadable} ${unreadable === 1 ? 'thing' : 'things'} could not be read; \`manifest.json\` says which, and which bytes of them.`,
    '',
    '## Snapshots',
    '',
    ...snapshots.map(({ folder, title }) => `- [${escapeMarkdown(title)}](${folder}/index.md)`),
    ...(snapshots.length === 0 ? ['None could be read.'] : []),
    '',
    ...(sessions === 0
      ? []
      : [`Conversations that were kept in the vault itself (${sessions}) are in [sessions](sessions/).`, '']),
    'Each snapshot has a list of what was open, `items.json` with all that is known of each, and folders with its content. Content that',
    'several snapshots have lies in the newest of them, where the lists of the others point. `manifest.json` names every file with its',
    'SHA-256.',
  ]);
}

export function snapshotTitle({ takenAtMs, checkpoint }: Pick<Snapshot, 'takenAtMs' | 'checkpoint'>): string {
  const name = checkpoint === undefined ? '' : `: ${toPlainLine(checkpoint.name, MAX_TITLE_LENGTH)}`;
  return `${formatTime(takenAtMs)}${name}`;
}

/** @param toRoot how the export's folder is reached from the page */
export function renderSnapshot(snapshot: Snapshot, items: readonly ExportedItem[], toRoot: string): string {
  const { checkpoint, gapList } = snapshot;
  const description = checkpoint === undefined ? '' : toPlainLine(checkpoint.description, 10_000);
  return lines([
    `# ${escapeMarkdown(snapshotTitle(snapshot))}`,
    '',
    ...(description === '' ? [] : [escapeMarkdown(description), '']),
    ...KIND_TITLES.flatMap(([kind, title]) => {
      const own = items.filter(({ item }) => item.kind === kind);
      if (own.length === 0) return [];
      const list =
        kind === 'tab' ? ['See [tabs.md](tabs.md); a browser imports [tabs.html](tabs.html) as bookmarks.'] : [];
      const named = kind === 'tab' ? own.filter(({ files }) => files.length > 0) : own;
      return [`## ${title}`, '', ...list, ...named.map((exported) => itemLine(exported, toRoot)), ''];
    }),
    ...(gapList.length === 0 ? [] : ['## What could not be captured then', '', ...gapList.map(gapLine), '']),
  ]);
}

function itemLine({ item, files, isDamaged }: ExportedItem, toRoot: string): string {
  const [first, ...more] = files;
  const title = escapeMarkdown(toPlainLine(item.title, MAX_TITLE_LENGTH));
  const named = first === undefined ? title : `[${title}](${toRoot}${first})`;
  const others = more.map((file) => `[${file.slice(file.lastIndexOf('/') + 1)}](${toRoot}${file})`);
  const facts = [
    ...others,
    ...['path', 'cwd'].flatMap((name) => {
      const value = item.attributes[name];
      return typeof value === 'string' ? [escapeMarkdown(toPlainLine(value, MAX_TITLE_LENGTH))] : [];
    }),
    ...(item.stale ? ['carried forward from an earlier capture'] : []),
    ...(isDamaged ? ['**not all of it could be read**'] : []),
  ];
  return `- ${[named, ...facts].join(' — ')}`;
}

function gapLine({ source, message }: Gap): string {
  return `- ${escapeMarkdown(source)}: ${escapeMarkdown(toPlainLine(message, 500))}`;
}

export function renderTabs(items: readonly SnapshotItem[]): string {
  return lines([
    '# Tabs',
    ...groupsOf(items).flatMap(([group, tabs]) => [
      '',
      `## ${escapeMarkdown(group)}`,
      '',
      ...tabs.map(({ title, url }) =>
        isWebAddress(url)
          ? `- [${escapeMarkdown(title)}](<${url}>)`
          : `- ${escapeMarkdown(title)} — ${escapeMarkdown(url)}`,
      ),
    ]),
  ]);
}

/** The form in which browsers exchange bookmarks. */
export function renderBookmarks(items: readonly SnapshotItem[]): string {
  return lines([
    '<!DOCTYPE NETSCAPE-Bookmark-file-1>',
    '<META HTTP-EQUIV="Content-Type" CONTENT="text/html; charset=UTF-8">',
    '<TITLE>Tabs</TITLE>',
    '<H1>Tabs</H1>',
    '<DL><p>',
    ...groupsOf(items).flatMap(([group, tabs]) => [
      `  <DT><H3>${escapeHtml(group)}</H3>`,
      '  <DL><p>',
      ...tabs
        .filter(({ url }) => isWebAddress(url))
        .map(({ title, url }) => `    <DT><A HREF="${escapeHtml(url)}">${escapeHtml(title)}</A>`),
      '  </DL><p>',
    ]),
    '</DL><p>',
  ]);
}

function groupsOf(items: readonly SnapshotItem[]): [string, { readonly title: string; readonly url: string }[]][] {
  const groups = Map.groupBy(items, ({ source, group }) =>
    toPlainLine(group === '' ? source : `${source}: ${group}`, MAX_TITLE_LENGTH),
  );
  return [...groups].map(([group, tabs]) => [
    group,
    tabs.map(({ title, attributes }) => {
      const url = typeof attributes['url'] === 'string' ? attributes['url'] : '';
      return {
        title: toPlainLine(title === '' ? url : title, MAX_TITLE_LENGTH),
        url: toPlainLine(url, MAX_URL_LENGTH),
      };
    }),
  ]);
}

function isWebAddress(url: string): boolean {
  return url.length < MAX_URL_LENGTH && WEB_ADDRESS.test(url);
}

export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_{}[\]<>()#!|&]/g, String.raw`\$&`);
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}

function formatTime(timeMs: number): string {
  return `${new Date(timeMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

function lines(list: readonly string[]): string {
  return `${list.join('\n')}\n`;
}
