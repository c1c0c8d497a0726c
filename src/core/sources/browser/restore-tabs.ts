// Plans and opens tabs: windows and tabs in order, http and https only, what is open already skipped. Where the extension is (or comes with the
// browser), it opens them exactly; else each browser says how it opens a window from outside, without groups and pins.

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import type { RestoreContext, UndoContext } from '../source.ts';
import { closeThroughExtension } from './extension/close-tab.ts';
import type { ConnectExtension, ConnectResult, FindConnection } from './extension/connection.ts';
import { openThroughExtension } from './extension/open-windows.ts';
import { MAX_URL_LENGTH } from './browser-tab.ts';
import { PresentTabs } from './present-tabs.ts';
import { factsSchema, payloadSchema, toPayload, type TabFacts, type TabPayload } from './tab-facts.ts';

/** Opens one window with these addresses, in this order; they are checked already. Resolves when the browser took them. */
export type OpenWindow = (
  request: {
    readonly profileDir: string;
    readonly profile: string;
    readonly urls: readonly string[];
  },
  context: RestoreContext,
) => Promise<void>;

/** How a browser is reached for a restore. */
export interface TabOpener {
  /** Why this browser cannot be started here; null where it can. */
  readonly unavailable: string | null;
  readonly openWindow: OpenWindow;
  /**
   * Where the browser does not run and brings back what a crash left: starts it, and gives the addresses of the tabs that it has opened by
   * itself, each as often as it is open. @throws Error where it cannot be started
   */
  readonly bringBack?: (profileDir: string, context: RestoreContext) => Promise<string[]>;
  /**
   * `live` where the extension of this profile answers now; `startable` where the profile has the extension, and its browser does not
   * run and can be started; null where tabs can be opened from outside only.
   */
  findExtension(profileDir: string): Promise<'live' | 'startable' | null>;
  /** The extension's connection, its browser started where it does not run. @throws Error where it cannot be started */
  readonly connect: ConnectExtension;
}

export async function planTabs(
  source: SourceId,
  items: readonly SnapshotItem[],
  context: RestoreContext,
  opener: TabOpener,
): Promise<PlannedStep[]> {
  const present = new PresentTabs(source, context.present);
  const extensions = new Map<string, 'live' | 'startable' | null>();
  const steps: (PlannedStep | TabFacts)[] = [];
  for (const item of items) {
    const parsed = factsSchema.safeParse(item.attributes);
    if (!parsed.success) {
      steps.push(skipped(source, item, 'This tab was captured without what is needed to open it.'));
      continue;
    }
    const facts = parsed.data;
    const refused = refuseUrl(facts.url, context.options.allowsFileUrls);
    if (refused !== null) steps.push(skipped(source, item, refused));
    else if (present.take(item.key, facts)) steps.push(skipped(source, item, 'It is open already.'));
    else {
      if (!extensions.has(facts.profileDir))
        extensions.set(facts.profileDir, await opener.findExtension(facts.profileDir));
      steps.push(facts);
    }
  }
  const ofWindow = Map.groupBy(
    steps.filter((step): step is TabFacts => !('status' in step)),
    ({ profileDir, window }) => `${profileDir}\n${window.id}`,
  );
  return items.map((item, place) => {
    const step = steps[place];
    if (step === undefined || 'status' in step) return step ?? skipped(source, item, 'It was not looked at.');
    // Firefox lets no extension open files, and Chromium only some.
    const extension = step.url.startsWith('file:') ? null : (extensions.get(step.profileDir) ?? null);
    if (opener.unavailable !== null && extension !== 'live')
      return skipped(source, item, `${opener.unavailable} The address is ${step.url}`);
    const into = extension === 'live' ? present.windowOf(step) : null;
    const isAlone = (ofWindow.get(`${step.profileDir}\n${step.window.id}`)?.length ?? 0) < 2;
    return {
      key: item.key,
      source,
      action: 'open-tab',
      status: 'planned',
      detail: describe(step, { isExact: extension !== null, into, isAlone }),
      payload: toPayload(step, item.title, { isExact: extension !== null, into }),
    };
  });
}

export async function* applyTabs(
  steps: readonly PlannedStep[],
  context: RestoreContext,
  opener: TabOpener,
): AsyncIterable<StepResult> {
  const planned = steps
    .filter(({ status }) => status === 'planned')
    .map((step) => ({ step, tab: payloadSchema.parse(step.payload) }));
  const windows = [...Map.groupBy(planned, ({ tab }) => `${tab.profileDir}\n${tab.window}`).values()]
    .toSorted((a, b) => (a[0]?.tab.windowIndex ?? 0) - (b[0]?.tab.windowIndex ?? 0))
    .map((tabs) => tabs.toSorted((a, b) => a.tab.index - b.tab.index));
  for (const [profileDir, ofProfile] of Map.groupBy(windows, (tabs) => tabs[0]?.tab.profileDir ?? '')) {
    const isExact = ofProfile.some((tabs) => tabs.some(({ tab }) => tab.isExact));
    const connection = isExact && !context.signal.aborted ? await connect(profileDir, context, opener) : 'gone';
    const own = connection === 'gone' ? await bringBack(profileDir, context, opener) : [];
    for (const tabs of ofProfile) {
      if (context.signal.aborted) return;
      const exact = connection === 'gone' ? [] : tabs.filter(({ tab }) => tab.isExact);
      const outside = tabs.filter((planned) => !exact.includes(planned));
      if (typeof connection === 'object' && 'profile' in connection)
        yield* openThroughExtension(exact, connection, context);
      else for (const { step } of exact) yield failed(step, connection);
      const missing = outside.filter(({ tab }) => !takeOne(own, tab.url));
      for (const { step } of outside.filter((planned) => !missing.includes(planned))) yield broughtBack(step);
      yield* openFromOutside(missing, context, opener.openWindow);
    }
  }
}

