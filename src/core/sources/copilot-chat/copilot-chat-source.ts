// Chats of VS Code and its family (Copilot Chat and other chat agents): one file a session, beside the workspace that it belongs to. They
// open in the editor's own history only.

import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { captureConversations, type FoundConversation } from '../conversation/capture-conversations.ts';
import { newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { listFiles, toDetection, toProblems, type FileList, type ListedFile } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { baseName } from '../conversation/program-processes.ts';
import { readFiles } from '../conversation/read-files.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { readRegularFile } from '../host/read-file.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { CaptureContext, Host, PreviewContext, Source, SourceCapture, WatchContext } from '../source.ts';
import { parseWorkspace } from '../vscode/parse-state.ts';
import { userFolders } from '../vscode/vscode-products.ts';
import { parseChatFacts, readChat } from './read-chat.ts';

export const COPILOT_CHAT = parseSourceId('copilot-chat');
const TRANSCRIPT = 'transcript';
const SESSION_FILE = /^([0-9a-zA-Z][0-9a-zA-Z_-]{0,99})\.jsonl?$/;
const FOLDER = /^[0-9a-zA-Z][0-9a-zA-Z._-]{0,99}$/;
const PLACE =
  /^(?:workspaceStorage\/[0-9a-zA-Z][0-9a-zA-Z._-]{0,99}\/chatSessions|globalStorage\/emptyWindowChatSessions)\/[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}\.jsonl?$/;
const MAX_WORKSPACE_BYTES = 64 * 1024;

type FoundChat = FoundConversation & ListedFile & { readonly userFolder: string };

interface UserFolder {
  readonly path: string;
  readonly files: FileList;
}

/** A chat opens where its editor shows it; nothing runs in a terminal. */
const TOOL: ConversationTool = {
  source: COPILOT_CHAT,
  program: 'code',
  resumeArgv: () => null,
  resumeElsewhere: "It opens in the editor's own chat history, in its project.",
  readRunning: () => new Map(),
  // The folder is the item's own: see `findPlaces`.
  root: ({ homeDir }) => homeDir,
  places: findPlaces,
};

export function createCopilotChatSource(): Source {
  const memory: DocumentMemory<ConversationFacts> = new Map();
  const workspaces = new Map<string, string | null>();
  return {
    id: COPILOT_CHAT,
    title: 'Copilot Chat',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(chatFolders(host).reduce((sum, { files }) => sum + files.found.length, 0)),
    capture: (context) => captureChats(context, memory, workspaces),
    watch: watchChats,
    readConversation: readCopilotChat,
    preview: createConversationPreview(readCopilotChat),
    ...createConversationRestore(TOOL),
  };
}

async function captureChats(
  context: CaptureContext,
  memory: DocumentMemory<ConversationFacts>,
  workspaces: Map<string, string | null>,
): Promise<SourceCapture> {
  const reader = new DocumentReader(memory, parseChatFacts);
  const folders = chatFolders(context.host);
  return captureConversations<FoundChat>(context, {
    source: COPILOT_CHAT,
    provider: 'github',
    untitled: 'Chat',
    mainStream: TRANSCRIPT,
    found: folders.flatMap(({ path, files }) =>
      files.found.map((file) => {
        const id = SESSION_FILE.exec(baseName(file.place))?.[1] ?? '';
        return { ...file, id, key: conversationKey(id), group: path, userFolder: path };
      }),
    ),
    unreadable: folders.flatMap(({ files }) => toProblems(files.unreadable, context.previous)),
    live: new Map(),
    read: (chat, room) => {
      const facts = reader.read(chat.path);
      // A window that was opened and never asked leaves an empty one.
      if (facts?.messages === 0 && room.previous === undefined) return 'empty';
      const kind = chat.place.endsWith('.jsonl') ? 'append' : 'blob';
      const read = readFiles([{ stream: TRANSCRIPT, path: chat.path, kind }], room);
      if (read === null) return null;
      const cwd = workspaceOf(chat, workspaces);
      return {
        ...read,
        facts: { ...newConversationFacts(), ...facts, cwd },
        isComplete: facts !== null,
        attributes: { file: chat.place, userFolder: chat.userFolder },
      };
    },
    describe: ({ place }) => place,
  });
}

async function watchChats(context: WatchContext): Promise<void> {
  const roots = chatFolders(context.host).flatMap(({ path }) => [
    join(path, 'workspaceStorage'),
    join(path, 'globalStorage', 'emptyWindowChatSessions'),
  ]);
  watchFolders({
    roots,
    isRelevant: (path) => /\/(?:chatSessions|emptyWindowChatSessions)(?:\/|$)/.test(path),
    signal: context.signal,
    onChange: () => context.onChange(),
  });
}

async function readCopilotChat(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasChat = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasChat ? readChat(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

/** Every place where chats may lie, with those that do. */
function chatFolders(host: Host): UserFolder[] {
  return userFolders(host).map((path) => {
    const workspaces = listFiles(path, { folder: 'workspaceStorage', names: [FOLDER, /^chatSessions$/, SESSION_FILE] });
    const empty = listFiles(path, { folder: 'globalStorage/emptyWindowChatSessions', names: [SESSION_FILE] });
    return {
      path,
      files: {
        found: [...workspaces.found, ...empty.found],
        unreadable: [...workspaces.unreadable, ...empty.unreadable],
      },
    };
  });
}

/** The folder that the workspace shows; null for an empty window and for several folders. */
function workspaceOf({ place, userFolder }: FoundChat, known: Map<string, string | null>): string | null {
  const folder = /^(workspaceStorage\/[^/]+)\//.exec(place)?.[1];
  if (folder === undefined) return null;
  const path = join(userFolder, folder, 'workspace.json');
  const earlier = known.get(path);
  if (earlier !== undefined) return earlier;
  try {
    const shown = parseWorkspace(readRegularFile(path, MAX_WORKSPACE_BYTES).toString('utf8'))?.path ?? null;
    known.set(path, shown);
    return shown;
  } catch {
    return null; // not written yet
  }
}

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file, userFolder } = item.attributes;
  const known = userFolders(host);
  if (typeof file !== 'string' || typeof userFolder !== 'string' || !known.includes(userFolder)) return null;
  return PLACE.test(file) ? [{ stream: TRANSCRIPT, path: join(userFolder, file), isMain: true }] : null;
}

function conversationKey(id: string): ItemKey {
  return parseItemKey(`copilot-chat:${id}`);
}
