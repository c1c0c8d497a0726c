// How a session of Copilot CLI is brought back: its folder below `session-state`.

import { dirname, join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import type { Host } from '../source.ts';
import { listSessions, sessionIdOf } from './copilot-capture.ts';
import { COPILOT, copilotFolder, SESSION_ID, SIDE_FILE, TRANSCRIPT } from './copilot-paths.ts';
import { readLiveSessions } from './live-sessions.ts';

const EVENTS_PLACE = /^session-state\/([^/\0]+)\/events\.jsonl$/;

export const COPILOT_TOOL: ConversationTool = {
  source: COPILOT,
  program: 'copilot',
  resumeArgv: (id) => ['copilot', `--resume=${id}`],
  readRunning: (host) => {
    const { found } = listSessions(copilotFolder(host));
    return readLiveSessions(
      host,
      found.map((file) => ({ id: sessionIdOf(file), path: dirname(file.path) })),
    );
  },
  root: (host) => join(copilotFolder(host), 'session-state'),
  places: findPlaces,
};

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file } = item.attributes;
  if (typeof file !== 'string' || !SESSION_ID.test(EVENTS_PLACE.exec(file)?.[1] ?? '')) return null;
  const main = join(copilotFolder(host), file);
  const others = item.streams.filter(({ name }) => SIDE_FILE.test(name));
  return [
    { stream: TRANSCRIPT, path: main, isMain: true },
    ...others.map(({ name }) => ({ stream: name, path: join(dirname(main), name), isMain: false })),
  ];
}
