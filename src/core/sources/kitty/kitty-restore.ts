// Brings kitty windows back: into the tab or OS window that they were in where it is still open, else into new ones, in the same order
// and layout. Where no kitty runs, one is started as the user had it.

import { existsSync } from 'node:fs';

import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcessVariable, readProcesses } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host, RestoreContext, UndoContext } from '../source.ts';
import type { OpenedTerminal, OpenOutcome, TerminalRestorer, WantedTerminal } from '../terminal/restore-terminals.ts';
import { leavesOf, splitMoves, type SplitMove } from '../terminal/splits.ts';
import type { ShellStart, StartedShell } from '../terminal/start-shell.ts';
import { KITTY, kittyFactsSchema, type KittyFacts } from './kitty-facts.ts';
import { findKitties, type KittyInstance } from './kitty-instances.ts';
import { askKitty, socketPathOf, tellKitty } from './kitty-remote.ts';
import { parseWindows, type KittyWindow } from './parse-windows.ts';

const RUN_TIMEOUT_MS = 5_000;
const MAX_ADDRESSES = 20;
const NO_REMOTE = 'kitty runs without remote control on a Unix socket';

type Wanted = WantedTerminal<KittyFacts>;
type Outcome = OpenOutcome<KittyFacts>;

export function createKittyRestorer(host: Host): TerminalRestorer<KittyFacts> {
  const reachable = findReachable(host);
  return {
    source: KITTY,
    title: 'kitty',
    factsSchema: kittyFactsSchema,
    nameOf: ({ tab, window }) => `Window ${window.id} of kitty, in tab ${tab.index + 1},`,
    placeOf: () => null,
    refuse: () => (reachable === null ? whyNotStarted(host) : null),
    open: openWindows,
    close: closeWindow,
  };
}

function whyNotStarted(host: Host): string | null {
  if (findOnPath(['kitty'], host.env['PATH'] ?? '') === null) return 'kitty is not installed here.';
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']);
  return hasScreen || host.platform === 'darwin' ? null : 'There is no screen to open kitty on.';
}

function findReachable(host: Host): KittyInstance | null {
  const kitties = findKitties(host, indexProcesses(readProcesses(host)));
  return kitties.find(({ remote }) => remote !== null) ?? null;
}

/** OS window by OS window, tab by tab, in their order. */
async function* openWindows(wanted: readonly Wanted[], context: RestoreContext): AsyncIterable<Outcome> {
  const kitty = new LiveKitty(context);
  const osWindows = Map.groupBy(wanted, ({ facts }) => osWindowOf(facts));
  for (const inOsWindow of osWindows.values()) {
    const tabs = Map.groupBy(
      inOsWindow.toSorted((a, b) => a.facts.tab.index - b.facts.tab.index || a.facts.window.id - b.facts.window.id),
      ({ facts }) => facts.tab.id,
    );
    const opened: OpenedTerminal<KittyFacts>[] = [];
    for (const inTab of tabs.values()) {
      if (context.signal.aborted) return;
      for await (const outcome of openTab(kitty, inTab)) {
        if (!('why' in outcome)) opened.push(outcome);
        yield outcome;
      }
    }
    await kitty.focusActive(opened);
  }
}

/** The windows of one tab, in the order in which splits make them where their tree is known. */
async function* openTab(kitty: LiveKitty, windows: readonly Wanted[]): AsyncIterable<Outcome> {
  const ids = new Map(windows.map((wanted) => [wanted.facts.window.id, wanted]));
  const splits = windows[0]?.facts.tab.splits;
  const isWhole =
    splits !== undefined && leavesOf(splits).length === ids.size && leavesOf(splits).every((id) => ids.has(id));
  const moves: readonly SplitMove[] = isWhole
    ? splitMoves(splits)
    : windows.map(({ facts }) => ({ id: facts.window.id }));
  const made = new Map<number, number>();
  for (const [at, { id, beside }] of moves.entries()) {
    const wanted = ids.get(id);
    if (wanted === undefined) continue;
    const besideNow = beside === undefined ? undefined : made.get(beside.id);
    const outcome = await kitty.open(wanted, {
      ...(besideNow === undefined ? {} : { beside: besideNow }),
      ...(beside === undefined ? {} : { location: beside.isHorizontal ? 'vsplit' : 'hsplit' }),
    });
    if (!('why' in outcome) && typeof outcome.undo['windowId'] === 'number') made.set(id, outcome.undo['windowId']);
    yield outcome;
    if (at === 0) await kitty.setLayout(wanted.facts);
  }
}

