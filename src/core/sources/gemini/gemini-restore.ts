// How a session of Gemini CLI is brought back: its files below `tmp/<project>/chats`, and only in its project's folder.

import { dirname, join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import type { Host } from '../source.ts';
import { FactsReader, newGeminiMemory, readLiveSessions } from './gemini-capture.ts';
import { GEMINI, geminiFolder, SESSION_FILE, SESSION_ID, SUBAGENT_FILE, TRANSCRIPT } from './gemini-paths.ts';
import { listSessions } from './list-sessions.ts';

const SESSION_PLACE = /^tmp\/(?!\.{1,2}\/)[^/\0]+\/chats\/([^/\0]+)$/;

export const GEMINI_TOOL: ConversationTool = {
  source: GEMINI,
  program: 'gemini',
  resumeArgv: (id) => (SESSION_ID.test(id) ? ['gemini', '--resume', id] : null),
  resumeElsewhere:
    'Gemini CLI goes on with a session by its whole id and in its own folder only; one of them is missing.',
  isBoundToFolder: true,
  readRunning: (host) => {
    const memory = newGeminiMemory();
    const { sessions } = listSessions(geminiFolder(host), memory.ids);
    const { certain, possible } = readLiveSessions(host, sessions, new FactsReader(memory));
    return new Map([...possible, ...certain]);
  },
  root: (host) => join(geminiFolder(host), 'tmp'),
  places: findPlaces,
};

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file, id } = item.attributes;
  if (typeof file !== 'string' || typeof id !== 'string') return null;
  if (!SESSION_FILE.test(SESSION_PLACE.exec(file)?.[1] ?? '')) return null;
  const main = join(geminiFolder(host), file);
  const others = item.streams.flatMap(({ name }): StreamPlace[] => {
    const [kind, part = ''] = name.split(/\/(.*)/);
    if (kind === 'parts' && SESSION_FILE.test(part))
      return [{ stream: name, path: join(dirname(main), part), isMain: false }];
    const isAgent = kind === 'subagents' && SUBAGENT_FILE.test(part) && SESSION_ID.test(id);
    return isAgent ? [{ stream: name, path: join(dirname(main), id, part), isMain: false }] : [];
  });
  return [{ stream: TRANSCRIPT, path: main, isMain: true }, ...others];
}
