// Brings WezTerm panes back: into the tab or window that they were in where it is still open, else into new ones, with their splits.
// Where no WezTerm runs, one is started.

import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcesses, readProcessVariable } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import { findOnPath, startDetached } from '../host/start-detached.ts';
import type { Host, RestoreContext, UndoContext } from '../source.ts';
import type { OpenedTerminal, OpenOutcome, TerminalRestorer, WantedTerminal } from '../terminal/restore-terminals.ts';
import { leavesOf, splitMoves, type SplitMove } from '../terminal/splits.ts';
import type { ShellStart, StartedShell } from '../terminal/start-shell.ts';
import { parsePanes, type WeztermPane } from './parse-panes.ts';
import { WEZTERM, weztermFactsSchema, type WeztermFacts } from './wezterm-facts.ts';
import { findWezterms, runWezterm, type WeztermInstance } from './wezterm-instances.ts';

/** Opening a pane takes longer than telling of it. */
const RUN_TIMEOUT_MS = 5_000;

type Wanted = WantedTerminal<WeztermFacts>;
type Outcome = OpenOutcome<WeztermFacts>;

export function createWeztermRestorer(host: Host): TerminalRestorer<WeztermFacts> {
  const why = whyUnavailable(host);
  return {
    source: WEZTERM,
    title: 'WezTerm',
    factsSchema: weztermFactsSchema,
    nameOf: ({ tab, pane }) => `Pane ${pane.id} of WezTerm, in tab ${tab.index + 1},`,
    placeOf: () => null,
    refuse: () => why,
    open: openPanes,
    close: closePane,
  };
}

function whyUnavailable(host: Host): string | null {
  if (findOnPath(['wezterm'], host.env['PATH'] ?? '') === null) return 'WezTerm is not installed here.';
  const hasScreen = Boolean(host.env['DISPLAY'] || host.env['WAYLAND_DISPLAY']);
  return hasScreen || findRunning(host) !== null ? null : 'There is no screen to open WezTerm on.';
}

function findRunning(host: Host): WeztermInstance | null {
  return findWezterms(host, indexProcesses(readProcesses(host)))[0] ?? null;
}

/** Window by window, tab by tab. */
async function* openPanes(wanted: readonly Wanted[], context: RestoreContext): AsyncIterable<Outcome> {
  const live = new LiveWezterm(context);
  const ordered = wanted.toSorted(
    ({ facts: a }, { facts: b }) => a.window.id - b.window.id || a.tab.index - b.tab.index || a.pane.id - b.pane.id,
  );
  for (const inTab of Map.groupBy(ordered, ({ facts }) => tabOf(facts)).values()) {
    if (context.signal.aborted) return;
    yield* openTab(live, inTab);
  }
}

async function* openTab(live: LiveWezterm, panes: readonly Wanted[]): AsyncIterable<Outcome> {
  const ids = new Map(panes.map((wanted) => [wanted.facts.pane.id, wanted]));
  const splits = panes[0]?.facts.tab.splits;
  const leaves = splits === undefined ? [] : leavesOf(splits);
  const isWhole = splits !== undefined && leaves.length === ids.size && leaves.every((id) => ids.has(id));
  const moves: readonly SplitMove[] = isWhole ? splitMoves(splits) : panes.map(({ facts }) => ({ id: facts.pane.id }));
  const made = new Map<number, number>();
  for (const { id, beside } of moves) {
    const wanted = ids.get(id);
    if (wanted === undefined) continue;
    const paneId = beside === undefined ? undefined : made.get(beside.id);
    const outcome = await live.open(wanted, paneId === undefined ? null : { ...beside, paneId });
    if (!('why' in outcome)) made.set(id, Number(outcome.undo['paneId']));
    yield outcome;
  }
  const active = panes.find(({ facts }) => facts.pane.isActive)?.facts.pane;
  const paneId = active === undefined ? undefined : made.get(active.id);
  if (made.size > 1 && paneId !== undefined) await live.tryTo('activate-pane', '--pane-id', String(paneId));
}

interface Beside {
  readonly paneId: number;
  readonly isHorizontal?: boolean;
  readonly percent?: number | undefined;
}

/** A WezTerm while a restore works on it. */
class LiveWezterm {
  readonly #context: RestoreContext;
  #socket: string | null = null;
  /** By captured run and id: a pane of the tab, and the id of the window, as they are now. */
  readonly #tabs = new Map<string, number>();
  readonly #windows = new Map<string, number>();

  constructor(context: RestoreContext) {
    this.#context = context;
  }

  /** Opens one pane where it belongs. Never throws. */
  async open(wanted: Wanted, beside: Beside | null): Promise<Outcome> {
    let start: ShellStart | null = null;
    try {
      await this.#look();
      start = await wanted.prepare();
      return this.#socket === null ? await this.#startWezterm(wanted, start) : await this.#spawn(wanted, start, beside);
    } catch (error) {
      start?.remove();
      return { wanted, why: error instanceof Error ? error.message.replace(/\.$/, '') : 'unknown reason' };
    }
  }

  /** What nothing depends on. */
  async tryTo(...args: readonly string[]): Promise<void> {
    await this.#run(args).catch(() => undefined);
  }

