// The Cursor source: chats out of the editor's database. Nothing is ever written into it, so a chat that was deleted there stays readable
// in Cairn only; the files that are open in Cursor are another source.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedStream, SnapshotItem } from '../../../shared/model/item.ts';
import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import { newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import { toDetection } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import type { ReadingRoom } from '../conversation/read-files.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import { readRegularFile } from '../host/read-file.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { CaptureContext, Host, PreviewContext, Source, SourceCapture, WatchContext } from '../source.ts';
import { parseWorkspace } from '../vscode/parse-state.ts';
import { dataFolders, VS_CODE_PRODUCTS } from '../vscode/vscode-products.ts';
import { readChat } from './read-chat.ts';
import { listStoredChats, listWorkspaceChats, readStoredChat, type ListedChat } from './read-store.ts';

export const CURSOR = parseSourceId('cursor');
const CHAT = 'chat';
const CHAT_ID = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$/;
const MAX_WORKSPACE_BYTES = 64 * 1024;
const MAX_WORKSPACES = 2_000;

const CURSOR_TOOL: ConversationTool = {
  source: CURSOR,
  program: 'cursor',
  resumeArgv: () => null,
  resumeElsewhere: "It opens in Cursor's own chat history, in its project; what Cursor deleted is shown here only.",
  readRunning: () => new Map(),
  root: ({ homeDir }) => homeDir,
  places: () => [],
};

type FoundChat = FoundConversation & { readonly listed: ListedChat; readonly path: string };

interface Memory {
  /** Chats by database, while it stays as it is. */
  readonly lists: Map<string, { readonly stamp: string; readonly chats: readonly ListedChat[] }>;
  readonly facts: Map<string, { readonly version: string; readonly facts: ConversationFacts }>;
  /** Folders of chats, by the workspaces' own databases. */
  readonly workspaces: Map<string, { readonly stamp: string; readonly chats: readonly string[] }>;
}

export function createCursorSource(): Source {
  const memory: Memory = { lists: new Map(), facts: new Map(), workspaces: new Map() };
  return {
    id: CURSOR,
    title: 'Cursor',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) =>
      toDetection(userFolders(host).reduce((sum, folder) => sum + listChats(folder, memory).length, 0)),
    capture: (context) => captureChats(context, memory),
    watch: watchChats,
    readConversation: readCursorChat,
    preview: createConversationPreview(readCursorChat),
    ...createConversationRestore(CURSOR_TOOL),
  };
}

async function captureChats(context: CaptureContext, memory: Memory): Promise<SourceCapture> {
  const folders = userFolders(context.host);
  const found = folders.flatMap((folder) =>
    listChats(folder, memory).map((listed) => ({
      listed,
      path: databasePath(folder),
      id: listed.id,
      key: conversationKey(listed.id),
      group: folder,
      mtimeMs: listed.updatedAtMs ?? 0,
    })),
  );
  const homes = new Map(
    found.some(({ listed }) => listed.folder === null) ? folders.flatMap((folder) => listHomes(folder, memory)) : [],
  );
  return captureConversations<FoundChat>(context, {
    source: CURSOR,
    provider: null,
    untitled: 'Cursor chat',
    mainStream: CHAT,
    found,
    unreadable: [],
    live: new Map(),
    read: (chat, room) => readOne(chat, room, memory, homes.get(chat.id) ?? null),
    describe: ({ listed }) => `The Cursor chat ${listed.id}`,
  });
}

