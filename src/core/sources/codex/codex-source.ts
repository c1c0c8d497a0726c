// The Codex source: conversations of the Codex CLI, archived ones too, kept for ever although they can be deleted.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { textOf } from '../conversation/json-record.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore } from '../conversation/restore-conversation.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { PreviewContext, Source, WatchContext } from '../source.ts';
import { captureCodex, listRollouts, newCodexMemory } from './codex-capture.ts';
import { CODEX, codexFolder, PACKED_TRANSCRIPT, TRANSCRIPT } from './codex-paths.ts';
import { CODEX_TOOL } from './codex-restore.ts';
import { readRollout, unpackRollout } from './read-rollout.ts';

export function createCodexSource(): Source {
  const memory = newCodexMemory();
  return {
    id: CODEX,
    title: 'Codex',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listRollouts(codexFolder(host)).found.length),
    capture: (context) => captureCodex(context, memory),
    watch: watchCodex,
    readConversation: readCodexConversation,
    preview: createConversationPreview(readCodexConversation),
    ...createConversationRestore(CODEX_TOOL),
  };
}

/** Hears of rollouts and of the locks that come and go with windows; the databases change all the time. */
async function watchCodex(context: WatchContext): Promise<void> {
  const folder = codexFolder(context.host);
  const roots = ['sessions', 'archived_sessions', 'thread-writer-locks'].map((name) => join(folder, name));
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}

/** Of a rollout that was packed later the vault has both; the file that is there now counts. */
async function readCodexConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const names = new Set(item.streams.map(({ name }) => name));
  const isPacked = textOf(item.attributes['file'])?.endsWith('.zst') === true || !names.has(TRANSCRIPT);
  const name = isPacked && names.has(PACKED_TRANSCRIPT) ? PACKED_TRANSCRIPT : TRANSCRIPT;
  if (!names.has(name)) return { messages: [], unreadableLines: 0 };
  const bytes = await readStream(name);
  const rollout = name === TRANSCRIPT ? bytes : unpackRollout(bytes);
  return rollout === null ? { messages: [], unreadableLines: 1 } : readRollout(rollout);
}
