// The OpenCode source: sessions out of its database. One that was deleted there comes back through the tool's own import.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { Host, PreviewContext, Source, WatchContext } from '../source.ts';
import { captureOpencode, listSessions, newOpencodeMemory, readRunning } from './opencode-capture.ts';
import { databasePath, hasDatabase, opencodeFolder, OPENCODE, SESSION, SESSION_ID } from './opencode-paths.ts';
import { readSession } from './read-session.ts';
import { hasStoredSession } from './read-store.ts';

const OPENCODE_TOOL: ConversationTool = {
  source: OPENCODE,
  program: 'opencode',
  resumeArgv: (id) => ['opencode', '-s', id],
  readRunning,
  root: restoreFolder,
  places: findPlaces,
  afterWriteBack: (item, host) => `Take it in first with: opencode import ${join(restoreFolder(host), fileOf(item))}`,
};

export function createOpencodeSource(): Source {
  const memory = newOpencodeMemory();
  return {
    id: OPENCODE,
    title: 'OpenCode',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listSessions(host, memory).length),
    capture: (context) => captureOpencode(context, memory),
    watch: watchOpencode,
    readConversation,
    preview: createConversationPreview(readConversation),
    ...createConversationRestore(OPENCODE_TOOL),
  };
}

/** Each write changes the log beside the database. */
async function watchOpencode(context: WatchContext): Promise<void> {
  const roots = [opencodeFolder(context.host)];
  watchFolders({
    roots,
    isRelevant: (path) => path.endsWith('/opencode.db') || path.endsWith('/opencode.db-wal'),
    signal: context.signal,
    onChange: () => context.onChange(),
  });
}

async function readConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasSession = item.streams.some(({ name }) => name === SESSION);
  if (!hasSession) return { messages: [], unreadableLines: 0 };
  const { messages, unreadableLines } = readSession(await readStream(SESSION));
  return { messages, unreadableLines };
}

/** Nothing is written into the database of another program: a deleted session becomes a file that its own import takes. */
function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { id } = item.attributes;
  if (typeof id !== 'string' || !SESSION_ID.test(id)) return null;
  if (hasDatabase(host) && hasStoredSession(databasePath(host), id)) return [];
  return [{ stream: SESSION, path: join(restoreFolder(host), fileOf(item)), isMain: true }];
}

function restoreFolder(host: Host): string {
  return join(opencodeFolder(host), 'cairn');
}

function fileOf({ attributes }: SnapshotItem): string {
  const { id } = attributes;
  return `${typeof id === 'string' && SESSION_ID.test(id) ? id : 'session'}.json`;
}
