// What the first capture is worth, in words: what it holds, and what it saves from being deleted.

import type { ItemKind, SnapshotItem } from '../../shared/model/item.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import { countOf, joinWords } from '../format/amounts.ts';

const DAY_MS = 86_400_000;
const SOON_DAYS = 10;
const KIND_PLURALS: Readonly<Record<ItemKind, string>> = {
  terminal: 'terminals',
  tab: 'tabs',
  conversation: 'conversations',
  document: 'documents',
  repository: 'repositories',
};

export function describeFirstCapture(snapshot: Snapshot, nowMs: number): string[] {
  const kinds = Map.groupBy(snapshot.itemList, (item) => item.kind);
  const counts = [...kinds].map(([kind, items]) => countOf(items.length, kind, KIND_PLURALS[kind]));
  const expiring = (kinds.get('conversation') ?? []).filter((item) => expiresSoon(item, nowMs)).length;
  return [
    ...(counts.length === 0 ? [] : [`  Found ${joinWords(counts)}.`]),
    ...(expiring === 0
      ? []
      : [
          `  ${countOf(expiring, 'conversation')} would be deleted by ${expiring === 1 ? 'its' : 'their'} own tool within ${SOON_DAYS} days; here ${expiring === 1 ? 'it stays' : 'they stay'}.`,
        ]),
  ];
}

/** Tools that delete old conversations say when, in the attribute `expiresAt`. */
function expiresSoon(item: SnapshotItem, nowMs: number): boolean {
  const { expiresAt } = item.attributes;
  const timeMs = typeof expiresAt === 'string' ? Date.parse(expiresAt) : expiresAt;
  return typeof timeMs === 'number' && timeMs - nowMs < SOON_DAYS * DAY_MS;
}