function readOne(
  { listed, path }: FoundChat,
  room: ReadingRoom,
  memory: Memory,
  home: string | null,
): ConversationReading | 'empty' | null {
  const known = room.context.known(room.key, CHAT);
  const earlier = memory.facts.get(listed.id);
  const reading = (
    facts: ConversationFacts,
    content: CapturedStream['content'],
    readBytes: number,
    missing: string | null,
  ): ConversationReading => ({
    streams: [{ name: CHAT, kind: 'blob', version: missing === null ? listed.version : '', content }],
    readBytes,
    missing,
    problems: [],
    isComplete: true,
    facts: {
      ...newConversationFacts(),
      ...facts,
      title: listed.title,
      cwd: listed.folder ?? home,
      createdAtMs: listed.createdAtMs ?? facts.createdAtMs,
      updatedAtMs: listed.updatedAtMs ?? facts.updatedAtMs,
    },
    attributes: {},
  });
  if (known?.version === listed.version && earlier?.version === listed.version)
    return reading(earlier.facts, { type: 'unchanged' }, 0, null);
  const stored = readStoredChat(path, listed.id);
  if (stored === null) return 'empty'; // gone since it was listed: the next capture keeps what the vault has
  const read = readChat(stored.bytes);
  // Every window that was opened for a chat leaves an empty one.
  if (read.messages.length === 0 && room.previous === undefined) return 'empty';
  const facts = factsOfMessages(read);
  if (stored.bytes.length > room.maxBytes) {
    const missing = 'A chat has changed and is taken in at the next captures.';
    return known === undefined ? null : reading(facts, { type: 'unchanged' }, 0, missing);
  }
  memory.facts.set(listed.id, { version: listed.version, facts });
  const missing = stored.isCut ? 'A part of a Cursor chat is too large to be kept.' : null;
  return reading(facts, { type: 'whole', bytes: stored.bytes }, stored.bytes.length, missing);
}

async function watchChats(context: WatchContext): Promise<void> {
  watchFolders({
    roots: userFolders(context.host).map((folder) => join(folder, 'globalStorage')),
    isRelevant: (path) => /\/state\.vscdb(?:-wal)?$/.test(path),
    signal: context.signal,
    onChange: () => context.onChange(),
  });
}

async function readCursorChat(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasChat = item.streams.some(({ name }) => name === CHAT);
  return hasChat ? readChat(await readStream(CHAT)) : { messages: [], unreadableLines: 0 };
}

function userFolders(host: Host): string[] {
  return VS_CODE_PRODUCTS.filter(({ folder }) => folder === 'Cursor')
    .flatMap((product) => dataFolders(product, host))
    .map((path) => join(path, 'User'))
    .filter((path) => existsSync(databasePath(path)));
}

function databasePath(userFolder: string): string {
  return join(userFolder, 'globalStorage', 'state.vscdb');
}

function listChats(userFolder: string, memory: Memory): readonly ListedChat[] {
  const path = databasePath(userFolder);
  const stamp = stampOf(path);
  const earlier = memory.lists.get(path);
  if (earlier?.stamp === stamp) return earlier.chats;
  const chats = listStoredChats(path).filter(({ id }) => CHAT_ID.test(id));
  // Written to meanwhile: the next look lists again.
  if (stampOf(path) === stamp) memory.lists.set(path, { stamp, chats });
  return chats;
}

/** Chats of versions that name no folder, with the folder of the workspace that lists them. */
function listHomes(userFolder: string, memory: Memory): (readonly [string, string])[] {
  return namesIn(join(userFolder, 'workspaceStorage')).flatMap((name) => {
    const folder = join(userFolder, 'workspaceStorage', name);
    const path = join(folder, 'state.vscdb');
    const stamp = stampOf(path);
    const earlier = memory.workspaces.get(path);
    try {
      const home = parseWorkspace(
        readRegularFile(join(folder, 'workspace.json'), MAX_WORKSPACE_BYTES).toString('utf8'),
      )?.path;
      if (home === undefined || home === null) return [];
      const chats = earlier?.stamp === stamp ? earlier.chats : listWorkspaceChats(path);
      memory.workspaces.set(path, { stamp, chats });
      return chats.map((id) => [id, home] as const);
    } catch {
      return []; // its chats are kept all the same, without their folder
    }
  });
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).slice(0, MAX_WORKSPACES);
  } catch {
    return []; // no project was opened yet
  }
}

/** The database and its log: either changes with every write. */
function stampOf(path: string): string {
  return [path, `${path}-wal`]
    .map((file) => {
      const stat = statSync(file, { bigint: true, throwIfNoEntry: false });
      return stat === undefined ? '-' : `${stat.ino}:${stat.size}:${stat.mtimeNs}`;
    })
    .join(' ');
}

function conversationKey(id: string): ItemKey {
  return parseItemKey(`cursor:${id}`);
}
