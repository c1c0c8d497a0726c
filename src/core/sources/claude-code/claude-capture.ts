// Captures the conversations of Claude Code: each transcript to the byte, its subagents with it, joined to the process that runs it.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { ItemKey } from '../../../shared/model/ids.ts';
import {
  captureConversations,
  type ConversationReading,
  type FoundConversation,
} from '../conversation/capture-conversations.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import { readFiles, type ConversationFile, type ReadingRoom } from '../conversation/read-files.ts';
import { readRegularFile } from '../host/read-file.ts';
import type { CaptureContext, PreviousItem, SourceCapture, SourceProblem } from '../source.ts';
import { CLAUDE_CODE, configFolder, conversationKey, TRANSCRIPT } from './claude-paths.ts';
import { listTranscripts, type Transcript, type UnreadableTranscripts } from './list-transcripts.ts';
import { readLiveConversations } from './live-registry.ts';
import { TRANSCRIPT_FORMAT, type TranscriptFacts } from './parse-transcript.ts';
import { parseJsonText } from '../conversation/json-record.ts';

const DAY_MS = 86_400_000;
const DEFAULT_CLEANUP_DAYS = 30;
const AGENT_FILE = /^agent-[0-9a-zA-Z-]{1,64}\.(jsonl|meta\.json)$/;
const MAX_SUBAGENTS = 500;
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;

type FoundTranscript = Transcript & FoundConversation;

export async function captureClaudeCode(
  context: CaptureContext,
  memory: LogMemory<TranscriptFacts>,
): Promise<SourceCapture> {
  const configDir = configFolder(context.host);
  const { found, unreadable } = listTranscripts(configDir);
  const reader = new LogReader(memory, TRANSCRIPT_FORMAT);
  const cleanupDays = readCleanupDays(configDir);
  return captureConversations<FoundTranscript>(context, {
    source: CLAUDE_CODE,
    provider: 'anthropic',
    untitled: 'Claude Code conversation',
    mainStream: TRANSCRIPT,
    found: found.map((transcript) => ({
      ...transcript,
      key: conversationKey(transcript.sessionId),
      id: transcript.sessionId,
      group: configDir,
    })),
    unreadable: unreadable.flatMap((part) => toProblems(part, context.previous)),
    live: readLiveConversations(context.host, configDir),
    read: (transcript, room) => readTranscript(transcript, room, { reader, cleanupDays }),
    describe: describeTranscript,
  });
}

function describeTranscript({ project }: Pick<Transcript, 'project'>): string {
  return `A transcript in ${project}`;
}

/** What cannot be looked at is no sign that a conversation was deleted: each keeps its last good state. */
function toProblems(part: UnreadableTranscripts, previous: readonly PreviousItem[]): SourceProblem[] {
  const { project, sessionId, why } = part;
  const toProblem = (message: string, key?: ItemKey): SourceProblem => ({
    reason: 'unreadable',
    message: `${message} could not be read: ${why}.`,
    ...(key === undefined ? {} : { key }),
  });
  if (sessionId !== null) return [toProblem(describeTranscript(part), conversationKey(sessionId))];
  const message = `The project folder ${project}`;
  const known = previous.filter(({ attributes }) => attributes['project'] === project);
  return known.length === 0 ? [toProblem(message)] : known.map(({ key }) => toProblem(message, key));
}

function readTranscript(
  transcript: FoundTranscript,
  room: ReadingRoom,
  { reader, cleanupDays }: { readonly reader: LogReader<TranscriptFacts>; readonly cleanupDays: number },
): ConversationReading | null {
  const { path, project } = transcript;
  const agents = listAgents(path);
  const files = agents.map((name): ConversationFile => {
    const stream = `subagents/${name}`;
    return { stream, path: join(path.replace(/\.jsonl$/, ''), stream), kind: 'append' };
  });
  const read = readFiles([{ stream: TRANSCRIPT, path, kind: 'append' }, ...files], room);
  if (read === null) return null;
  const attributes = {
    project,
    file: join('projects', project, basename(path)),
    // Claude Code removes transcripts that were not written to for so long.
    expiresAtMs: Math.round(transcript.mtimeMs) + cleanupDays * DAY_MS,
    ...(agents.length > 0 ? { subagents: agents.filter((name) => name.endsWith('.jsonl')).length } : {}),
  };
  return { ...read, ...reader.read(path), attributes };
}

function listAgents(transcriptPath: string): string[] {
  return listNames(join(transcriptPath.replace(/\.jsonl$/, ''), 'subagents'))
    .filter((name) => AGENT_FILE.test(name))
    .toSorted()
    .slice(0, MAX_SUBAGENTS);
}

function readCleanupDays(configDir: string): number {
  const path = join(configDir, 'settings.json');
  if (!existsSync(path)) return DEFAULT_CLEANUP_DAYS;
  try {
    const settings = parseJsonText(readRegularFile(path, MAX_SETTINGS_BYTES).toString('utf8'));
    const days =
      typeof settings === 'object' && settings !== null && 'cleanupPeriodDays' in settings
        ? Number(settings.cleanupPeriodDays)
        : Number.NaN;
    return Number.isFinite(days) && days >= 0 ? days : DEFAULT_CLEANUP_DAYS;
  } catch {
    return DEFAULT_CLEANUP_DAYS; // being edited just now
  }
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, or not ours to read
  }
}
