// Brings Zellij panes back: into their session where it runs, else into a new one of its name, in the background. Their tabs are opened
// as the user's layout makes tabs; panes in the order and direction of their splits.

import type { JsonObject } from '../../../shared/model/json.ts';
import { readProcesses, readProcessVariable } from '../host/proc.ts';
import { indexProcesses } from '../host/proc-terminal.ts';
import { hasControlCharacter } from '../host/quote-argument.ts';
import { findOnPath } from '../host/start-detached.ts';
import type { Host, RestoreContext, UndoContext } from '../source.ts';
import type { OpenedTerminal, OpenOutcome, TerminalRestorer, WantedTerminal } from '../terminal/restore-terminals.ts';
import { leavesOf, splitMoves, type SplitMove } from '../terminal/splits.ts';
import type { ShellStart, StartedShell } from '../terminal/start-shell.ts';
import { ZELLIJ, zellijFactsSchema, type ZellijFacts } from './zellij-facts.ts';
import { actionIn, findZellijSessions, runZellij, type ZellijSession } from './zellij-sessions.ts';

const RUN_TIMEOUT_MS = 5_000;
const CARRIAGE_RETURN = '13';

type Wanted = WantedTerminal<ZellijFacts>;
type Outcome = OpenOutcome<ZellijFacts>;

export function createZellijRestorer(host: Host): TerminalRestorer<ZellijFacts> {
  const isInstalled = findOnPath(['zellij'], host.env['PATH'] ?? '') !== null;
  return {
    source: ZELLIJ,
    title: 'Zellij',
    factsSchema: zellijFactsSchema,
    nameOf: ({ session, pane }) => `Pane ${pane.id} of Zellij session "${session.name}"`,
    placeOf: () => null,
    refuse: ({ session }) => {
      if (!isInstalled) return 'Zellij is not installed here.';
      const isName = !hasControlCharacter(session.name) && !/^-|\//.test(session.name);
      return isName ? null : 'The name of its session is not one that Zellij takes.';
    },
    open: openPanes,
    close: closePane,
  };
}

/** Session by session, tab by tab. */
async function* openPanes(wanted: readonly Wanted[], context: RestoreContext): AsyncIterable<Outcome> {
  for (const inSession of Map.groupBy(wanted, ({ facts }) => facts.session.name).values()) {
    if (context.signal.aborted) return;
    const [first] = inSession;
    if (first === undefined) continue;
    const live = new LiveZellij(first.facts.session.name, context);
    const ordered = inSession.toSorted(
      ({ facts: a }, { facts: b }) => (a.tab?.index ?? 1e6) - (b.tab?.index ?? 1e6) || a.pane.id - b.pane.id,
    );
    for (const inTab of Map.groupBy(ordered, ({ facts }) => tabOf(facts)).values()) {
      if (context.signal.aborted) break;
      yield* openTab(live, inTab);
    }
    await live.finish();
  }
}

async function* openTab(live: LiveZellij, panes: readonly Wanted[]): AsyncIterable<Outcome> {
  const ids = new Map(panes.map((wanted) => [wanted.facts.pane.id, wanted]));
  const splits = panes[0]?.facts.tab?.splits;
  const leaves = splits === undefined ? [] : leavesOf(splits);
  const isWhole = splits !== undefined && leaves.every((id) => ids.has(id));
  const tree = isWhole ? splitMoves(splits) : [];
  const others = panes.map(({ facts }) => facts.pane.id).filter((id) => !tree.some((move) => move.id === id));
  const moves: readonly SplitMove[] = [...tree, ...others.map((id) => ({ id }))];
  const made = new Map<number, number>();
  for (const { id, beside } of moves) {
    const wanted = ids.get(id);
    if (wanted === undefined) continue;
    const paneId = beside === undefined ? undefined : made.get(beside.id);
    const outcome = await live.open(
      wanted,
      paneId === undefined ? null : { paneId, isHorizontal: beside?.isHorizontal === true },
    );
    if (!('why' in outcome)) made.set(id, Number(outcome.undo['paneId']));
    yield outcome;
  }
}

interface Beside {
  readonly paneId: number;
  readonly isHorizontal: boolean;
}

/** A session while a restore works on it. */
class LiveZellij {
  readonly #name: string;
  readonly #context: RestoreContext;
  #session: ZellijSession | null = null;
  #isReady = false;
  /** The tab that a new session begins with, to be closed once it has others. */
  #firstTab: string | null = null;
  /** Tabs as they were captured, by what they are now. */
  readonly #tabs = new Map<string, string>();

  constructor(name: string, context: RestoreContext) {
    this.#name = name;
    this.#context = context;
  }

  /** Opens one pane where it belongs. Never throws. */
  async open(wanted: Wanted, beside: Beside | null): Promise<Outcome> {
    let start: ShellStart | null = null;
    try {
      await this.#prepare(wanted.facts);
      start = await wanted.prepare();
      return await this.#openPane(wanted, start, beside);
    } catch (error) {
      start?.remove();
      return { wanted, why: error instanceof Error ? error.message.replace(/\.$/, '') : 'unknown reason' };
    }
  }

