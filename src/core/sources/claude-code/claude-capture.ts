// Captures conversations: each transcript to the byte, its subagents with it, joined to the process that runs it. Transcripts that
// Claude Code has deleted stay: the vault's copy is then the only one left.

import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

import type { ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem, CapturedStream } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { keptItem, keptStreams } from '../conversation/kept-item.ts';
import { LogReader, type LogMemory } from '../conversation/log-reader.ts';
import { readAppendFile } from '../host/append-file.ts';
import { readRegularFile, whyUnreadable } from '../host/read-file.ts';
import type { CaptureContext, PreviousItem, SourceCapture, SourceProblem } from '../source.ts';
import { CLAUDE_CODE, configFolder, conversationKey, TRANSCRIPT } from './claude-paths.ts';
import { listTranscripts, type Transcript, type UnreadableTranscripts } from './list-transcripts.ts';
import { readLiveConversations, type LiveConversation } from './live-registry.ts';
import { TRANSCRIPT_FORMAT, type TranscriptFacts } from './parse-transcript.ts';

const DAY_MS = 86_400_000;
const DEFAULT_CLEANUP_DAYS = 30;
const AGENT_FILE = /^agent-[0-9a-zA-Z-]{1,64}\.(jsonl|meta\.json)$/;
const MAX_SUBAGENTS = 500;
const MAX_SETTINGS_BYTES = 4 * 1024 * 1024;
/** The attributes that are read from a transcript's content. */
const FACT_NAMES = [
  'model',
  'cwd',
  'gitBranch',
  'version',
  'messageCount',
  'firstMessage',
  'lastMessage',
  'createdAtMs',
  'updatedAtMs',
  'isMidTurn',
  'unreadableLines',
] as const;

export async function captureClaudeCode(
  context: CaptureContext,
  memory: LogMemory<TranscriptFacts>,
): Promise<SourceCapture> {
  const configDir = configFolder(context.host);
  const live = readLiveConversations(context.host, configDir);
  const cleanupDays = readCleanupDays(configDir);
  const items: CapturedItem[] = [];
  const problems: SourceProblem[] = [];
  const captured = new Set<ItemKey>();
  const facts = new LogReader(memory, TRANSCRIPT_FORMAT);
  const previous = new Map(context.previous.map((item) => [item.key, item]));
  let budget = context.maxBytes;
  let waiting = 0;
  const { found, unreadable } = listTranscripts(configDir);
  for (const transcript of found) {
    context.signal.throwIfAborted();
    const key = conversationKey(transcript.sessionId);
    if (captured.has(key)) continue;
    if (budget <= 0 && context.known(key, TRANSCRIPT) === undefined && !previous.has(key)) {
      waiting += 1; // an item without its transcript would look like a saved one
      continue;
    }
    try {
      const read = readConversation(context, facts, {
        ...transcript,
        key,
        configDir,
        cleanupDays,
        live: live.get(transcript.sessionId),
        previous: previous.get(key),
        budget,
      });
      captured.add(key);
      budget -= read.readBytes;
      items.push(read.item);
      problems.push(...read.problems);
    } catch (error) {
      captured.add(key);
      problems.push(unreadableTranscript(transcript.project, whyUnreadable(error), key));
    }
    // Many transcripts take a while the first time: others get their turn.
    if (items.length % 50 === 49) await new Promise((resolve) => setImmediate(resolve));
  }
  if (waiting > 0) {
    problems.push({ reason: 'partial', message: `${waiting} older conversations are taken in at the next captures.` });
  }
  for (const problem of unreadable.flatMap((part) => toProblems(part, context.previous))) {
    if (problem.key === undefined || !captured.has(problem.key)) problems.push(problem);
    if (problem.key !== undefined) captured.add(problem.key);
  }
  for (const item of context.previous) if (!captured.has(item.key)) items.push(keptItem(context, item, CLAUDE_CODE));
  return { items, problems, closed: [] };
}

/** What cannot be looked at is no sign that a conversation was deleted: each keeps its last good state. */
function toProblems(
  { project, sessionId, why }: UnreadableTranscripts,
  previous: readonly PreviousItem[],
): SourceProblem[] {
  if (sessionId !== null) return [unreadableTranscript(project, why, conversationKey(sessionId))];
  const message = `The project folder ${project} could not be read: ${why}.`;
  const known = previous.filter(({ attributes }) => attributes['project'] === project);
  if (known.length === 0) return [{ reason: 'unreadable', message }];
  return known.map(({ key }) => ({ reason: 'unreadable', message, key }));
}

function unreadableTranscript(project: string, why: string, key: ItemKey): SourceProblem {
  return { reason: 'unreadable', message: `A transcript in ${project} could not be read: ${why}.`, key };
}

