// The Continue source: sessions of its command line and of its extensions, which share one folder.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationFacts } from '../conversation/conversation-facts.ts';
import type { DocumentMemory } from '../conversation/document-reader.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { Host, PreviewContext, Source, WatchContext } from '../source.ts';
import { captureContinue, listSessions, readPossiblyRunning } from './continue-capture.ts';
import { CONTINUE, continueFolder, SESSION_FILE, TRANSCRIPT } from './continue-paths.ts';
import { readSession } from './read-session.ts';

const CONTINUE_TOOL: ConversationTool = {
  source: CONTINUE,
  program: 'cn',
  // It can resume the newest one only; a fork goes on with exactly this one, under an id of its own.
  resumeArgv: (id) => ['cn', '--fork', id],
  readRunning: readPossiblyRunning,
  root: continueFolder,
  places: findPlaces,
};

export function createContinueSource(): Source {
  const memory: DocumentMemory<ConversationFacts> = new Map();
  return {
    id: CONTINUE,
    title: 'Continue',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listSessions(continueFolder(host)).found.length),
    capture: (context) => captureContinue(context, memory),
    watch: watchContinue,
    readConversation: readContinueConversation,
    preview: createConversationPreview(readContinueConversation),
    ...createConversationRestore(CONTINUE_TOOL),
  };
}

async function watchContinue(context: WatchContext): Promise<void> {
  const roots = [join(continueFolder(context.host), 'sessions')];
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}

async function readContinueConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasSession = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasSession ? readSession(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file } = item.attributes;
  if (typeof file !== 'string') return null;
  const name = /^sessions\/([^/\0]+)$/.exec(file)?.[1] ?? '';
  return SESSION_FILE.test(name)
    ? [{ stream: TRANSCRIPT, path: join(continueFolder(host), file), isMain: true }]
    : null;
}
