// `cairn diff`: what changed between two snapshots.

import type { Command } from 'commander';

import { diffItems, type ItemChange } from '../../shared/diff/diff-items.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import { doneWithVault, type Act, type CommandContext } from '../context.ts';
import type { ExitCode } from '../exit-code.ts';
import { toIso } from '../format/times.ts';
import { renderDiff } from '../render/diff.ts';

export function setupDiff(command: Command, act: Act): void {
  command
    .argument('<from>', 'the earlier snapshot: an id or its beginning, a checkpoint, a time, or an age such as 2h')
    .argument('[to]', 'the later one', 'latest')
    .action((from: string, to: string) => act((context) => runDiff(from, to, context)));
}

export function runDiff(from: string, to: string, context: CommandContext): Promise<ExitCode> {
  return doneWithVault(context, async (open) => {
    const { vault } = open;
    const nowMs = context.nowMs();
    const before = await vault.readSnapshot(await vault.resolveSnapshot(from, nowMs));
    const after = await vault.readSnapshot(await vault.resolveSnapshot(to, nowMs));
    const diff = diffItems(before.itemList, after.itemList);
    const document = {
      from: { id: before.id, takenAt: toIso(before.takenAtMs) },
      to: { id: after.id, takenAt: toIso(after.takenAtMs) },
      added: diff.added.map(itemDocument),
      removed: diff.removed.map(itemDocument),
      changed: diff.changed.map(changeDocument),
    };
    const view = { style: context.out.style, width: context.out.width, nowMs };
    context.out.result(document, () => renderDiff({ before, after, diff }, view));
  });
}

function itemDocument({ key, kind, source, title, stale }: SnapshotItem): JsonObject {
  return { key, kind, source, title, stale };
}

function changeDocument(change: ItemChange): JsonObject {
  return {
    ...itemDocument(change.after),
    attributes: change.attributes,
    streams: change.streams.map(({ name, sizeBytesBefore, sizeBytesAfter }) => ({
      name,
      sizeBytesBefore,
      sizeBytesAfter,
    })),
    ...(change.isRenamed ? { titleBefore: change.before.title } : {}),
    ...(change.isStaleChanged ? { staleBefore: change.before.stale } : {}),
  };
}