  /** Closes the tab that a new session began with. */
  async finish(): Promise<void> {
    if (this.#firstTab !== null && this.#tabs.size > 0)
      await this.#act('close-tab-by-id', this.#firstTab).catch(() => '');
  }

  /** Finds the session, or makes it in the background. */
  async #prepare({ session }: ZellijFacts): Promise<void> {
    if (this.#isReady) return;
    const { host, signal } = this.#context;
    const known = findZellijSessions(host, indexProcesses(readProcesses(host))).find(({ name }) => name === this.#name);
    if (known === undefined) {
      const options = { signal, timeoutMs: RUN_TIMEOUT_MS };
      const made = await runZellij(host, null, ['attach', '--create-background', this.#name], options);
      if (made.exitCode !== 0) throw new Error('its session could not be opened');
      this.#firstTab = idIn(await this.#act('list-tabs', '--json'));
    } else {
      this.#session = known;
      if (known.run === session.run) await this.#rememberTabs(session.run);
    }
    this.#isReady = true;
  }

  /** In the very run that was captured, tabs have the ids that they had. */
  async #rememberTabs(run: string): Promise<void> {
    for (const id of tabIdsIn(await this.#act('list-tabs', '--json'))) this.#tabs.set(`${run} ${id}`, String(id));
  }

  async #openPane(wanted: Wanted, start: ShellStart, beside: Beside | null): Promise<Outcome> {
    const { facts, cwd } = wanted;
    const known = this.#tabs.get(tabOf(facts));
    const program = ['--cwd', cwd, '--close-on-exit', '--', ...start.argv];
    if (known === undefined) {
      const name = plainText(facts.tab?.name ?? '');
      const printed = await this.#act('new-tab', ...(name === '' ? [] : [`--name=${name}`]), ...program);
      this.#tabs.set(tabOf(facts), printed.trim());
    } else {
      // A direction counts from the focused pane.
      if (beside !== null) await this.#act('focus-pane-id', `terminal_${beside.paneId}`).catch(() => '');
      const direction = beside === null ? [] : ['--direction', beside.isHorizontal ? 'right' : 'down'];
      const where = facts.pane.isFloating === true ? ['--floating'] : direction;
      await this.#act('new-pane', '--tab-id', known, ...where, ...program);
    }
    const shell = await start.wait(this.#context.signal);
    if (shell === null) throw new Error('its shell did not start');
    return this.#toOpened(wanted, start, shell);
  }

  #toOpened(wanted: Wanted, start: ShellStart, shell: StartedShell): OpenedTerminal<ZellijFacts> {
    const paneId = Number(readProcessVariable(this.#context.host.procDir, shell.pid, 'ZELLIJ_PANE_ID') ?? Number.NaN);
    if (!Number.isInteger(paneId)) throw new Error('its shell does not know its pane');
    const pane = ['--pane-id', `terminal_${paneId}`];
    return {
      ...{ wanted, start, shell },
      note: '',
      undo: { session: this.#name, socketDir: this.#session?.socketDir ?? null, paneId },
      type: async (line, shouldRun) => {
        await this.#act('write-chars', ...pane, '--', line);
        if (shouldRun) await this.#act('write', ...pane, CARRIAGE_RETURN);
        return true;
      },
    };
  }

  /** @throws Error with Zellij's own words where it fails */
  async #act(...words: readonly string[]): Promise<string> {
    const { host, signal } = this.#context;
    const { exitCode, stdout, stderr } = await runZellij(
      host,
      this.#session?.socketDir ?? null,
      actionIn(this.#name, ...words),
      { signal, timeoutMs: RUN_TIMEOUT_MS },
    );
    if (exitCode === 0) return stdout.toString('utf8');
    throw new Error(`\`zellij action ${words[0] ?? ''}\` said: ${stderr.toString('utf8').trim().slice(0, 200)}`);
  }
}

/** The ids of all tabs, as `list-tabs --json` prints them. */
export function tabIdsIn(json: string): number[] {
  try {
    const tabs: unknown = JSON.parse(json);
    return (Array.isArray(tabs) ? tabs : []).flatMap((tab: unknown) => {
      const id: unknown = Object(tab).tab_id;
      return typeof id === 'number' && Number.isInteger(id) && id >= 0 ? [id] : [];
    });
  } catch {
    return []; // no JSON
  }
}

function idIn(json: string): string | null {
  const [id] = tabIdsIn(json);
  return id === undefined ? null : String(id);
}

/** Panes whose tab is unknown get one each. */
function tabOf({ session, tab, pane }: ZellijFacts): string {
  return `${session.run} ${tab?.id ?? (tab === undefined ? `pane ${pane.id}` : `tab ${tab.index}`)}`;
}

function plainText(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, ' ');
}

async function closePane(undo: JsonObject, pid: number, { host, signal }: UndoContext): Promise<boolean> {
  const { session, socketDir, paneId } = undo;
  if (typeof session !== 'string' || typeof paneId !== 'number') return false;
  // Ids count within one run: the shell tells whether it is in that pane.
  if (readProcessVariable(host.procDir, pid, 'ZELLIJ_PANE_ID') !== String(paneId)) return false;
  const words = actionIn(session, 'close-pane', '--pane-id', `terminal_${paneId}`);
  const folder = typeof socketDir === 'string' ? socketDir : null;
  return (await runZellij(host, folder, words, { signal, timeoutMs: RUN_TIMEOUT_MS })).exitCode === 0;
}