/** What keeps the browser from starting is told with the tabs that are opened next. */
async function bringBack(profileDir: string, context: RestoreContext, opener: TabOpener): Promise<string[]> {
  if (opener.bringBack === undefined || context.signal.aborted) return [];
  try {
    return await opener.bringBack(profileDir, context);
  } catch {
    return [];
  }
}

/** Takes one of these addresses out; false where there is none left. */
function takeOne(addresses: string[], address: string): boolean {
  const at = addresses.indexOf(address);
  if (at >= 0) addresses.splice(at, 1);
  return at >= 0;
}

function broughtBack({ key, action }: PlannedStep): StepResult {
  return { key, action, status: 'skipped', detail: 'The browser has brought it back by itself.' };
}

/** What is wrong with the browser that was to be started is told with each tab. */
async function connect(
  profileDir: string,
  context: RestoreContext,
  opener: TabOpener,
): Promise<ConnectResult | { readonly why: string }> {
  try {
    return await opener.connect(profileDir, context);
  } catch (error) {
    return { why: error instanceof Error ? error.message : 'unknown reason' };
  }
}

/** Opened from outside, it might be there twice: the browser may have brought it back, which nobody has seen. */
function failed({ key, action }: PlannedStep, connection: 'late' | 'gone' | { readonly why: string }): StepResult {
  const detail =
    typeof connection === 'object'
      ? `The browser could not be started: ${connection.why}`
      : 'The browser was started, and its extension did not answer in time. Restore again: what is open by then is skipped, the rest is opened.';
  return { key, action, status: 'failed', detail };
}

export async function undoTab(result: StepResult, context: UndoContext, find: FindConnection): Promise<StepResult> {
  const undone = (status: StepResult['status'], detail: string): StepResult => ({
    key: result.key,
    action: 'close-tab',
    status,
    detail,
  });
  return result.undo === null
    ? undone('skipped', 'A tab cannot be closed from outside the browser; close it there.')
    : closeThroughExtension(result.undo, context, find, undone);
}

async function* openFromOutside(
  tabs: readonly { readonly step: PlannedStep; readonly tab: TabPayload }[],
  context: RestoreContext,
  openWindow: OpenWindow,
): AsyncIterable<StepResult> {
  const first = tabs[0]?.tab;
  if (first === undefined) return;
  let failure: string | null = null;
  try {
    await openWindow(
      { profileDir: first.profileDir, profile: first.profile, urls: tabs.map(({ tab }) => tab.url) },
      context,
    );
  } catch (error) {
    failure = error instanceof Error ? error.message : 'unknown reason';
  }
  for (const { step, tab } of tabs) {
    const { key, action } = step;
    const detail = tab.isExact
      ? `${tab.url}, as an ordinary tab: the extension does not answer any more.`
      : step.detail;
    if (failure === null) yield { key, action, status: 'done', detail, undo: null };
    else yield { key, action, status: 'failed', detail: `The browser did not open it: ${failure}` };
  }
}

/** Why an address is not opened; null where it is. What passes here is a whole URL and can be no option of a program. */
export function refuseUrl(url: string, allowsFileUrls: boolean): string | null {
  if (url.length >= MAX_URL_LENGTH) return 'Its address is too long to have been kept whole.';
  // No browser keeps an address with these: a parser passes over some of them, so that what is shown is not what is opened.
  if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|^\s|\s$/u.test(url)) return 'Its address holds characters that no address has.';
  const parsed = URL.parse(url);
  if (parsed === null) return 'Its address is none.';
  const { protocol: scheme, username, password } = parsed;
  if (username !== '' || password !== '')
    return 'Its address names a user, which may hide where it leads; open it yourself if you know it.';
  if (scheme === 'http:' || scheme === 'https:') return null;
  if (scheme === 'file:')
    return allowsFileUrls ? null : 'It shows a file of this machine; such tabs are opened with --allow-file-urls only.';
  return `Addresses with ${scheme} are not opened from outside.`;
}

function skipped(source: SourceId, { key }: SnapshotItem, detail: string): PlannedStep {
  return { key, source, action: 'open-tab', status: 'skipped', detail, payload: null };
}

/** With the host as the network knows it: letters that look like others show as what they are. */
function plainAddress(url: string): string {
  const parsed = URL.parse(url);
  const isPlain = parsed === null || url.toLowerCase().includes(`//${parsed.host}`);
  return isPlain ? url : parsed.href;
}

function describe(
  facts: TabFacts,
  how: { readonly isExact: boolean; readonly into: number | null; readonly isAlone: boolean },
): string {
  const was = [
    // Chromium shows the first tab of a new window, Firefox the first or the last.
    facts.isActive && !how.isExact && !how.isAlone ? 'in front' : '',
    facts.isPinned ? 'pinned' : '',
    facts.group === undefined ? '' : `in group "${facts.group.name}"`,
  ].filter((word) => word !== '');
  const container = facts.container === undefined ? [] : ['in a container'];
  const lost = how.isExact ? container : [...was, ...container];
  const kept = how.isExact && was.length > 0 ? `, ${was.join(', ')}` : '';
  const place = how.into === null ? `in window ${facts.window.index + 1}` : `in its window, which is open`;
  const note = lost.length === 0 ? '' : ` (it was ${lost.join(' and ')}, which cannot be set from outside)`;
  return `${plainAddress(facts.url)} ${place}${kept}${note}.`;
}
