// `cairn status` for people: the answer first, then the facts, then what to do.

import { formatBytes, formatCount, countOf } from '../format/amounts.ts';
import { renderTable, type Cell } from '../format/table.ts';
import { describeAge, describeSpan, describeTime } from '../format/times.ts';
import { isCapturing, type RunningCaptures } from '../status/running-captures.ts';
import type { VaultStatus } from '../status/vault-status.ts';
import type { View } from './checkpoints.ts';
import { describeGap } from './gaps.ts';
import { shortId } from './ids.ts';
import { describeLeftOut } from './log.ts';

export function renderStatus(status: VaultStatus, view: View): string[] {
  const { style } = view;
  const facts: Array<readonly [string, string]> = [
    ['Last capture', describeNewest(status)],
    ['Timeline', describeTimeline(status)],
    ['Vault', describeVault(status)],
    ['Last proven backup', describeWhen(status.statistics.lastBackupAtMs, status.nowMs)],
    ['Last verified', describeVerified(status)],
    ['Data keys', `epoch ${status.keys.epoch}, made ${describeAge(status.keys.epochCreatedAtMs, status.nowMs)}`],
  ];
  const rows = facts.map(([name, words]): Cell[] => [{ text: name, paint: style.dim }, words]);
  return [
    ...describeState(status, view),
    '',
    ...renderTable([{ title: '' }, { title: '', canShrink: true }], rows, { width: view.width }),
    '',
    ...renderSources(status, view),
    ...renderGaps(status, view),
    ...renderLeftOut(status, view),
    ...renderAdvice(status, view),
  ];
}

function describeState(status: VaultStatus, { style }: View): string[] {
  const { runner, app, nowMs, settings } = status;
  if (settings.enabledSources.length === 0) return [style.yellow('Nothing is captured: no source is on.')];
  if (runner === null && app !== null) return [describeApp(app, style)];
  if (runner === null) return [style.yellow('Not capturing.')];
  return [
    `${style.green('Capturing')} every ${describeSpan(runner.intervalMs)}, since ${describeTime(runner.startedAtMs, nowMs)} (process ${runner.pid}).`,
  ];
}

function describeApp(app: RunningCaptures, style: View['style']): string {
  const who = app.shell === 'desktop' ? 'the desktop app' : '`cairn serve`';
  const every = `every ${describeSpan(app.capture.intervalSeconds * 1_000)}`;
  if (!isCapturing(app)) return style.yellow(`Not capturing: ${app.capture.state} in ${who}.`);
  if (app.capture.isLate) return style.yellow(`Late: ${who} should capture ${every}.`);
  return `${style.green('Capturing')} ${every}, by ${who}.`;
}

function describeNewest({ newest, nowMs }: VaultStatus): string {
  if (newest === null) return 'never';
  const changed = newest.changed === 0 ? '' : `, ${formatCount(newest.changed)} changed`;
  return `${describeTime(newest.takenAtMs, nowMs)}, ${countOf(newest.items, 'item')}${changed}: ${shortId(newest.id)}`;
}

function describeTimeline({ statistics, nowMs }: VaultStatus): string {
  const { snapshots, checkpoints, oldestAtMs } = statistics;
  if (snapshots === 0 || oldestAtMs === null) return 'empty';
  const kept = checkpoints === 0 ? '' : `, ${countOf(checkpoints, 'checkpoint')}`;
  return `${countOf(snapshots, 'snapshot')}${kept}; the oldest ${describeAge(oldestAtMs, nowMs)}`;
}

function describeVault({ statistics, home }: VaultStatus): string {
  const waiting = statistics.inboxCount === 0 ? '' : `, ${countOf(statistics.inboxCount, 'locked capture')} waiting`;
  return `${formatBytes(statistics.fileBytes + statistics.walBytes)} in ${home}${waiting}`;
}

function describeWhen(timeMs: number | null, nowMs: number): string {
  return timeMs === null ? 'never' : describeTime(timeMs, nowMs);
}

function describeVerified({ statistics, health, nowMs }: VaultStatus): string {
  const { quickAtMs, deepAtMs, pass } = health;
  const whole = Math.max(statistics.lastVerifiedAtMs ?? 0, deepAtMs ?? 0) || null;
  const quick = quickAtMs === null || quickAtMs <= (whole ?? 0) ? '' : `the newest ${describeTime(quickAtMs, nowMs)}`;
  const everything = whole === null ? '' : `everything ${describeTime(whole, nowMs)}`;
  const going = pass === null ? '' : `, looking through everything: ${percent(pass)}`;
  return `${[quick, everything].filter((words) => words !== '').join(', ') || 'never'}${going}`;
}

function percent({ done, total }: NonNullable<VaultStatus['health']['pass']>): string {
  return `${total === 0 ? 0 : Math.floor((done / total) * 100)} %`;
}

function renderSources(status: VaultStatus, view: View): string[] {
  const { style } = view;
  const { enabledSources } = status.settings;
  if (enabledSources.length === 0) return [];
  const rows = enabledSources.map((source): Cell[] => {
    const state = status.statistics.sources.find((other) => other.source === source);
    if (state === undefined) return [`  ${source}`, { text: 'nothing seen yet', paint: style.dim }];
    const words = `last seen ${describeAge(state.lastGoodAtMs, view.nowMs)}`;
    return [
      `  ${source}`,
      state.isInactive
        ? { text: `inactive, ${words}`, paint: style.yellow }
        : { text: `active, ${words}`, paint: style.green },
    ];
  });
  return [style.bold('Sources'), ...renderTable([{ title: '' }, { title: '' }], rows), ''];
}

function renderGaps(status: VaultStatus, view: View): string[] {
  if (status.gaps.length === 0) return [];
  return [
    view.style.yellow('What the last capture lacks'),
    ...status.gaps.map((gap) => `  ${describeGap(gap, view.nowMs)}`),
    '',
  ];
}

function renderLeftOut({ leftOut }: VaultStatus, { style }: View): string[] {
  if (leftOut.length === 0) return [];
  return [style.bold('Left out, since you said so'), ...leftOut.map((part) => `  ${describeLeftOut(part)}`), ''];
}

function renderAdvice(status: VaultStatus, view: View): string[] {
  if (status.advice.length === 0) return [view.style.green('All is well.')];
  return [view.style.bold('What to do'), ...status.advice.map((line) => `  ${line}`)];
}
