// The Cline source: sessions of its command line. Those of its extension for VS Code lie with VS Code.

import { dirname, join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import { DocumentReader } from '../conversation/document-reader.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { Host, PreviewContext, Source, WatchContext } from '../source.ts';
import { captureCline, listSessions, newClineMemory, readRunningSessions } from './cline-capture.ts';
import { CLINE, clineFolder, SESSION, SESSION_ID, TRANSCRIPT } from './cline-paths.ts';
import { readMessages } from './read-messages.ts';
import { parseSessionFile } from './session-file.ts';

const MESSAGES_PLACE = /^sessions\/([^/\0]+)\/([^/\0]+)\.messages\.json$/;

const CLINE_TOOL: ConversationTool = {
  source: CLINE,
  program: 'cline',
  resumeArgv: (id) => ['cline', '--id', id],
  readRunning: (host) =>
    readRunningSessions(
      host,
      listSessions(clineFolder(host)).sessions,
      new DocumentReader(new Map(), parseSessionFile),
    ),
  root: (host) => join(clineFolder(host), 'sessions'),
  places: findPlaces,
};

export function createClineSource(): Source {
  const memory = newClineMemory();
  return {
    id: CLINE,
    title: 'Cline',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listSessions(clineFolder(host)).sessions.length),
    capture: (context) => captureCline(context, memory),
    watch: watchCline,
    readConversation: readClineConversation,
    preview: createConversationPreview(readClineConversation),
    ...createConversationRestore(CLINE_TOOL),
  };
}

async function watchCline(context: WatchContext): Promise<void> {
  const roots = [join(clineFolder(context.host), 'sessions')];
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}

async function readClineConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasMessages = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasMessages ? readMessages(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file } = item.attributes;
  if (typeof file !== 'string') return null;
  const [, id = '', name] = MESSAGES_PLACE.exec(file) ?? [];
  if (!SESSION_ID.test(id) || name !== id) return null;
  const main = join(clineFolder(host), file);
  return [
    { stream: TRANSCRIPT, path: main, isMain: true },
    { stream: SESSION, path: join(dirname(main), `${id}.json`), isMain: false },
  ];
}
