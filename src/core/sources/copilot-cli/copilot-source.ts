// The Copilot CLI source: sessions of GitHub's command-line agent.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationFacts } from '../conversation/conversation-facts.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { LogMemory } from '../conversation/log-reader.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore } from '../conversation/restore-conversation.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { PreviewContext, Source, WatchContext } from '../source.ts';
import { captureCopilot, listSessions } from './copilot-capture.ts';
import { COPILOT, copilotFolder, TRANSCRIPT } from './copilot-paths.ts';
import { COPILOT_TOOL } from './copilot-restore.ts';
import { readEvents } from './read-events.ts';

export function createCopilotSource(): Source {
  const memory: LogMemory<ConversationFacts> = new Map();
  return {
    id: COPILOT,
    title: 'Copilot CLI',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(listSessions(copilotFolder(host)).found.length),
    capture: (context) => captureCopilot(context, memory),
    watch: watchCopilot,
    readConversation: readCopilotConversation,
    preview: createConversationPreview(readCopilotConversation),
    ...createConversationRestore(COPILOT_TOOL),
  };
}

/** Hears of events, and of sessions that are opened and closed. */
async function watchCopilot(context: WatchContext): Promise<void> {
  const root = join(copilotFolder(context.host), 'session-state');
  // A new session's folder counts too: what is written into it at once is not heard of otherwise.
  const isRelevant = (path: string): boolean =>
    /^(?:\/[^/]+)?$|\/(?:events\.jsonl|workspace\.yaml|inuse\.\d+\.lock)$/.test(path.slice(root.length));
  watchFolders({ roots: [root], isRelevant, signal: context.signal, onChange: () => context.onChange() });
}

async function readCopilotConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasEvents = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasEvents ? readEvents(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}
