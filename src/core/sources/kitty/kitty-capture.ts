// Captures kitty: one question lists all windows of an instance, one each gives their text with colours.

import { AppError } from '../../../shared/model/app-error.ts';
import { parseItemKey, type ItemKey } from '../../../shared/model/ids.ts';
import type { CapturedItem } from '../../../shared/model/item.ts';
import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcess, readProcesses, ttyPath, type ProcessInfo } from '../host/proc.ts';
import { indexProcesses, readTerminalProgram, type ProcessTable, type TerminalProgram } from '../host/proc-terminal.ts';
import type { CaptureContext, SourceCapture, SourceProblem } from '../source.ts';
import { programAttributes, programName, readIdentity } from '../terminal/program-facts.ts';
import { splitsToJson } from '../terminal/splits.ts';
import {
  fitTexts,
  lastLines,
  MAX_STREAM_BYTES,
  SCROLLBACK,
  toTextStream,
  withoutBlankEnd,
  type TerminalText,
} from '../terminal/terminal-text.ts';
import { joinStyles } from './join-styles.ts';
import { KITTY } from './kitty-facts.ts';
import { findKitties, type KittyInstance } from './kitty-instances.ts';
import { askKitty } from './kitty-remote.ts';
import { parseWindows, type KittyWindow } from './parse-windows.ts';

interface InstanceCapture {
  readonly items: readonly CapturedItem[];
  readonly problems: readonly SourceProblem[];
}

/** Instances are read side by side; one that hangs costs only its own items. `told` remembers what was said once. */
export async function captureKitty(context: CaptureContext, told: Set<string>): Promise<SourceCapture> {
  const { host } = context;
  const table = indexProcesses(readProcesses(host));
  const captures = await Promise.all(
    findKitties(host, table).map((instance) => captureInstance(context, instance, table, told)),
  );
  return {
    items: captures.flatMap(({ items }) => items),
    problems: captures.flatMap(({ problems }) => problems),
    closed: [],
  };
}

async function captureInstance(
  context: CaptureContext,
  instance: KittyInstance,
  table: ProcessTable,
  told: Set<string>,
): Promise<InstanceCapture> {
  const { remote } = instance;
  const group = groupOf(instance);
  if (remote === null) return { items: [], problems: sayOnce(told, instance, 'is not configured') };
  const { signal } = context;
  try {
    const answer = await askKitty(remote.socketPath, 'ls', {}, { signal });
    if (!answer.ok) return { items: [], problems: sayOnce(told, instance, `was refused (${answer.error})`) };
    const parsed = parseWindows(answer.data);
    if (parsed === null) throw new AppError('EXEC_FAILED', 'kitty gave an answer that cannot be read.');
    const read = parsed.windows.flatMap((window) => toWindow(context, instance, window, table));
    const { texts, problems } = await readTexts(context, remote.socketPath, read);
    if (parsed.unreadable > 0) {
      const message = `kitty told of ${parsed.unreadable} windows or tabs in a way that cannot be read.`;
      problems.push({ reason: 'unreadable', message });
    }
    const items = read.flatMap((window) => {
      const text = texts.get(window.key);
      // Without text it closed meanwhile, or is among the problems.
      return text === undefined ? [] : [toItem(instance, window, text)];
    });
    return { items, problems };
  } catch (error) {
    if (!(error instanceof AppError) || signal.aborted) throw error;
    const reason = error.code === 'EXEC_TIMEOUT' ? 'timeout' : 'failed';
    return { items: [], problems: [{ reason, message: `kitty could not be read: ${error.message}`, group }] };
  }
}

/** Its windows are captured as plain terminals then. */
function sayOnce(told: Set<string>, { run }: KittyInstance, why: string): SourceProblem[] {
  if (told.has(run)) return [];
  told.add(run);
  return [
    {
      reason: 'partial',
      message: `kitty's remote control on a Unix socket ${why}, so only folder and program of its windows are known (docs/sources/terminals.md tells how to allow it).`,
    },
  ];
}

