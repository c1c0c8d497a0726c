// Tasks of Cline's extension for VS Code and its family: a folder a task in the editor's global storage. They open in the extension's own
// history only. The secrets of the extension lie elsewhere and are never opened.

import { dirname, join } from 'node:path';

import { parseItemKey, parseSourceId, type ItemKey } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import { captureConversations, type FoundConversation } from '../conversation/capture-conversations.ts';
import { newConversationFacts, type ConversationFacts } from '../conversation/conversation-facts.ts';
import { DocumentReader, type DocumentMemory } from '../conversation/document-reader.ts';
import { factsOfMessages } from '../conversation/facts-of-messages.ts';
import { listFiles, toDetection, toProblems, type FileList, type ListedFile } from '../conversation/list-files.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { baseName } from '../conversation/program-processes.ts';
import { readFiles, type ConversationFile } from '../conversation/read-files.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { CaptureContext, Host, PreviewContext, Source, SourceCapture, WatchContext } from '../source.ts';
import { userFolders } from '../vscode/vscode-products.ts';
import { parseTaskHistory, readTask, type TaskFacts } from './read-task.ts';

const CLINE_EXTENSION = parseSourceId('cline-extension');
const STORE = 'globalStorage/saoudrizwan.claude-dev';
const TASK_ID = /^[0-9a-zA-Z][0-9a-zA-Z_-]{0,99}$/;
const MESSAGES = 'api_conversation_history.json';
/** What the editor shows of a task, and what it noted of files and models. */
const BESIDE = ['ui_messages.json', 'task_metadata.json'] as const;
const TRANSCRIPT = 'transcript';
const PLACE = /^tasks\/([0-9a-zA-Z][0-9a-zA-Z_-]{0,99})\/api_conversation_history\.json$/;

type FoundTask = FoundConversation & ListedFile & { readonly store: string };

interface Store {
  readonly path: string;
  readonly tasks: FileList;
}

interface ExtensionMemory {
  readonly messages: DocumentMemory<ConversationFacts>;
  readonly histories: DocumentMemory<ReadonlyMap<string, TaskFacts>>;
}

const TOOL: ConversationTool = {
  source: CLINE_EXTENSION,
  program: 'code',
  resumeArgv: () => null,
  resumeElsewhere: "It opens in the history of Cline's view in the editor.",
  readRunning: () => new Map(),
  // The folder is the item's own: see `findPlaces`.
  root: ({ homeDir }) => homeDir,
  places: findPlaces,
};

export function createClineExtensionSource(): Source {
  const memory: ExtensionMemory = { messages: new Map(), histories: new Map() };
  return {
    id: CLINE_EXTENSION,
    title: 'Cline, in VS Code',
    kinds: ['conversation'],
    readsPaths: false,
    detect: async (host) => toDetection(stores(host).reduce((sum, { tasks }) => sum + tasks.found.length, 0)),
    capture: (context) => captureTasks(context, memory),
    watch: watchTasks,
    readConversation: readExtensionTask,
    preview: createConversationPreview(readExtensionTask),
    ...createConversationRestore(TOOL),
  };
}

async function captureTasks(context: CaptureContext, memory: ExtensionMemory): Promise<SourceCapture> {
  const reader = new DocumentReader(memory.messages, (bytes) => factsOfMessages(readTask(bytes)));
  const histories = new DocumentReader(memory.histories, parseTaskHistory);
  const found = stores(context.host);
  return captureConversations<FoundTask>(context, {
    source: CLINE_EXTENSION,
    provider: null,
    untitled: 'Cline task',
    mainStream: TRANSCRIPT,
    found: found.flatMap(({ path, tasks }) =>
      tasks.found.map((file) => {
        const id = taskOf(file);
        return { ...file, id, key: conversationKey(id), group: path, store: path };
      }),
    ),
    unreadable: found.flatMap(({ tasks }) => toProblems(tasks.unreadable, context.previous)),
    live: new Map(),
    read: (task, room) => {
      const facts = reader.read(task.path);
      const files: ConversationFile[] = [{ stream: TRANSCRIPT, path: task.path, kind: 'blob' }];
      for (const name of listBeside(task.store, task.id))
        files.push({ stream: name, path: join(dirname(task.path), name), kind: 'blob' });
      const read = readFiles(files, room);
      if (read === null) return null;
      const told = tryRead(histories, join(task.store, 'state', 'taskHistory.json'))?.get(task.id);
      const known = facts ?? newConversationFacts();
      return {
        ...read,
        facts: {
          ...known,
          title: told?.title ?? known.title,
          model: known.model ?? told?.model ?? null,
          cwd: told?.cwd ?? null,
          createdAtMs: known.createdAtMs ?? timeOf(task.id),
        },
        isComplete: facts !== null,
        attributes: { file: task.place, userFolder: task.store },
      };
    },
    describe: ({ place }) => place,
  });
}

async function watchTasks(context: WatchContext): Promise<void> {
  const roots = stores(context.host).map(({ path }) => join(path, 'tasks'));
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}

async function readExtensionTask(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasMessages = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasMessages ? readTask(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

/** Where the extension keeps its tasks, here and on machines that others connect to. */
function stores(host: Host): Store[] {
  return userFolders(host)
    .map((user) => join(user, STORE))
    .map((path) => ({
      path,
      tasks: listFiles(path, { folder: 'tasks', names: [TASK_ID, /^api_conversation_history\.json$/] }),
    }));
}

function listBeside(store: string, id: string): string[] {
  const { found } = listFiles(join(store, 'tasks'), { folder: id, names: [/^(?:ui_messages|task_metadata)\.json$/] });
  return BESIDE.filter((name) => found.some(({ place }) => baseName(place) === name));
}

function taskOf({ place }: ListedFile): string {
  return PLACE.exec(place)?.[1] ?? '';
}

/** A task is called by the milliseconds at which it began. */
function timeOf(id: string): number | null {
  return /^\d{13}$/.test(id) ? Number(id) : null;
}

function tryRead<Value>(reader: DocumentReader<Value>, path: string): Value | null {
  try {
    return reader.read(path);
  } catch {
    return null; // there is none
  }
}

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file, userFolder: store } = item.attributes;
  const known = stores(host).map(({ path }) => path);
  if (typeof file !== 'string' || typeof store !== 'string' || !known.includes(store) || !PLACE.test(file)) return null;
  const folder = join(store, dirname(file));
  return [
    { stream: TRANSCRIPT, path: join(folder, MESSAGES), isMain: true },
    ...BESIDE.map((name) => ({ stream: name, path: join(folder, name), isMain: false })),
  ];
}

function conversationKey(id: string): ItemKey {
  return parseItemKey(`cline-extension:${id}`);
}
