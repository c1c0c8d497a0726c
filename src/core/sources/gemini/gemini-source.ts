// The Gemini CLI source: sessions of all projects, kept for ever although the tool deletes them after 30 days.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { textOf } from '../conversation/json-record.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore } from '../conversation/restore-conversation.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { PreviewContext, Source, WatchContext } from '../source.ts';
import { captureGemini, newGeminiMemory } from './gemini-capture.ts';
import { GEMINI, geminiFolder, TRANSCRIPT } from './gemini-paths.ts';
import { GEMINI_TOOL } from './gemini-restore.ts';
import { listSessions } from './list-sessions.ts';
import { readSession } from './read-session.ts';

export function createGeminiSource(): Source {
  const memory = newGeminiMemory();
  return {
    id: GEMINI,
    title: 'Gemini CLI',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listSessions(geminiFolder(host), new Map()).sessions.length),
    capture: (context) => captureGemini(context, memory),
    watch: watchGemini,
    readConversation: readGeminiConversation,
    preview: createConversationPreview(readGeminiConversation),
    ...createConversationRestore(GEMINI_TOOL),
  };
}

/** Hears of sessions, and of the folders that come before them: what is written at once into a new one is not heard of otherwise. */
async function watchGemini(context: WatchContext): Promise<void> {
  const root = join(geminiFolder(context.host), 'tmp');
  const isRelevant = (path: string): boolean => /^(?:\/[^/]+)?$|^\/[^/]+\/chats(?:\/|$)/.test(path.slice(root.length));
  watchFolders({ roots: [root], isRelevant, signal: context.signal, onChange: () => context.onChange() });
}

/** Of the files with the same id the one that says most; of equal ones the first. */
async function readGeminiConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  let best: ReadConversation = { messages: [], unreadableLines: 0 };
  let most = -1;
  for (const { name } of item.streams) {
    if (name !== TRANSCRIPT && !name.startsWith('parts/')) continue;
    const file = name === TRANSCRIPT ? textOf(item.attributes['file']) : name;
    const read = readSession(await readStream(name), { isObject: file?.endsWith('.json') === true });
    const count = read.messages.filter(({ isMeta }) => !isMeta).length;
    if (count <= most) continue;
    most = count;
    best = read;
  }
  return best;
}
