// Captures WezTerm: one run of `wezterm cli` lists all panes, one each gives their text with colours; programs come from /proc.

import { AppError } from '../../../shared/model/app-error.ts';
import { parseItemKey, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcesses, ttyPath, type ProcessInfo } from '../host/proc.ts';
import { indexProcesses, readTerminalProgram, type ProcessTable, type TerminalProgram } from '../host/proc-terminal.ts';
import type { CaptureContext, SourceCapture, SourceProblem } from '../source.ts';
import { programAttributes, programName, readIdentity } from '../terminal/program-facts.ts';
import { splitsToJson } from '../terminal/splits.ts';
import {
  fitTexts,
  lastLines,
  MAX_SCROLLBACK_LINES,
  MAX_STREAM_BYTES,
  SCROLLBACK,
  toTextStream,
  withoutBlankEnd,
  type TerminalText,
} from '../terminal/terminal-text.ts';
import { parsePanes, type WeztermPane } from './parse-panes.ts';
import { WEZTERM } from './wezterm-facts.ts';
import { findWezterms, leaderOf, runWezterm, type WeztermInstance } from './wezterm-instances.ts';

interface InstanceCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

/** Instances are read side by side; one that hangs costs only its own items. */
export async function captureWezterm(context: CaptureContext): Promise<SourceCapture> {
  const table = indexProcesses(readProcesses(context.host));
  const captures = await Promise.all(
    findWezterms(context.host, table).map((instance) => captureInstance(context, instance, table)),
  );
  return {
    items: captures.flatMap(({ items }) => items),
    problems: captures.flatMap(({ problems }) => problems),
    closed: [],
  };
}

async function captureInstance(
  context: CaptureContext,
  instance: WeztermInstance,
  table: ProcessTable,
): Promise<InstanceCapture> {
  const { host, signal } = context;
  const fail = (reason: 'timeout' | 'failed', why: string): InstanceCapture => ({
    items: [],
    problems: [{ reason, message: `WezTerm could not be read: ${why}`, group: groupOf(instance) }],
  });
  try {
    const listed = await runWezterm(host, instance.socket, ['list', '--format', 'json'], { signal });
    if (listed.exitCode !== 0) return fail('failed', `\`wezterm cli list\` ended with ${listed.exitCode}.`);
    const parsed = parsePanes(listed.stdout.toString('utf8'));
    if (parsed === null) return fail('failed', 'what `wezterm cli list` printed cannot be read.');
    const panes = parsed.panes.flatMap((pane) => toPane(context, instance, pane, table));
    const texts = await readTexts(context, instance, panes);
    const problems: SourceProblem[] = [];
    if (parsed.unreadable > 0) {
      const message = `WezTerm told of ${parsed.unreadable} panes in a way that cannot be read.`;
      problems.push({ reason: 'unreadable', message });
    }
    // Without text it closed meanwhile.
    const items = panes.flatMap((pane) => {
      const text = texts.get(pane.key);
      return text === undefined ? [] : [toItem(instance, pane, text)];
    });
    return { items, problems };
  } catch (error) {
    if (!(error instanceof AppError) || signal.aborted) throw error;
    return fail(error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed', error.message);
  }
}

interface ReadPane {
  readonly key: ItemKey;
  readonly pane: WeztermPane;
  readonly leader: ProcessInfo;
  readonly identity: string;
  readonly program: TerminalProgram;
  readonly facts: JsonObject;
  readonly isHidden: boolean;
}

function toPane(
  { host, excludes }: CaptureContext,
  instance: WeztermInstance,
  pane: WeztermPane,
  table: ProcessTable,
): readonly ReadPane[] {
  const leader = leaderOf(host, instance, pane, table);
  // A pane of another machine, or one that has just opened.
  if (leader === null) return [];
  const program = readTerminalProgram(host, leader, table);
  const facts = programAttributes(program);
  if (facts === null) return [];
  const isHidden = excludes.path(program.cwd ?? '') || excludes.command(program.argv.join(' '));
  const place = instance.label === '' ? String(pane.id) : `${instance.label}:${pane.id}`;
  const identity = readIdentity(host, leader);
  return [{ key: parseItemKey(`wezterm:${place}`), pane, leader, identity, program, facts, isHidden }];
}

async function readTexts(
  { host, signal, maxBytes }: CaptureContext,
  { socket }: WeztermInstance,
  panes: readonly ReadPane[],
): Promise<ReadonlyMap<ItemKey, TerminalText>> {
  const texts = new Map<ItemKey, TerminalText>();
  for (const { key, pane, isHidden } of panes) {
    if (isHidden) {
      // What the user excludes is not even read; the collector drops its item.
      texts.set(key, { streams: [], isCut: false });
      continue;
    }
    const lines = ['--start-line', String(-MAX_SCROLLBACK_LINES)];
    const args = ['get-text', '--pane-id', String(pane.id), ...lines, '--escapes'];
    const { exitCode, stdout } = await runWezterm(host, socket, args, { signal });
    if (exitCode !== 0) continue;
    const whole = withoutBlankEnd(stdout);
    const kept = lastLines(whole, MAX_STREAM_BYTES);
    texts.set(key, { streams: [toTextStream(SCROLLBACK, '', kept)], isCut: kept.length < whole.length });
  }
  return fitTexts(texts, maxBytes);
}

function toItem(instance: WeztermInstance, read: ReadPane, text: TerminalText): CapturedItem {
  const { pane, leader, program, identity } = read;
  const { tab } = pane;
  const tty = ttyPath(leader.ttyNumber);
  const attributes: JsonObject = {
    identity,
    wezterm: { run: instance.run },
    window: { id: pane.windowId, workspace: pane.workspace },
    tab: {
      ...{ id: tab.id, index: tab.index, title: tab.title },
      ...(tab.splits === null ? {} : { splits: splitsToJson(tab.splits) }),
    },
    pane: {
      ...{ id: pane.id, title: pane.title, isActive: pane.isActive, isZoomed: pane.isZoomed },
      ...(pane.columns === null || pane.columns === 0 ? {} : { width: pane.columns }),
      ...(pane.rows === null || pane.rows === 0 ? {} : { height: pane.rows }),
    },
    ...(tty === null ? {} : { tty }),
    ...read.facts,
    ...(text.isCut ? { isScrollbackCut: true } : {}),
  };
  return {
    key: read.key,
    kind: 'terminal',
    source: WEZTERM,
    group: groupOf(instance),
    title: `${programName(program)} in ${program.cwd?.split('/').at(-1) || '/'}`,
    attributes,
    streams: text.streams,
  };
}

function groupOf({ label }: WeztermInstance): string {
  return label === '' ? 'wezterm' : `wezterm ${label}`;
}
