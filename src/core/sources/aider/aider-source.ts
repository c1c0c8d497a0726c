// The aider source: the chats of each project, which lie in the project. aider has no ids; the conversation is the project's.

import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import {
  captureConversations,
  type FoundConversation,
  type LiveConversation,
} from '../conversation/capture-conversations.ts';
import { textOf } from '../conversation/json-record.ts';
import { toDetection } from '../conversation/list-files.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import type { ReadConversation } from '../conversation/message.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { baseName, findProgramProcesses, optionValue, type ProgramProcess } from '../conversation/program-processes.ts';
import { readFiles } from '../conversation/read-files.ts';
import { createConversationRestore, type ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import { ttyPath } from '../host/proc.ts';
import type { CaptureContext, Host, PreviewContext, Source, SourceCapture, SourceDetection } from '../source.ts';
import { AIDER, conversationId, conversationKey, HISTORY_FILE, TRANSCRIPT } from './aider-paths.ts';
import { findHistories, projectFolder, type History } from './find-histories.ts';
import { HISTORY_FORMAT, type HistoryFacts } from './parse-history.ts';
import { readHistory } from './read-history.ts';

const SEVERAL = 'Several aiders run in its project and write to the same file, so its terminal cannot be told.';

const AIDER_TOOL: ConversationTool = {
  source: AIDER,
  program: 'aider',
  resumeArgv: () => ['aider', '--restore-chat-history'],
  resumeElsewhere: 'aider goes on with it in its own folder only, which is gone.',
  isBoundToFolder: true,
  readRunning: (host) => bindClients(findClients(host)),
  root: (_host, path) => dirname(path),
  places: findPlaces,
};

export function createAiderSource(): Source {
  const memory: LogMemory<HistoryFacts> = new Map();
  return {
    id: AIDER,
    title: 'aider',
    kinds: ['conversation'],
    readsPaths: true,
    detect: detectAider,
    capture: (context) => captureAider(context, memory),
    readConversation: readAiderConversation,
    preview: createConversationPreview(readAiderConversation),
    ...createConversationRestore(AIDER_TOOL),
  };
}

/** Its projects are not known before anything is captured; that it was used here, is. */
async function detectAider(host: Host): Promise<SourceDetection> {
  const folders = findClients(host).flatMap(({ cwd }) => cwd ?? []);
  const { found } = findHistories([host.homeDir, ...folders], () => false);
  if (found.length > 0 || !existsSync(join(host.homeDir, '.aider'))) return toDetection(found.length);
  return { isPresent: true, summary: 'was used here; its conversations are found in the projects that are open' };
}

async function captureAider(context: CaptureContext, memory: LogMemory<HistoryFacts>): Promise<SourceCapture> {
  const { host, previous } = context;
  const clients = findClients(host);
  const known = previous.flatMap(({ attributes }) => textOf(attributes['cwd']) ?? []);
  const running = clients.flatMap(({ cwd }) => cwd ?? []);
  const paths = [host.homeDir, ...running, ...known, ...context.pointedPaths];
  const { found, unreadable } = findHistories(paths, (folder) => context.excludes.path(folder));
  const reader = new LogReader(memory, HISTORY_FORMAT);
  return captureConversations<History & FoundConversation>(context, {
    source: AIDER,
    provider: null,
    untitled: 'aider conversation',
    mainStream: TRANSCRIPT,
    found: found.map((history) => ({
      ...history,
      id: conversationId(history.folder),
      key: conversationKey(history.folder),
      group: history.folder,
    })),
    unreadable: unreadable.map(({ folder, why }) => ({
      reason: 'unreadable',
      message: `The chats of aider in ${baseName(folder)} could not be read: ${why}.`,
      key: conversationKey(folder),
    })),
    live: bindClients(clients),
    read: ({ folder, path }, room) => {
      const read = readFiles([{ stream: TRANSCRIPT, path, kind: 'append' }], room);
      if (read === null) return null;
      const { facts, isComplete } = reader.read(path);
      return { ...read, facts: { ...facts, cwd: folder }, isComplete, attributes: { file: HISTORY_FILE } };
    },
    describe: ({ folder }) => `The chats of aider in ${baseName(folder)}`,
  });
}

/** Those that write to the file of their project. */
function findClients(host: Host): ProgramProcess[] {
  return findProgramProcesses(
    host,
    (path, words) => baseName(path) === 'aider' && optionValue(words, ['--chat-history-file']) === null,
  );
}

/** Each writes to the history of its project, or of its own folder where that lies in none. */
function bindClients(clients: readonly ProgramProcess[]): Map<string, LiveConversation> {
  const live = new Map<string, LiveConversation>();
  for (const { process, cwd } of clients) {
    if (cwd === null) continue;
    const { pid, startTime, ttyNumber } = process;
    const id = conversationId(projectFolder(cwd));
    const one = { pid, startTime, tty: ttyPath(ttyNumber), name: null, status: null };
    live.set(id, live.has(id) ? { ...one, tty: null, terminalNote: SEVERAL } : one);
  }
  return live;
}

async function readAiderConversation(
  item: SnapshotItem,
  { readStream }: Pick<PreviewContext, 'readStream'>,
): Promise<ReadConversation> {
  const hasHistory = item.streams.some(({ name }) => name === TRANSCRIPT);
  return hasHistory ? readHistory(await readStream(TRANSCRIPT)) : { messages: [], unreadableLines: 0 };
}

/** In its own folder only, which is never made, and which no link leads to. */
function findPlaces(item: SnapshotItem): readonly StreamPlace[] | null {
  const { file, cwd } = item.attributes;
  if (file !== HISTORY_FILE || typeof cwd !== 'string' || !isAbsolute(cwd)) return null;
  if (conversationKey(cwd) !== item.key) return null;
  return isRealFolder(cwd) ? [{ stream: TRANSCRIPT, path: join(cwd, HISTORY_FILE), isMain: true }] : [];
}

function isRealFolder(folder: string): boolean {
  try {
    return realpathSync(folder) === folder;
  } catch {
    return false; // gone
  }
}
