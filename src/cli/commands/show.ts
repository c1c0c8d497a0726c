// `cairn show`: one snapshot, one item of it, or the content of one stream.

import { resolve } from 'node:path';

import type { Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import type { ItemKey, SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { JsonObject } from '../../shared/model/json.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { doneWithVault, historyOf, type Act, type CommandContext } from '../context.ts';
import type { Vault } from '../../core/vault/vault.ts';
import { gapDocument } from '../documents.ts';
import type { ExitCode } from '../exit-code.ts';
import { toIso } from '../format/times.ts';
import { renderItem, renderSnapshot } from '../render/show.ts';
import { summaryDocument } from './list.ts';

const MAX_LINE_LENGTH = 4096;
const PIECE_BYTES = 8 * 1024 * 1024;

export interface ShowOptions {
  readonly item?: string;
  readonly stream?: string;
  readonly output?: string;
  readonly device?: string;
}

export function setupShow(command: Command, act: Act): void {
  command
    .argument('[id]', 'an id or its beginning, `latest`, a checkpoint, a time, or an age such as 2h', 'latest')
    .option('--item <key>', 'only this item, with all its facts')
    .option('--stream <name>', 'with --item: print this content, byte for byte where stdout is no terminal')
    .option('--output <file>', 'with --stream: writes the content into this new file instead')
    .option('--device <name>', "another device's history, as it is here")
    .action((id: string, options: ShowOptions) => act((context) => runShow(id, options, context)));
}

export function runShow(reference: string, options: ShowOptions, context: CommandContext): Promise<ExitCode> {
  const { item: key, stream, output } = options;
  if (output !== undefined && stream === undefined) {
    throw new AppError('USAGE_INVALID', '--output needs --stream.', { hint: 'Name the content that you want.' });
  }
  if (stream !== undefined && key === undefined) {
    throw new AppError('USAGE_INVALID', '--stream needs --item.', { hint: 'Name the item whose content you want.' });
  }
  return doneWithVault(context, async (open) => {
    const vault = await historyOf(open, options.device);
    const id = await vault.resolveSnapshot(reference, context.nowMs());
    const snapshot = await vault.readSnapshot(id);
    const view = { style: context.out.style, width: context.out.width, nowMs: context.nowMs() };
    if (key === undefined) {
      context.out.result(snapshotDocument(snapshot), () => renderSnapshot(snapshot, view));
      return;
    }
    const item = findItem(snapshot, key);
    if (stream !== undefined && output !== undefined) {
      await vault.exportStream(id, item.key, stream, resolve(output));
      context.out.result({ id, key: item.key, stream, output: resolve(output) }, () => [
        `Written to ${toPlainLine(output, MAX_LINE_LENGTH)}.`,
      ]);
    } else if (stream !== undefined) await printStream(id, item, stream, vault, context);
    else {
      context.out.result({ id, takenAt: toIso(snapshot.takenAtMs), item: itemDocument(item) }, () =>
        renderItem(item, view),
      );
    }
  });
}

export function snapshotDocument(snapshot: Snapshot): object {
  return {
    ...summaryDocument(snapshot),
    items: snapshot.itemList.map(itemDocument),
    gaps: snapshot.gapList.map(gapDocument),
  };
}

function itemDocument(item: SnapshotItem): JsonObject {
  return {
    key: item.key,
    kind: item.kind,
    source: item.source,
    group: item.group,
    title: item.title,
    stale: item.stale,
    ...(item.goodAtMs === undefined ? {} : { goodAt: toIso(item.goodAtMs) }),
    attributes: item.attributes,
    streams: item.streams.map(({ name, kind, sizeBytes }) => ({ name, kind, sizeBytes })),
  };
}

/** By its key, or by as much of the beginning as is unique. */
function findItem(snapshot: Snapshot, key: string): SnapshotItem {
  const exact = snapshot.itemList.find((item) => item.key === key);
  if (exact !== undefined) return exact;
  const found = snapshot.itemList.filter((item) => item.key.startsWith(key));
  const [first, second] = found;
  if (first === undefined) {
    throw new AppError('ITEM_NOT_FOUND', 'The snapshot holds no such item.', {
      hint: 'See `cairn show` for what it holds.',
    });
  }
  if (second !== undefined) {
    throw new AppError('USAGE_INVALID', `${found.length} items begin like this.`, { hint: 'Give the whole key.' });
  }
  return first;
}

async function printStream(
  id: SnapshotId,
  item: SnapshotItem,
  stream: string,
  vault: Vault,
  context: CommandContext,
): Promise<void> {
  const { out } = context;
  const key: ItemKey = item.key;
  if (!out.isJson && !out.isTerminal) {
    for (let at = 0; ; at += PIECE_BYTES) {
      const piece = await vault.readStream(id, key, stream, at, PIECE_BYTES);
      out.raw(piece); // standard output is written at once: nothing piles up
      if (piece.length < PIECE_BYTES) return;
    }
  }
  const bytes = await vault.readStream(id, key, stream);
  const text = decodeStrictly(bytes);
  const content = text === null ? { base64: Buffer.from(bytes).toString('base64') } : { text };
  // On a terminal captured text must not act: only its letters are printed.
  out.result({ id, key, stream, sizeBytes: bytes.length, ...content }, () =>
    Buffer.from(bytes)
      .toString('utf8')
      .split('\n')
      .map((line) => toPlainLine(line, MAX_LINE_LENGTH)),
  );
}

function decodeStrictly(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    // Not text: it goes out as base64.
    return null;
  }
}
