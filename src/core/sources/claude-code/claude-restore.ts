// How a conversation of Claude Code is brought back: its transcript and those of its subagents below `<config>/projects`.

import { join } from 'node:path';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { ConversationTool } from '../conversation/restore-conversation.ts';
import type { StreamPlace } from '../conversation/write-back.ts';
import type { Host } from '../source.ts';
import { CLAUDE_CODE, configFolder, TRANSCRIPT } from './claude-paths.ts';
import { readLiveConversations } from './live-registry.ts';

const TRANSCRIPT_FILE = /^projects\/(?!\.\.?\/)[^/\0]+\/[0-9a-zA-Z-]{1,64}\.jsonl$/;
const AGENT_STREAM = /^subagents\/agent-[0-9a-zA-Z-]{1,64}\.(?:jsonl|meta\.json)$/;

export const CLAUDE_TOOL: ConversationTool = {
  source: CLAUDE_CODE,
  program: 'claude',
  resumeArgv: (id) => ['claude', '--resume', id],
  readRunning: (host) => readLiveConversations(host, configFolder(host)),
  root: (host) => join(configFolder(host), 'projects'),
  places: findPlaces,
};

function findPlaces(item: SnapshotItem, host: Host): readonly StreamPlace[] | null {
  const { file } = item.attributes;
  if (typeof file !== 'string' || !TRANSCRIPT_FILE.test(file)) return null;
  const main = join(configFolder(host), file);
  const agents = item.streams.filter(({ name }) => AGENT_STREAM.test(name));
  return [
    { stream: TRANSCRIPT, path: main, isMain: true },
    ...agents.map(({ name }) => ({ stream: name, path: join(main.replace(/\.jsonl$/, ''), name), isMain: false })),
  ];
}