interface Reading extends Transcript {
  readonly key: ItemKey;
  readonly configDir: string;
  readonly cleanupDays: number;
  readonly live: LiveConversation | undefined;
  readonly previous: PreviousItem | undefined;
  readonly budget: number;
}

function readConversation(
  context: CaptureContext,
  reader: LogReader<TranscriptFacts>,
  reading: Reading,
): { item: CapturedItem; problems: SourceProblem[]; readBytes: number } {
  const problems: SourceProblem[] = [];
  const main = readAppendFile(reading.path, TRANSCRIPT, context.known(reading.key, TRANSCRIPT), reading.budget);
  let readBytes = main.readBytes;
  const streams: CapturedStream[] = [main.stream];
  const agents = listAgents(reading.path);
  for (const agent of agents) {
    const name = `subagents/${agent}`;
    const path = join(reading.path.replace(/\.jsonl$/, ''), name);
    try {
      const part = readAppendFile(path, name, context.known(reading.key, name), reading.budget - readBytes);
      readBytes += part.readBytes;
      streams.push(part.stream);
    } catch {
      const message = 'A subagent of a conversation could not be read: what was saved of it stays.';
      problems.push({ reason: 'unreadable', message });
    }
  }
  streams.push(...keptStreams(context, reading.key, reading.previous, streams));
  const isPartial = main.storedBytes < main.fileBytes;
  if (isPartial) {
    problems.push({
      reason: 'partial',
      message: `A long conversation is being taken in: ${main.storedBytes} of ${main.fileBytes} bytes so far.`,
    });
  }
  const { facts, isComplete } = reader.read(reading.path);
  const item = toItem(reading, facts, streams, agents);
  // After a start the facts are read anew, in several captures where there is much: until then the earlier ones count.
  const title = isComplete ? item.title : (reading.previous?.title ?? item.title);
  const earlier = isComplete ? {} : earlierFacts(reading.previous);
  const attributes = { ...item.attributes, ...earlier, ...(isPartial ? { isPartial } : {}) };
  return { item: { ...item, title, attributes }, problems, readBytes };
}

function earlierFacts(previous: PreviousItem | undefined): JsonObject {
  if (previous === undefined) return {};
  return Object.fromEntries(FACT_NAMES.map((name) => [name, previous.attributes[name]]));
}

function toItem(
  reading: Reading,
  facts: TranscriptFacts,
  streams: readonly CapturedStream[],
  agents: readonly string[],
): CapturedItem {
  const { live } = reading;
  const title = facts.title ?? live?.name ?? facts.firstText ?? 'Claude Code conversation';
  const attributes: JsonObject = {
    id: reading.sessionId,
    provider: 'anthropic',
    model: facts.model,
    cwd: facts.cwd,
    gitBranch: facts.gitBranch,
    version: facts.version,
    project: reading.project,
    file: join('projects', reading.project, basename(reading.path)),
    messageCount: facts.messages,
    firstMessage: facts.firstText,
    lastMessage: facts.lastText,
    createdAtMs: facts.createdAtMs,
    updatedAtMs: facts.updatedAtMs ?? Math.round(reading.mtimeMs),
    // Claude Code removes transcripts that were not written to for so long.
    expiresAtMs: Math.round(reading.mtimeMs) + reading.cleanupDays * DAY_MS,
    isLive: live !== undefined,
    ...(live === undefined ? {} : { pid: live.pid, procStart: live.startTime, status: live.status }),
    ...(live?.tty === undefined || live.tty === null ? {} : { tty: live.tty }),
    ...(facts.openToolCalls.size > 0 ? { isMidTurn: true } : {}),
    ...(facts.unreadableLines > 0 ? { unreadableLines: facts.unreadableLines } : {}),
    ...(agents.length > 0 ? { subagents: agents.filter((name) => name.endsWith('.jsonl')).length } : {}),
  };
  return {
    key: reading.key,
    kind: 'conversation',
    source: CLAUDE_CODE,
    group: reading.configDir,
    title: oneLine(title),
    attributes,
    streams,
  };
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
    const settings: unknown = JSON.parse(readRegularFile(path, MAX_SETTINGS_BYTES).toString('utf8'));
    const days =
      typeof settings === 'object' && settings !== null && 'cleanupPeriodDays' in settings
        ? Number(settings.cleanupPeriodDays)
        : Number.NaN;
    return Number.isFinite(days) && days >= 0 ? days : DEFAULT_CLEANUP_DAYS;
  } catch {
    return DEFAULT_CLEANUP_DAYS; // being edited just now
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, 120);
}

function listNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // not there, or not ours to read
  }
}