interface OpenWhere {
  /** The window in whose place's half it opens. */
  readonly beside?: number;
  readonly location?: string;
}

/** A kitty while a restore works on it. */
class LiveKitty {
  readonly #context: RestoreContext;
  #socketPath: string | null = null;
  /** Tabs and OS windows of a captured run, by what they are now. */
  readonly #tabs = new Map<string, number>();
  readonly #osWindows = new Map<string, number>();
  /** OS windows that the restore made: in all others the user's focus stands. */
  readonly #made = new Set<string>();

  constructor(context: RestoreContext) {
    this.#context = context;
  }

  /** Opens one window where it belongs. Never throws. */
  async open(wanted: Wanted, where: OpenWhere): Promise<Outcome> {
    let start: ShellStart | null = null;
    try {
      await this.#look();
      start = await wanted.prepare();
      return this.#socketPath === null
        ? await this.#startKitty(wanted, start)
        : await this.#launch(this.#socketPath, wanted, start, where);
    } catch (error) {
      start?.remove();
      return { wanted, why: error instanceof Error ? error.message.replace(/\.$/, '') : 'unknown reason' };
    }
  }

  async setLayout(facts: KittyFacts): Promise<void> {
    const { tab } = facts;
    const id = this.#tabs.get(tabOf(facts));
    if (id !== undefined && tab.layout !== '')
      await this.#tryTo('goto-layout', { match: `id:${id}`, layout: tab.layout });
  }

  /** The tab and window that were on top, in OS windows that the restore made. */
  async focusActive(opened: readonly OpenedTerminal<KittyFacts>[]): Promise<void> {
    const active = opened.filter(
      ({ wanted }) => wanted.facts.window.isActive && this.#made.has(osWindowOf(wanted.facts)),
    );
    const last = active.find(({ wanted }) => wanted.facts.tab.isActive);
    for (const { undo } of [...active.filter((other) => other !== last), ...(last === undefined ? [] : [last])]) {
      if (typeof undo['windowId'] === 'number') await this.#tryTo('focus-window', { match: `id:${undo['windowId']}` });
    }
  }

