// What a user should do next, from the facts: pure, so that each rule is a line in a test.

import { countOf } from '../format/amounts.ts';
import { describeSpan } from '../format/times.ts';
import type { RunningCaptures } from './running-captures.ts';
import type { Runner } from '../runner.ts';
import type { VaultFacts } from './vault-status.ts';

const DAY_MS = 86_400_000;
const BACKUP_ADVISED_AFTER_MS = 7 * DAY_MS;
const VERIFY_ADVISED_AFTER_MS = 30 * DAY_MS;
/** A run that captured nothing for this many intervals is stuck, or its machine slept: as the scheduler counts (LATE_AFTER_INTERVALS). */
const MISSED_INTERVALS = 3;

/** Gives what to do, the most pressing first; nothing where all is well. */
export function planAdvice(facts: VaultFacts): string[] {
  return [
    ...adviseOnDamage(facts),
    ...adviseOnKeySlots(facts),
    ...adviseOnCapture(facts),
    ...adviseOnUpkeep(facts),
    ...adviseOnRotation(facts),
  ];
}

function adviseOnDamage({ health: { damage }, nowMs }: VaultFacts): string[] {
  if (damage === null) return [];
  return [
    `${countOf(damage.records, 'record')} of the vault ${damage.records === 1 ? 'is' : 'are'} damaged, found ${describeSpan(nowMs - damage.foundAtMs)} ago: \`cairn verify\` names what is touched, \`cairn repair --dry-run\` says what would come back.`,
  ];
}

function adviseOnKeySlots({ keys }: VaultFacts): string[] {
  return keys.slots
    .filter((slot) => !slot.isWhole)
    .map((slot) =>
      slot.type === 'recovery'
        ? 'The recovery key slot is damaged: make a new one with `cairn keys add-recovery`.'
        : `The ${slot.type} slot is damaged: set it anew with \`cairn keys change-password\`.`,
    );
}

function adviseOnCapture(facts: VaultFacts): string[] {
  const { settings, newest, runner, app, nowMs, statistics } = facts;
  if (settings.enabledSources.length === 0) {
    return ['No source is on, so nothing is captured: `cairn config set sources.tmux on` turns one on.'];
  }
  if (runner === null && app === null) {
    return [
      newest === null
        ? 'Nothing was captured yet: `cairn capture` does it once, `cairn run` every 30 seconds.'
        : 'Nothing captures now: keep `cairn run` going.',
    ];
  }
  const inactive = statistics.sources.filter(
    (state) => state.isInactive && settings.enabledSources.includes(state.source),
  );
  return [
    ...(runner === null ? [] : adviseOnRun(runner, newest, nowMs)),
    ...(runner === null && app !== null ? adviseOnApp(app, newest, nowMs) : []),
    ...inactive.map(
      ({ source, lastGoodAtMs }) =>
        `${source} was silent for ${describeSpan(nowMs - lastGoodAtMs)}: if you no longer use it, \`cairn config set sources.${source} off\`.`,
    ),
  ];
}

function adviseOnRun({ pid, startedAtMs, intervalMs }: Runner, newest: VaultFacts['newest'], nowMs: number): string[] {
  const silentMs = nowMs - Math.max(newest?.takenAtMs ?? 0, startedAtMs);
  if (silentMs < MISSED_INTERVALS * intervalMs) return [];
  return [`The run of process ${pid} has captured nothing for ${describeSpan(silentMs)}: look at what it printed.`];
}

/** The app itself knows whether it is late: it measures by a clock that nobody sets. */
function adviseOnApp({ shell, capture }: RunningCaptures, newest: VaultFacts['newest'], nowMs: number): string[] {
  if (capture.state === 'paused') return ['Capturing is paused: resume it in the window.'];
  if (capture.state === 'off') return ['The running Cairn captures nothing: unlock it, or turn a source on.'];
  if (!capture.isLate) return [];
  const where = shell === 'desktop' ? 'Cairn' : '`cairn serve`';
  const since = newest === null ? '' : ` for ${describeSpan(nowMs - newest.takenAtMs)}`;
  const { failure } = capture;
  const why = failure === undefined ? 'look at its window, under Diagnostics.' : `${failure.message} ${failure.hint}`;
  return [`The running ${where} has captured nothing${since}: ${why}`];
}

function adviseOnUpkeep({ statistics, health, nowMs }: VaultFacts): string[] {
  if (statistics.snapshots === 0) return [];
  const { lastBackupAtMs, lastVerifiedAtMs, oldestAtMs } = statistics;
  const isBackupDue = nowMs - (lastBackupAtMs ?? oldestAtMs ?? nowMs) > BACKUP_ADVISED_AFTER_MS;
  const verifiedAtMs = Math.max(lastVerifiedAtMs ?? 0, health.deepAtMs ?? 0) || oldestAtMs;
  const isVerifyDue = nowMs - (verifiedAtMs ?? nowMs) > VERIFY_ADVISED_AFTER_MS;
  return [
    ...(isBackupDue ? ['No backup for over 7 days: `cairn backup` makes one and proves it.'] : []),
    ...(isVerifyDue ? ['Not verified for over 30 days: `cairn verify` checks every seal.'] : []),
    ...(statistics.inboxCount > 0
      ? [
          `${countOf(statistics.inboxCount, 'capture')} taken while locked wait to be taken over; the next capture does it.`,
        ]
      : []),
  ];
}

function adviseOnRotation({ keys }: VaultFacts): string[] {
  if (keys.rotation !== null) return ['A key rotation was interrupted: `cairn keys rotate` goes on.'];
  return keys.isRotationAdvised ? ['The data keys are older than 90 days: `cairn keys rotate` makes new ones.'] : [];
}
