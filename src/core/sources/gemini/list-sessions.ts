// Which sessions of Gemini CLI there are: `tmp/<project>/chats/session-<minute>-<id>.jsonl`. Every resume may leave a further file with
// the same id, and subagents have theirs in a folder named by it.

import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { isRecord, parseRecord } from '../conversation/json-record.ts';
import { listFiles, type ListedFile, type UnreadablePlace } from '../conversation/list-files.ts';
import { readAppendFile } from '../host/append-file.ts';
import { readRegularFile } from '../host/read-file.ts';
import { SESSION_FILE, SESSION_ID, SUBAGENT_FILE } from './gemini-paths.ts';

/** The id stands at the beginning of the file. */
const HEADER_BYTES = 4096;
const MAX_PATH_BYTES = 4096;
const MAX_PROJECTS_BYTES = 4 * 1024 * 1024;
const ID_IN_HEADER = /"sessionId"\s*:\s*"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"/;

export interface SessionFile extends ListedFile {
  readonly name: string;
  /** True for a file of before 2026, which is written anew as a whole. */
  readonly isObject: boolean;
}

export interface Session {
  readonly id: string;
  /** The project's folder below `tmp`. */
  readonly project: string;
  /** Where the project lies; null where that is not known. */
  readonly cwd: string | null;
  /** By name, which is by age. */
  readonly files: readonly SessionFile[];
  readonly subagents: readonly ListedFile[];
}

export interface SessionList {
  readonly sessions: readonly Session[];
  readonly unreadable: readonly UnreadablePlace[];
}

/** The ids in files, by path: they never change. Lives as long as the source. */
export type SessionIdMemory = Map<string, string>;

/** Lists the sessions; reads of their files only the beginning. @throws AppError SOURCE_UNREADABLE */
export function listSessions(geminiDir: string, memory: SessionIdMemory): SessionList {
  const chats = listFiles(geminiDir, { folder: 'tmp', names: [/./, /^chats$/, SESSION_FILE] });
  const subagents = listFiles(geminiDir, { folder: 'tmp', names: [/./, /^chats$/, SESSION_ID, SUBAGENT_FILE] });
  const groups = Map.groupBy(chats.found.toSorted(byPlace), (file) => `${partOf(file, 1)}/${readId(file, memory)}`);
  const agentsById = Map.groupBy(subagents.found.toSorted(byPlace), (file) => `${partOf(file, 1)}/${partOf(file, 3)}`);
  const folders = new Map<string, string | null>();
  const sessions = [...groups].map(([group, files]): Session => {
    const [project = '', id = ''] = group.split('/');
    if (!folders.has(project)) folders.set(project, findProjectFolder(geminiDir, project));
    return {
      id,
      project,
      cwd: folders.get(project) ?? null,
      files: files.map((file) => ({ ...file, name: partOf(file, 3), isObject: file.path.endsWith('.json') })),
      subagents: agentsById.get(group) ?? [],
    };
  });
  return { sessions, unreadable: [...chats.unreadable, ...subagents.unreadable] };
}

function readId(file: ListedFile, memory: SessionIdMemory): string {
  const known = memory.get(file.path);
  if (known !== undefined) return known;
  const id = ID_IN_HEADER.exec(readBeginning(file.path))?.[1];
  if (id === undefined) return SESSION_FILE.exec(partOf(file, 3))?.[1] ?? '';
  memory.set(file.path, id);
  return id;
}

function readBeginning(path: string): string {
  try {
    const { content } = readAppendFile(path, '', undefined, HEADER_BYTES).stream;
    return content.type === 'whole' ? Buffer.from(content.bytes).toString('latin1') : '';
  } catch {
    return ''; // who captures it says why it cannot be read
  }
}

/** What the project's own folder says, the list of all projects, or, of before 2026, the name that is a hash of the folder. */
function findProjectFolder(geminiDir: string, project: string): string | null {
  const own = readText(join(geminiDir, 'tmp', project, '.project_root'), MAX_PATH_BYTES).trim();
  if (own.startsWith('/')) return own;
  const listed = parseRecord(readText(join(geminiDir, 'projects.json'), MAX_PROJECTS_BYTES))?.['projects'];
  for (const [folder, name] of Object.entries(isRecord(listed) ? listed : {})) {
    if (name === project || createHash('sha256').update(folder).digest('hex') === project) return folder;
  }
  return null;
}

function readText(path: string, maxBytes: number): string {
  try {
    return readRegularFile(path, maxBytes).toString('utf8');
  } catch {
    return ''; // a version without it
  }
}

/** `tmp/<project>/chats/<name>`: the name in this place. */
function partOf({ place }: ListedFile, at: number): string {
  return place.split('/')[at] ?? '';
}

function byPlace(a: ListedFile, b: ListedFile): number {
  return a.place < b.place ? -1 : 1;
}
