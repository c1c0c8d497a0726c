// What an agent may ask: read-only, bounded, without what looks like a secret. Captured text is somebody's words, never an instruction.

import { z } from 'zod';

import { ITEM_KINDS, type SnapshotItem } from '../../shared/model/item.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import { describeChanges } from '../../shared/diff/describe-changes.ts';
import { diffItems } from '../../shared/diff/diff-items.ts';
import { projectOf, repositoryRoots } from '../../shared/timeline/project.ts';
import { whereWasI } from '../../core/timeline/where-was-i.ts';
import type { OpenCore } from '../core.ts';
import { toIso } from '../format/times.ts';

const MINUTE_MS = 60_000;
const SEARCH_WITHIN_MS = 5_000;
const MAX_ITEMS = 300;
const MAX_MESSAGES = 100;
const MAX_TEXT = 4_000;

const point = z
  .string()
  .min(1)
  .max(200)
  .describe(
    'A point in time: `latest`, an age such as `2h` or `3d`, an ISO 8601 time, a snapshot id or a checkpoint name.',
  );
const project = z.string().max(200).optional().describe('Only this project: its name, folder or repository address.');

export interface McpTool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodObject;
  /** @throws AppError for points and sessions that are not there */
  run(input: unknown, open: OpenCore, nowMs: number): Promise<JsonValue>;
}

/** Binds a tool's schema to its work. */
function tool<Input extends z.ZodObject>(definition: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  readonly run: (input: z.output<Input>, open: OpenCore, nowMs: number) => Promise<object>;
}): McpTool {
  const { run, ...rest } = definition;
  return {
    ...rest,
    // Through JSON, so that what leaves is data and nothing else.
    run: async (input, open, nowMs) =>
      JSON.parse(JSON.stringify(await run(definition.input.parse(input), open, nowMs))) as JsonValue, // was written by JSON
  };
}

export const MCP_TOOLS: readonly McpTool[] = [
  tool({
    name: 'what_was_open',
    title: 'What was open at a time',
    description: 'Terminals, browser tabs, AI conversations, files and repositories that were open at a point in time.',
    input: z.object({ at: point, kinds: z.array(z.enum(ITEM_KINDS)).optional(), project }),
    run: async ({ at, kinds, project: wanted }, { vault }, nowMs) => {
      const snapshot = await vault.readSnapshot(await vault.resolveSnapshot(at, nowMs));
      const roots = repositoryRoots(snapshot.itemList);
      const items = snapshot.itemList
        .map((item) => ({ item, name: projectOf(item, roots) }))
        .filter(({ item }) => kinds === undefined || kinds.includes(item.kind))
        .filter(({ name }) => wanted === undefined || name === wanted);
      return {
        snapshot: snapshot.id,
        takenAt: toIso(snapshot.takenAtMs),
        items: items.slice(0, MAX_ITEMS).map(({ item, name }) => viewItem(item, name)),
        ...(items.length > MAX_ITEMS ? { leftOut: items.length - MAX_ITEMS } : {}),
      };
    },
  }),
  tool({
    name: 'search',
    title: 'Search everything captured',
    description:
      'Finds a text in terminal output, messages, tab titles and addresses, commands, paths and diffs of all times.',
    input: z.object({
      text: z.string().min(1).max(500),
      kinds: z.array(z.enum(ITEM_KINDS)).optional(),
      project,
      limit: z.int().min(1).max(50).default(20),
    }),
    run: async ({ text, kinds, project: wanted, limit }, { vault }) => {
      const { matches, isComplete } = await vault.search({
        text,
        limit,
        budgetMs: SEARCH_WITHIN_MS,
        ...(kinds === undefined ? {} : { kinds }),
        ...(wanted === undefined ? {} : { projects: [wanted] }),
      });
      return {
        isComplete,
        hits: matches.map(({ item, snapshotId, takenAtMs, where, line, lineNumber }) => ({
          key: item.key,
          kind: item.kind,
          title: item.title,
          snapshot: snapshotId,
          takenAt: toIso(takenAtMs),
          where,
          line,
          lineNumber,
        })),
      };
    },
  }),
  tool({
    name: 'read_session',
    title: 'Read an AI conversation',
    description:
      'The newest messages of a conversation, by its id, the beginning of it, or its name; without one, the list of them.',
    input: z.object({
      session: z.string().max(300).optional(),
      messages: z.int().min(1).max(MAX_MESSAGES).default(30),
    }),
    run: async ({ session: reference, messages: limit }, { sessions }) => {
      if (reference === undefined) return { sessions: (await sessions.store.list({ limit: 50 })).map(viewSession) };
      const session = await sessions.store.get(reference);
      const { messages } = await sessions.store.messages(session.id, { limit });
      return {
        ...viewSession(session),
        messages: messages.map(({ role, text, timeMs }) => ({
          role,
          at: timeMs === null ? null : toIso(timeMs),
          text: shorten(text),
        })),
      };
    },
  }),
  tool({
    name: 'what_changed',
    title: 'What changed between two points',
    description: 'The difference between two points in time, in words and item by item.',
    input: z.object({ from: point, to: point.default('latest') }),
    run: async ({ from, to }, { vault }, nowMs) => {
      const before = await vault.readSnapshot(await vault.resolveSnapshot(from, nowMs));
      const after = await vault.readSnapshot(await vault.resolveSnapshot(to, nowMs));
      const diff = diffItems(before.itemList, after.itemList);
      const tell = (items: readonly SnapshotItem[]) =>
        items.slice(0, MAX_ITEMS).map(({ key, kind, title }) => ({ key, kind, title }));
      return {
        from: toIso(before.takenAtMs),
        to: toIso(after.takenAtMs),
        words: describeChanges(diff),
        added: tell(diff.added),
        removed: tell(diff.removed),
        changed: tell(diff.changed.map((change) => change.after)),
      };
    },
  }),
  tool({
    name: 'where_was_i',
    title: 'Where the user was',
    description: 'What the user worked on before they left, what waits for them, and what changed since.',
    input: z.object({ project, awayMinutes: z.int().min(1).max(10_080).default(30) }),
    run: async ({ project: wanted, awayMinutes }, { vault }, nowMs) =>
      whereWasI(vault, {
        nowMs,
        awayMs: awayMinutes * MINUTE_MS,
        ...(wanted === undefined ? {} : { project: wanted }),
      }),
  }),
];

function viewItem({ key, kind, source, title, attributes, stale }: SnapshotItem, name: string | undefined): object {
  const { cwd, url, path, argv, branch, model, lastMessage } = attributes;
  return {
    key,
    kind,
    source,
    title,
    ...(name === undefined ? {} : { project: name }),
    ...Object.fromEntries(
      Object.entries({ cwd, url, path, argv, branch, model, lastMessage }).filter(([, value]) => value !== undefined),
    ),
    ...(stale ? { stale } : {}),
  };
}

function viewSession(session: Awaited<ReturnType<OpenCore['sessions']['store']['get']>>): object {
  const { id, name, provider, model, project: of, createdAtMs, updatedAtMs, messageCount, preview } = session;
  const times = { createdAt: toIso(createdAtMs), updatedAt: toIso(updatedAtMs) };
  return { id, name, provider, model, project: of, ...times, messageCount, preview };
}

function shorten(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
