// The state file of a session in `agents/sessions`, in both of its shapes, as one. Total: what is torn is null, what makes no sense in a
// file that is whole counts as absent.

import type { JsonObject } from '../../../shared/model/json.ts';
import { isRecord, parseRecord, textOf, type JsonRecord } from '../../sources/conversation/json-record.ts';

const MAX_COMMITS = 100;
const MAX_TEXT = 500;
const MIDNIGHT = /T00:00:00(?:\.0+)?(?:Z|[+-]00:?00)$/;
const MIN_TIME_MS = Date.UTC(2000, 0);
const MAX_TIME_MS = Date.UTC(2100, 0);

const STATUSES: Readonly<Record<string, string>> = {
  active: 'active',
  in_progress: 'active',
  draft: 'active',
  pending: 'active',
  paused: 'paused',
  complete: 'complete',
  completed: 'complete',
  finalized: 'complete',
  done: 'complete',
  failed: 'failed',
  error: 'failed',
};

export interface AgentProgress {
  readonly done: number;
  /** Null where nobody said how many there are. */
  readonly total: number | null;
  readonly current: number | null;
}

export interface AgentState {
  /** Of which shape the file is: 1 has `phases` or `plan_state`, 2 what came after. */
  readonly shape: 1 | 2;
  readonly title: string | null;
  readonly type: string | null;
  readonly status: string;
  readonly phase: string | null;
  readonly progress: AgentProgress;
  readonly createdAtMs: number | null;
  /** Null where the file names none, or a midnight that stands for a day. */
  readonly updatedAtMs: number | null;
  readonly git: JsonObject;
  readonly commits: readonly JsonObject[];
  readonly links: JsonObject;
}

/** @param planText `plan.json`, where there is one: only how many checkpoints it has counts; their statuses are never kept up. */
export function parseAgentState(text: string, planText: string | null): AgentState | null {
  const state = parseRecord(text);
  if (state === null) return null;
  const isNew = isRecord(state['phase_history']) || isRecord(state['build_progress']);
  const isOld = !isNew && (isRecord(state['phases']) || isRecord(state['plan_state']));
  const work = recordOf(state[isOld ? 'plan_state' : 'build_progress']);
  const progress = readProgress(work, planText);
  const phase = shortText(state['current_phase']);
  return {
    shape: isOld ? 1 : 2,
    title: shortText(state['topic']),
    type: shortText(state[isOld ? 'granularity' : 'session_type']),
    status: readStatus(state['status']) ?? guessStatus(phase, work, progress),
    phase,
    progress,
    createdAtMs: readTime(state['created_at']),
    updatedAtMs:
      typeof state['updated_at'] === 'string' && MIDNIGHT.test(state['updated_at'])
        ? null
        : readTime(state['updated_at']),
    git: pickTexts(recordOf(state['git']), ['branch', 'worktree', 'base_branch']),
    commits: readCommits(state['commits']),
    links: {
      ...pickTexts(recordOf(state['artifacts']), ['spec', 'plan', 'plan_readable']),
      ...pickTexts(state, ['prior_session', 'parent_session']),
    },
  };
}

/** One word for each state, whatever the file calls it; null where it says nothing. */
function readStatus(value: unknown): string | null {
  const text = shortText(value);
  if (text === null) return null;
  const word = text.toLowerCase().replaceAll(/[\s-]+/g, '_');
  return Object.hasOwn(STATUSES, word) ? (STATUSES[word] ?? null) : word.slice(0, 40);
}

/** The old shape has no status of its own, and its phase may lag behind. */
function guessStatus(phase: string | null, work: JsonRecord, { done, total }: AgentProgress): string {
  const isComplete =
    phase === 'complete' || readStatus(work['status']) === 'complete' || (total !== null && total > 0 && done >= total);
  return isComplete ? 'complete' : 'active';
}

function readProgress(work: JsonRecord, planText: string | null): AgentProgress {
  const completed = work['checkpoints_completed'];
  const done = new Set(Array.isArray(completed) ? completed.filter((id) => readCount(id) !== null) : []).size;
  const told = readCount(work['checkpoints_total']);
  const total = told === null || told === 0 ? countPlanned(planText) : told;
  return { done, total, current: readCount(work['current_checkpoint']) };
}

/** The newer plans have checkpoints, and so have the older ones. */
function countPlanned(planText: string | null): number | null {
  const checkpoints = planText === null ? null : parseRecord(planText)?.['checkpoints'];
  return Array.isArray(checkpoints) && checkpoints.length > 0 ? checkpoints.length : null;
}

function readCommits(value: unknown): JsonObject[] {
  if (!Array.isArray(value)) return [];
  return value
    .filter(isRecord)
    .slice(-MAX_COMMITS)
    .map((commit) => ({
      ...pickTexts(commit, ['sha', 'message', 'created_at']),
      ...(readCount(commit['checkpoint'] ?? commit['checkpoint_id']) === null
        ? {}
        : { checkpoint: readCount(commit['checkpoint'] ?? commit['checkpoint_id']) }),
    }));
}

function pickTexts(record: JsonRecord, names: readonly string[]): JsonObject {
  return Object.fromEntries(
    names.flatMap((name) => {
      const text = shortText(record[name]);
      return text === null ? [] : [[name, text]];
    }),
  );
}

function readCount(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function readTime(value: unknown): number | null {
  const timeMs = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return timeMs >= MIN_TIME_MS && timeMs < MAX_TIME_MS ? timeMs : null;
}

function shortText(value: unknown): string | null {
  return textOf(value)?.replaceAll(/\s+/g, ' ').trim().slice(0, MAX_TEXT) || null;
}

function recordOf(value: unknown): JsonRecord {
  return isRecord(value) ? value : {};
}
