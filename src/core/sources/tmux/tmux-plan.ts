// Plans which panes a restore brings back and how: in a window of its own, in its window that is still open, or, for a window that
// stood in two sessions, by linking it. What is open already is recognised by its identity and left alone.

import { z } from 'zod';

import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep } from '../../../shared/model/restore.ts';
import { nearestFolder } from '../host/existing-folder.ts';
import { hasControlCharacter } from '../host/quote-argument.ts';
import type { RestoreContext } from '../source.ts';
import { describeCommand, planCommand } from '../terminal/plan-command.ts';
import { SCROLLBACK } from '../terminal/terminal-text.ts';
import { paneFactsSchema, parsePaneFacts, TMUX, type PaneFacts } from './pane-facts.ts';
import { isTmuxHere } from './tmux-servers.ts';

export const WAYS = ['new-window', 'add-pane', 'link-window'] as const;

export const panePayloadSchema = z.object({
  facts: paneFactsSchema,
  way: z.enum(WAYS),
  /** Where the pane and its session's new windows start: what of their folders is left. */
  cwd: z.string(),
  sessionPath: z.string(),
  hasText: z.boolean(),
  command: z.string().nullable(),
  shouldRun: z.boolean(),
});
export type PanePayload = z.infer<typeof panePayloadSchema>;

type Verdict = { readonly skip: string } | { readonly way: PanePayload['way'] };

/** One step a pane. */
export async function planTmuxRestore(
  items: readonly SnapshotItem[],
  context: RestoreContext,
): Promise<readonly PlannedStep[]> {
  const isHere = await isTmuxHere(context.host, context.signal);
  const wanted = items.flatMap((item) => parsePaneFacts(item.attributes) ?? []);
  const present = context.present
    .filter((item) => item.source === TMUX && !item.stale)
    .flatMap((item) => parsePaneFacts(item.attributes) ?? []);
  const judge = createJudge(wanted, present);
  return items.map((item) => {
    const facts = parsePaneFacts(item.attributes);
    const skip = (detail: string): PlannedStep => ({
      key: item.key,
      source: TMUX,
      action: 'open-pane',
      status: 'skipped',
      detail,
      payload: null,
    });
    if (facts === undefined) return skip('This pane was captured without what is needed to restore it.');
    if (!isHere) return skip('tmux is not installed here.');
    if (hasControlCharacter(facts.session.name)) return skip('The name of its session is not one that tmux takes.');
    const verdict = judge(facts);
    return 'skip' in verdict ? skip(verdict.skip) : planPane(item, facts, verdict.way, context);
  });
}

/** Decides pane by pane what is to be done. */
function createJudge(wanted: readonly PaneFacts[], present: readonly PaneFacts[]): (facts: PaneFacts) => Verdict {
  const openPanes = Map.groupBy(present, (pane) => `${serverOf(pane)} ${pane.pane.identity}`);
  const openWindows = Map.groupBy(present, (pane) => `${serverOf(pane)} ${pane.window.identity}`);
  const openPlaces = Map.groupBy(present, placeOf);
  const wantedPlaces = Map.groupBy(wanted, placeOf);
  const wantedWindows = Map.groupBy(wanted, (pane) => `${serverOf(pane)} ${pane.window.identity}`);
  return (facts) => {
    const windowKey = `${serverOf(facts)} ${facts.window.identity}`;
    const samePane = openPanes.get(`${serverOf(facts)} ${facts.pane.identity}`) ?? [];
    const inSession = samePane.find((pane) => pane.session.name === facts.session.name);
    if (inSession !== undefined) return { skip: `${nameOf(inSession)} is open already.` };
    const sessions = new Set((wantedWindows.get(windowKey) ?? []).map((pane) => pane.session.name));
    const [elsewhere] = samePane;
    if (elsewhere !== undefined) {
      return sessions.has(elsewhere.session.name)
        ? { way: 'link-window' }
        : { skip: `It is open already, as ${nameOf(elsewhere)}.` };
    }
    if (looksOpen(wantedPlaces.get(placeOf(facts)) ?? [], openPlaces.get(placeOf(facts)) ?? [])) {
      return { skip: `Window ${facts.window.index} of session "${facts.session.name}" is open already.` };
    }
    if (openWindows.has(windowKey)) return { way: 'add-pane' };
    const [first] = sessions;
    return { way: first === undefined || first === facts.session.name ? 'new-window' : 'link-window' };
  };
}

/** A window that another tool, or the user, made anew as it was: same place, name, panes, folders and programs. */
function looksOpen(wanted: readonly PaneFacts[], open: readonly PaneFacts[]): boolean {
  return (
    wanted.length === open.length &&
    wanted.every((pane) =>
      open.some(
        (other) =>
          other.pane.index === pane.pane.index &&
          other.cwd === pane.cwd &&
          JSON.stringify(other.argv) === JSON.stringify(pane.argv) &&
          (other.window.name === pane.window.name || other.window.isAutomaticallyNamed),
      ),
    )
  );
}

function planPane(item: SnapshotItem, facts: PaneFacts, way: PanePayload['way'], context: RestoreContext): PlannedStep {
  const folder = nearestFolder(facts.cwd);
  const command = way === 'link-window' ? null : planCommand(item, facts, context, nestedWords(facts));
  const scrollback = item.streams.find((stream) => stream.name === SCROLLBACK);
  const payload: PanePayload = {
    facts,
    way,
    cwd: folder.path,
    sessionPath: nearestFolder(facts.session.path).path,
    hasText: context.options.withScrollback && way !== 'link-window' && (scrollback?.sizeBytes ?? 0) > 0,
    command: command?.line ?? null,
    shouldRun: command?.shouldRun ?? false,
  };
  const detail = describe(facts, payload, folder.isExact, command?.note ?? '');
  const action = way === 'link-window' ? way : 'open-pane';
  return { key: item.key, source: TMUX, action, status: 'planned', detail, payload };
}

function describe(
  facts: PaneFacts,
  { way, cwd, command, shouldRun }: PanePayload,
  isExact: boolean,
  note: string,
): string {
  const name = nameOf(facts);
  if (way === 'link-window') return `${name} is shared with another session, so its window is linked into this one.`;
  const where = isExact ? `in ${facts.cwd}` : `in ${cwd}, since ${facts.cwd} is gone`;
  const into = way === 'add-pane' ? ', in its window that is still open' : '';
  const what = describeCommand(command === null ? null : { line: command, shouldRun });
  return `${name} ${where}${into}${what}${note}.`;
}

/** For a tmux within tmux, the words that show its session again. */
function nestedWords({ nestedTmux }: PaneFacts): readonly (readonly string[])[] | undefined {
  if (nestedTmux === undefined) return undefined;
  const { socket, session } = nestedTmux;
  // tmux refuses to run within itself as long as TMUX is set.
  return [['env', '-u', 'TMUX', 'tmux', '-S', socket, 'attach-session', '-t', `=${session}`]];
}

/** One server, whatever its socket was called before a reboot. */
export function serverOf(facts: Pick<PaneFacts, 'server' | 'socket'>): string {
  return facts.server === 'default' ? 'default' : facts.socket;
}

export function placeOf(facts: PaneFacts): string {
  return JSON.stringify([serverOf(facts), facts.session.name, facts.window.index]);
}

function nameOf({ session, window, pane }: PaneFacts): string {
  return `Pane ${window.index}.${pane.index} of session "${session.name}"`;
}
