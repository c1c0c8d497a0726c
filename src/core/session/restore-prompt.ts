// Whether somebody should be asked to restore: only when the run before ended badly, or a whole program's things are gone, and something
// of it is really missing now. Looked at once, before the first capture of a run.

import type { SnapshotId } from '../../shared/model/ids.ts';
import type { SnapshotItem } from '../../shared/model/item.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import type { RestorePrompt } from '../../shared/contract/schemas.ts';
import type { OpenApp } from '../app.ts';
import { toIso } from '../timeline/views.ts';
import type { EarlierRun } from './run-marker.ts';

const SETTING = 'restore-prompt';
const OLD_MS = 7 * 86_400_000;
/** What was carried forward for longer was lost long ago. */
const MAX_STALE_MS = 86_400_000;
const LOOK_WITHIN_MS = 6_000;
/** What is open, and not only stored: conversations and work trees survive on disk. */
const OPEN_KINDS = new Set<SnapshotItem['kind']>(['terminal', 'tab', 'document']);

export interface RestorePromptDeps {
  readonly app: OpenApp;
  /** When this run began: what was captured before is the past. */
  readonly nowMs: number;
  readonly earlier: EarlierRun;
}

export class RestorePrompts {
  readonly #deps: RestorePromptDeps;
  #preparing: Promise<void> | null = null;
  #prompt: RestorePrompt['prompt'] = null;

  constructor(deps: RestorePromptDeps) {
    this.#deps = deps;
  }

  /** Compares the past with the present. Never rejects: where it cannot look, nobody is asked. */
  prepare(): Promise<void> {
    this.#preparing ??= this.#look().then(
      (prompt) => {
        this.#prompt = prompt;
      },
      () => undefined,
    );
    return this.#preparing;
  }

  /** Null where there is nothing to ask. */
  async current(): Promise<RestorePrompt['prompt']> {
    await this.prepare();
    return this.#prompt;
  }

  /** "Not now", or it was restored: this point is not asked for again. It stays where it is. */
  async dismiss(snapshotId: SnapshotId): Promise<void> {
    this.#prompt = null;
    await this.#deps.app.vault.writeSetting(SETTING, { dismissed: snapshotId });
  }

  async #look(): Promise<RestorePrompt['prompt']> {
    const { app, nowMs, earlier } = this.#deps;
    if (!app.config().asksToRestore) return null;
    const [newest] = await app.vault.listSnapshots({ limit: 1, untilMs: nowMs });
    if (newest === undefined) return null;
    const setting = await app.vault.readSetting(SETTING);
    if (setting?.['dismissed'] === newest.id) return null;
    const past = await app.vault.readSnapshot(newest.id);
    const present = await app.lookNow(AbortSignal.timeout(LOOK_WITHIN_MS));
    const missing = findMissing(past, present);
    const lost = earlier.end === 'clean' ? ofVanishedGroups(missing, present) : missing;
    if (lost.length === 0) return null;
    return {
      snapshotId: past.id,
      takenAt: toIso(past.takenAtMs),
      reason: earlier.end === 'clean' ? 'items-missing' : earlier.end === 'reboot' ? 'reboot' : 'unclean-end',
      missing: countKinds(lost),
      preselected: lost.map(({ key }) => key),
      warnings: warningsFor(past, nowMs),
      isSecondCrash: earlier.end !== 'clean' && earlier.uncleanEnds > 1,
    };
  }
}

function findMissing(past: Snapshot, present: readonly SnapshotItem[]): SnapshotItem[] {
  const keys = new Set(present.map(({ key }) => key));
  return past.itemList.filter(
    (item) =>
      OPEN_KINDS.has(item.kind) &&
      item.attributes['isHistory'] !== true &&
      !keys.has(item.key) &&
      (!item.stale || past.takenAtMs - (item.goodAtMs ?? 0) < MAX_STALE_MS),
  );
}

/** After a clean end single things were closed on purpose; a whole program that is gone was not looked at since. */
function ofVanishedGroups(missing: readonly SnapshotItem[], present: readonly SnapshotItem[]): SnapshotItem[] {
  const groups = new Set(present.map(({ source, group }) => `${source}\0${group}`));
  return missing.filter(({ source, group }) => !groups.has(`${source}\0${group}`));
}

function countKinds(items: readonly SnapshotItem[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of items) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

function warningsFor(past: Snapshot, nowMs: number): string[] {
  const midTurn = past.itemList.filter(({ attributes }) => attributes['isMidTurn'] === true).length;
  const stale = past.itemList.filter(({ stale }) => stale).length;
  return [
    ...(nowMs - past.takenAtMs > OLD_MS ? ['This point is more than a week old.'] : []),
    ...(midTurn > 0 ? [`${midTurn} ${midTurn === 1 ? 'agent was' : 'agents were'} in the middle of a turn.`] : []),
    ...(stale > 0 ? [`${stale} ${stale === 1 ? 'item was' : 'items were'} last read before that capture.`] : []),
  ];
}
