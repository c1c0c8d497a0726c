// What the first capture is worth, in words: what it holds, and what it saves from being deleted.

import { EXPIRES_SOON_DAYS, expiresSoon } from '../../shared/model/expiry.ts';
import type { ItemKind } from '../../shared/model/item.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import { countOf, joinWords } from '../format/amounts.ts';

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
  const expiring = (kinds.get('conversation') ?? []).filter((item) => expiresSoon(item.attributes, nowMs)).length;
  return [
    ...(counts.length === 0 ? [] : [`  Found ${joinWords(counts)}.`]),
    ...(expiring === 0
      ? []
      : [
          `  ${countOf(expiring, 'conversation')} would be deleted by ${expiring === 1 ? 'its' : 'their'} own tool within ${EXPIRES_SOON_DAYS} days; here ${expiring === 1 ? 'it stays' : 'they stay'}.`,
        ]),
  ];
}