interface ReadWindow {
  readonly key: ItemKey;
  readonly window: KittyWindow;
  readonly leader: ProcessInfo;
  readonly identity: string;
  readonly program: TerminalProgram;
  readonly facts: JsonObject;
  readonly isHidden: boolean;
}

function toWindow(
  { host, excludes }: CaptureContext,
  instance: KittyInstance,
  window: KittyWindow,
  table: ProcessTable,
): readonly ReadWindow[] {
  // One that opened after the processes were read.
  const leader = table.byPid.get(window.pid) ?? readProcess(host.procDir, window.pid);
  if (leader === null || leader.isZombie) return [];
  const program = readTerminalProgram(host, leader, table);
  const facts = programAttributes(program);
  if (facts === null) return [];
  const isHidden = excludes.path(program.cwd ?? '') || excludes.command(program.argv.join(' '));
  const place = instance.label === '' ? String(window.id) : `${instance.label}:${window.id}`;
  const identity = readIdentity(host, leader);
  return [{ key: parseItemKey(`kitty:${place}`), window, leader, identity, program, facts, isHidden }];
}

async function readTexts(
  { signal, maxBytes }: CaptureContext,
  socketPath: string,
  windows: readonly ReadWindow[],
): Promise<{ texts: ReadonlyMap<ItemKey, TerminalText>; problems: SourceProblem[] }> {
  const texts = new Map<ItemKey, TerminalText>();
  const problems: SourceProblem[] = [];
  for (const { key, window, isHidden } of windows) {
    if (isHidden) {
      // What the user excludes is not even read; the collector drops its item.
      texts.set(key, { streams: [], isCut: false });
      continue;
    }
    const payload = { match: `id:${window.id}`, extent: 'all', ansi: true };
    try {
      const answer = await askKitty(socketPath, 'get-text', payload, { signal });
      if (answer.ok) texts.set(key, toText(typeof answer.data === 'string' ? answer.data : ''));
    } catch (error) {
      // One window with more text than can be handed over costs no other.
      if (!(error instanceof AppError) || error.code !== 'EXEC_FAILED') throw error;
      problems.push({ reason: 'unreadable', key, message: `A kitty window could not be read: ${error.message}` });
    }
  }
  return { texts: fitTexts(texts, maxBytes), problems };
}

function toText(text: string): TerminalText {
  const whole = withoutBlankEnd(Buffer.from(joinStyles(text), 'utf8'));
  const kept = lastLines(whole, MAX_STREAM_BYTES);
  return { streams: [toTextStream(SCROLLBACK, '', kept)], isCut: kept.length < whole.length };
}

function toItem(instance: KittyInstance, read: ReadWindow, text: TerminalText): CapturedItem {
  const { window, leader, program, identity } = read;
  const { tab } = window;
  const tty = ttyPath(leader.ttyNumber);
  const { address = '', allowed = null } = instance.remote ?? {};
  const attributes: JsonObject = {
    identity,
    kitty: { run: instance.run, listenOn: address, ...(allowed === null ? {} : { allowed }) },
    osWindow: { id: tab.osWindowId },
    tab: {
      ...{ id: tab.id, index: tab.index, title: tab.title, layout: tab.layout, isActive: tab.isActive },
      ...(tab.splits === null ? {} : { splits: splitsToJson(tab.splits) }),
    },
    window: {
      ...{ id: window.id, title: window.title, isActive: window.isActive },
      ...(window.columns === null ? {} : { width: window.columns }),
      ...(window.lines === null ? {} : { height: window.lines }),
    },
    ...(tty === null ? {} : { tty }),
    ...read.facts,
    ...(text.isCut ? { isScrollbackCut: true } : {}),
  };
  return {
    key: read.key,
    kind: 'terminal',
    source: KITTY,
    group: groupOf(instance),
    title: `${programName(program)} in ${program.cwd?.split('/').at(-1) || '/'}`,
    attributes,
    streams: text.streams,
  };
}

function groupOf({ label }: KittyInstance): string {
  return label === '' ? 'kitty' : `kitty ${label}`;
}
