// The Claude Code source: conversations with their subagents, kept for ever although the tool deletes them after 30 days.

import { join } from 'node:path';

import type { LogMemory } from '../conversation/log-reader.ts';
import { createConversationPreview } from '../conversation/preview-messages.ts';
import { createConversationRestore } from '../conversation/restore-conversation.ts';
import { watchFolders } from '../host/watch-folders.ts';
import type { Host, Source, SourceDetection, WatchContext } from '../source.ts';
import { captureClaudeCode } from './claude-capture.ts';
import { CLAUDE_CODE, configFolder } from './claude-paths.ts';
import { CLAUDE_TOOL } from './claude-restore.ts';
import { listTranscripts } from './list-transcripts.ts';
import type { TranscriptFacts } from './parse-transcript.ts';
import { readClaudeConversation } from './read-messages.ts';

const DAY_MS = 86_400_000;
const EXPIRES_SOON_DAYS = 20;

export function createClaudeCodeSource(): Source {
  const memory: LogMemory<TranscriptFacts> = new Map();
  return {
    id: CLAUDE_CODE,
    title: 'Claude Code',
    kinds: ['conversation'],
    readsPaths: false,
    detect: detectClaudeCode,
    capture: (context) => captureClaudeCode(context, memory),
    watch: watchClaudeCode,
    readConversation: readClaudeConversation,
    preview: createConversationPreview(readClaudeConversation),
    ...createConversationRestore(CLAUDE_TOOL),
  };
}

async function detectClaudeCode(host: Host): Promise<SourceDetection> {
  const { found: transcripts } = listTranscripts(configFolder(host));
  if (transcripts.length === 0) return { isPresent: false, summary: 'no conversations found' };
  const old = transcripts.filter((transcript) => Date.now() - transcript.mtimeMs > EXPIRES_SOON_DAYS * DAY_MS).length;
  const summary = `${transcripts.length} conversation${transcripts.length === 1 ? '' : 's'} found`;
  return { isPresent: true, summary: old === 0 ? summary : `${summary}, ${old} of them expire within 10 days` };
}

/** Hears of writes below `projects` and `sessions`, which the tool makes when it first runs; each project gets a folder of its own. */
async function watchClaudeCode(context: WatchContext): Promise<void> {
  const roots = ['projects', 'sessions'].map((name) => join(configFolder(context.host), name));
  watchFolders({ roots, signal: context.signal, onChange: () => context.onChange() });
}