  /** Finds the kitty to talk to, and which of its tabs were captured in this very run. */
  async #look(): Promise<void> {
    if (this.#socketPath !== null) return;
    const instance = findReachable(this.#context.host);
    if (instance?.remote === null || instance === null) return;
    this.#socketPath = instance.remote.socketPath;
    for (const { tab } of await this.#windows(this.#socketPath)) {
      this.#tabs.set(`${instance.run} ${tab.id}`, tab.id);
      this.#osWindows.set(`${instance.run} ${tab.osWindowId}`, tab.id);
    }
  }

  async #launch(socketPath: string, wanted: Wanted, start: ShellStart, where: OpenWhere): Promise<Outcome> {
    const { facts, cwd } = wanted;
    const tab = this.#tabs.get(tabOf(facts));
    const inOsWindow = this.#osWindows.get(osWindowOf(facts));
    if (where.beside !== undefined) await this.#tryTo('focus-window', { match: `id:${where.beside}` });
    const place: JsonObject =
      tab !== undefined
        ? { type: 'window', match: `id:${tab}`, location: where.location ?? 'last' }
        : inOsWindow !== undefined
          ? { type: 'tab', match: `id:${inOsWindow}` }
          : { type: 'os-window' };
    if (place['type'] === 'os-window') this.#made.add(osWindowOf(facts));
    const payload = { args: [...start.argv], cwd, keep_focus: !this.#made.has(osWindowOf(facts)), ...place };
    const answer = await askKitty(socketPath, 'launch', payload, this.#options);
    const windowId = answer.ok ? Number(answer.data) : Number.NaN;
    const shell = Number.isInteger(windowId) ? await start.wait(this.#context.signal) : null;
    if (shell === null) throw new Error(answer.ok ? 'its shell did not start' : answer.error);
    await this.#remember(socketPath, facts, windowId, tab === undefined);
    return this.#toOpened(wanted, start, shell, { socketPath, windowId });
  }

  async #remember(socketPath: string, facts: KittyFacts, windowId: number, isNewTab: boolean): Promise<void> {
    const made = (await this.#windows(socketPath)).find((window) => window.id === windowId)?.tab;
    if (made === undefined) return;
    this.#tabs.set(tabOf(facts), made.id);
    this.#osWindows.set(osWindowOf(facts), made.id);
    // A title that is not that of its window was given by hand.
    const title = facts.tab.title.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
    if (isNewTab && title !== '' && title !== facts.window.title) {
      await this.#tryTo('set-tab-title', { match: `id:${made.id}`, title });
    }
  }

  /** Starts a kitty of its own with this window, as the user's configuration or command line had it. */
  async #startKitty(wanted: Wanted, start: ShellStart): Promise<Outcome> {
    const { host, signal } = this.#context;
    const { kitty } = wanted.facts;
    const program = findOnPath(['kitty'], host.env['PATH'] ?? '');
    if (program === null) throw new Error('it is not installed here');
    const address = freeAddress(kitty.listenOn);
    const options =
      kitty.allowed === undefined || address === null
        ? []
        : ['--listen-on', address, '-o', `allow_remote_control=${kitty.allowed}`];
    await startDetached(program, [...options, ...start.argv], host.env);
    const shell = await start.wait(signal);
    if (shell === null) throw new Error('it was started, but opened no window');
    await this.#look();
    this.#made.add(osWindowOf(wanted.facts));
    const windowId = Number(readProcessVariable(host.procDir, shell.pid, 'KITTY_WINDOW_ID') ?? Number.NaN);
    if (this.#socketPath !== null) await this.#remember(this.#socketPath, wanted.facts, windowId, true);
    return this.#toOpened(wanted, start, shell, { socketPath: this.#socketPath, windowId });
  }

  #toOpened(
    wanted: Wanted,
    start: ShellStart,
    shell: StartedShell,
    { socketPath, windowId }: { readonly socketPath: string | null; readonly windowId: number },
  ): OpenedTerminal<KittyFacts> {
    return {
      ...{ wanted, start, shell },
      note: socketPath === null ? ` But ${NO_REMOTE}.` : '',
      undo: { ...(socketPath === null ? {} : { socketPath }), windowId },
      type: async (line, shouldRun) => {
        if (socketPath === null) throw new Error(NO_REMOTE);
        const data = Buffer.from(`${line}${shouldRun ? '\r' : ''}`, 'utf8').toString('base64');
        await tellKitty(socketPath, 'send-text', { match: `id:${windowId}`, data: `base64:${data}` }, this.#options);
        return (await this.#windows(socketPath)).some((window) => window.id === windowId);
      },
    };
  }

  async #windows(socketPath: string): Promise<readonly KittyWindow[]> {
    const answer = await askKitty(socketPath, 'ls', {}, this.#options);
    if (!answer.ok) throw new Error(answer.error);
    return parseWindows(answer.data)?.windows ?? [];
  }

  /** What nothing depends on. */
  async #tryTo(command: string, payload: JsonObject): Promise<void> {
    if (this.#socketPath === null) return;
    await askKitty(this.#socketPath, command, payload, this.#options).catch(() => undefined);
  }

  get #options(): { readonly signal: AbortSignal; readonly timeoutMs: number } {
    return { signal: this.#context.signal, timeoutMs: RUN_TIMEOUT_MS };
  }
}

/** kitty leaves its socket behind when it is killed, and none other can listen there then; what lies there is left alone. */
function freeAddress(listenOn: string): string | null {
  const path = socketPathOf(listenOn);
  if (path === null || path.startsWith('\0')) return path === null ? null : listenOn;
  for (let number = 0; number < MAX_ADDRESSES; number += 1) {
    const suffix = number === 0 ? '' : `.${number}`;
    if (!existsSync(`${path}${suffix}`)) return `${listenOn}${suffix}`;
  }
  return null;
}

function osWindowOf({ kitty, osWindow }: KittyFacts): string {
  return `${kitty.run} ${osWindow.id}`;
}

function tabOf({ kitty, tab }: KittyFacts): string {
  return `${kitty.run} ${tab.id}`;
}

async function closeWindow(undo: JsonObject, pid: number, { signal }: UndoContext): Promise<boolean> {
  const { socketPath, windowId } = undo;
  if (typeof socketPath !== 'string' || typeof windowId !== 'number') {
    // Its window closes with its shell.
    process.kill(pid, 'SIGHUP');
    return true;
  }
  const answer = await askKitty(socketPath, 'ls', {}, { signal });
  const windows = answer.ok ? (parseWindows(answer.data)?.windows ?? []) : [];
  // Ids count within one run of kitty.
  if (!windows.some((window) => window.id === windowId && window.pid === pid)) return false;
  return (await askKitty(socketPath, 'close-window', { match: `id:${windowId}` }, { signal })).ok;
}