  /** Finds the WezTerm to talk to, and which of its tabs and windows were captured in this very run. */
  async #look(): Promise<void> {
    if (this.#socket !== null) return;
    const instance = findRunning(this.#context.host);
    if (instance === null) return;
    this.#socket = instance.socket;
    for (const pane of await this.#panes()) {
      this.#tabs.set(`${instance.run} ${pane.tab.id}`, pane.id);
      this.#windows.set(`${instance.run} ${pane.windowId}`, pane.windowId);
    }
  }

  async #spawn(wanted: Wanted, start: ShellStart, beside: Beside | null): Promise<Outcome> {
    const { facts, cwd } = wanted;
    const inTab = this.#tabs.get(tabOf(facts));
    const windowId = this.#windows.get(windowOf(facts));
    const split = beside ?? (inTab === undefined ? null : { paneId: inTab });
    const where =
      split !== null
        ? ['split-pane', '--pane-id', String(split.paneId), ...splitOptions(split)]
        : windowId !== undefined
          ? ['spawn', '--window-id', String(windowId)]
          : ['spawn', '--new-window', '--workspace', plainText(facts.window.workspace)];
    const printed = await this.#run([...where, '--cwd', cwd, '--', ...start.argv]);
    const paneId = Number(printed.trim());
    const shell = await start.wait(this.#context.signal);
    if (shell === null || !Number.isInteger(paneId)) throw new Error('its shell did not start');
    await this.#remember(facts, paneId, split === null);
    return this.#toOpened(wanted, start, shell, paneId);
  }

  async #remember(facts: WeztermFacts, paneId: number, isNewTab: boolean): Promise<void> {
    const pane = (await this.#panes()).find(({ id }) => id === paneId);
    if (!this.#tabs.has(tabOf(facts))) this.#tabs.set(tabOf(facts), paneId);
    if (pane !== undefined) this.#windows.set(windowOf(facts), pane.windowId);
    const title = plainText(facts.tab.title);
    if (isNewTab && title !== '') await this.tryTo('set-tab-title', '--pane-id', String(paneId), '--', title);
  }

  async #startWezterm(wanted: Wanted, start: ShellStart): Promise<Outcome> {
    const { host, signal } = this.#context;
    const program = findOnPath(['wezterm'], host.env['PATH'] ?? '');
    if (program === null) throw new Error('it is not installed here');
    const { facts, cwd } = wanted;
    const workspace = ['--workspace', plainText(facts.window.workspace)];
    await startDetached(program, ['start', ...workspace, '--cwd', cwd, '--', ...start.argv], host.env);
    const shell = await start.wait(signal);
    if (shell === null) throw new Error('it was started, but opened no window');
    await this.#look();
    const paneId = Number(readProcessVariable(host.procDir, shell.pid, 'WEZTERM_PANE') ?? Number.NaN);
    if (this.#socket === null || !Number.isInteger(paneId)) throw new Error('it was started, but does not answer');
    await this.#remember(facts, paneId, true);
    return this.#toOpened(wanted, start, shell, paneId);
  }

  #toOpened(wanted: Wanted, start: ShellStart, shell: StartedShell, paneId: number): OpenedTerminal<WeztermFacts> {
    const { host, signal } = this.#context;
    const socket = this.#socket ?? '';
    return {
      ...{ wanted, start, shell },
      note: '',
      undo: { socket, paneId },
      type: async (line, shouldRun) => {
        // On its standard input: command lines are for everybody to see.
        const input = `${line}${shouldRun ? '\r' : ''}`;
        const args = ['send-text', '--no-paste', '--pane-id', String(paneId)];
        return (await runWezterm(host, socket, args, { signal, input, timeoutMs: RUN_TIMEOUT_MS })).exitCode === 0;
      },
    };
  }

  async #panes(): Promise<readonly WeztermPane[]> {
    return parsePanes(await this.#run(['list', '--format', 'json']))?.panes ?? [];
  }

  /** @throws Error with WezTerm's own words where it fails */
  async #run(args: readonly string[]): Promise<string> {
    const { host, signal } = this.#context;
    const { exitCode, stdout, stderr } = await runWezterm(host, this.#socket ?? '', args, {
      signal,
      timeoutMs: RUN_TIMEOUT_MS,
    });
    if (exitCode === 0) return stdout.toString('utf8');
    throw new Error(`\`wezterm cli ${args[0] ?? ''}\` said: ${stderr.toString('utf8').trim().slice(0, 200)}`);
  }
}

function splitOptions({ isHorizontal = false, percent }: Beside): string[] {
  return [isHorizontal ? '--right' : '--bottom', ...(percent === undefined ? [] : ['--percent', String(percent)])];
}

function windowOf({ wezterm, window }: WeztermFacts): string {
  return `${wezterm.run} ${window.id}`;
}

function tabOf({ wezterm, tab }: WeztermFacts): string {
  return `${wezterm.run} ${tab.id}`;
}

function plainText(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

async function closePane({ socket, paneId }: JsonObject, pid: number, { host, signal }: UndoContext): Promise<boolean> {
  if (typeof socket !== 'string' || typeof paneId !== 'number') return false;
  // Ids count within one run: the shell tells whether it is in that pane.
  if (readProcessVariable(host.procDir, pid, 'WEZTERM_PANE') !== String(paneId)) return false;
  if (readProcessVariable(host.procDir, pid, 'WEZTERM_UNIX_SOCKET') !== socket) return false;
  return (await runWezterm(host, socket, ['kill-pane', '--pane-id', String(paneId)], { signal })).exitCode === 0;
}
