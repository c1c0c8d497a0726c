// How a conversation of Codex is brought back: its rollout where it was, below `sessions` or `archived_sessions`.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import type { Host } from '../source.ts';
import { CODEX, codexFolder, PACKED_TRANSCRIPT, parseRolloutPath, TRANSCRIPT } from './codex-paths.ts';
import { readLiveThreads } from './live-threads.ts';
import { newThreadIndexMemory, readThreadIndex } from './thread-index.ts';

const ROLLOUT_FOLDER = /^(?:sessions\/\d{4}\/\d{2}\/\d{2}|archived_sessions)\/[^/\0]+$/;

export const CODEX_TOOL: ConversationTool = {
  source: CODEX,
  program: 'codex',
  resumeArgv: (id) => ['codex', 'resume', id],
  readRunning: (host) => {
    const codexDir = codexFolder(host);
    return readLiveThreads(host, codexDir, readThreadIndex(codexDir, newThreadIndexMemory()));
  },
  root: codexFolder,
  places: findPlaces,
};

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file } = item.attributes;
  if (typeof file !== 'string' || !ROLLOUT_FOLDER.test(file)) return null;
  const name = parseRolloutPath(file);
  if (name === null) return null;
  const stream = name.isPacked ? PACKED_TRANSCRIPT : TRANSCRIPT;
  return [{ stream, path: join(codexFolder(host), file), isMain: true }];
}
