// Plans and opens tabs: windows and tabs in order, http and https only, what is open already skipped. Each browser says how it opens
// a window.

import { z } from 'zod';

import type { SourceId } from '../../../shared/model/ids.ts';
import type { SnapshotItem } from '../../../shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../shared/model/restore.ts';
import type { RestoreContext } from '../source.ts';

const factsSchema = z.object({
  url: z.string(),
  profileDir: z.string(),
  profile: z.string(),
  window: z.object({ id: z.string(), index: z.int() }),
  index: z.int(),
  isActive: z.boolean().default(false),
  isPinned: z.boolean().default(false),
  group: z.object({ name: z.string() }).optional(),
});
type Facts = z.infer<typeof factsSchema>;

const payloadSchema = z.object({
  url: z.string(),
  profileDir: z.string(),
  profile: z.string(),
  window: z.string(),
  windowIndex: z.int(),
  index: z.int(),
  isActive: z.boolean(),
});
type Payload = z.infer<typeof payloadSchema>;

/** Opens one window with these addresses, in this order; they are checked already. Resolves when the browser took them. */
export type OpenWindow = (
  request: {
    readonly profileDir: string;
    readonly profile: string;
    readonly urls: readonly string[];
    readonly activeIndex: number;
  },
  context: RestoreContext,
) => Promise<void>;

/** @param unavailable why this browser cannot be opened here; null where it can */
export function planTabs(
  source: SourceId,
  items: readonly SnapshotItem[],
  context: RestoreContext,
  unavailable: string | null,
): PlannedStep[] {
  const open = countOpen(source, context);
  return items.map((item) => {
    const step = (status: PlannedStep['status'], detail: string, payload: Payload | null): PlannedStep => ({
      key: item.key,
      source,
      action: 'open-tab',
      status,
      detail,
      payload,
    });
    const parsed = factsSchema.safeParse(item.attributes);
    if (!parsed.success) return step('skipped', 'This tab was captured without what is needed to open it.', null);
    const facts = parsed.data;
    const refused = refuseUrl(facts.url, context.options.allowsFileUrls);
    if (refused !== null) return step('skipped', refused, null);
    const name = `${facts.profileDir}\n${facts.url}`;
    const left = open.get(name) ?? 0;
    if (left > 0) {
      open.set(name, left - 1);
      return step('skipped', 'It is open already.', null);
    }
    if (unavailable !== null) return step('skipped', `${unavailable} The address is ${facts.url}`, null);
    const lost = [
      facts.isPinned ? 'pinned' : '',
      facts.group === undefined ? '' : `in group "${facts.group.name}"`,
    ].filter((word) => word !== '');
    const note = lost.length === 0 ? '' : ` (it was ${lost.join(' and ')}, which cannot be set from outside)`;
    return step('planned', `${facts.url} in window ${facts.window.index + 1}${note}.`, toPayload(facts));
  });
}

export async function* applyTabs(
  steps: readonly PlannedStep[],
  context: RestoreContext,
  openWindow: OpenWindow,
): AsyncIterable<StepResult> {
  const windows = new Map<string, { step: PlannedStep; tab: Payload }[]>();
  for (const step of steps) {
    if (step.status !== 'planned') continue;
    const tab = payloadSchema.parse(step.payload);
    const name = `${tab.profileDir}\n${tab.window}`;
    windows.set(name, [...(windows.get(name) ?? []), { step, tab }]);
  }
  for (const tabs of [...windows.values()].toSorted(
    (a, b) => (a[0]?.tab.windowIndex ?? 0) - (b[0]?.tab.windowIndex ?? 0),
  )) {
    const ordered = tabs.toSorted((a, b) => a.tab.index - b.tab.index);
    const first = ordered[0]?.tab;
    if (first === undefined || context.signal.aborted) continue;
    const activeIndex = Math.max(
      0,
      ordered.findIndex(({ tab }) => tab.isActive),
    );
    let failure: string | null = null;
    try {
      await openWindow(
        { profileDir: first.profileDir, profile: first.profile, urls: ordered.map(({ tab }) => tab.url), activeIndex },
        context,
      );
    } catch (error) {
      failure = error instanceof Error ? error.message : 'unknown reason';
    }
    for (const { step } of ordered) {
      if (failure === null)
        yield { key: step.key, action: step.action, status: 'done', detail: step.detail, undo: null };
      else
        yield {
          key: step.key,
          action: step.action,
          status: 'failed',
          detail: `The browser did not open it: ${failure}`,
        };
    }
  }
}

export async function undoTab(result: StepResult): Promise<StepResult> {
  return {
    key: result.key,
    action: 'close-tab',
    status: 'skipped',
    detail: 'A tab cannot be closed from outside the browser; close it there.',
  };
}

/** Why an address is not opened; null where it is. What passes here is a whole URL and can be no option of a program. */
export function refuseUrl(url: string, allowsFileUrls: boolean): string | null {
  let scheme: string;
  try {
    scheme = new URL(url).protocol;
  } catch {
    return 'Its address is none.';
  }
  if (scheme === 'http:' || scheme === 'https:') return null;
  if (scheme === 'file:')
    return allowsFileUrls ? null : 'It shows a file of this machine; such tabs are opened with --allow-file-urls only.';
  return `Addresses with ${scheme} are not opened from outside.`;
}

/** How often each address is open now, by profile. */
function countOpen(source: SourceId, context: RestoreContext): Map<string, number> {
  const open = new Map<string, number>();
  for (const item of context.present) {
    if (item.source !== source || item.stale || item.attributes['isRunning'] !== true) continue;
    const { profileDir, url } = item.attributes;
    if (typeof profileDir !== 'string' || typeof url !== 'string') continue;
    const name = `${profileDir}
${url}`;
    open.set(name, (open.get(name) ?? 0) + 1);
  }
  return open;
}

function toPayload(facts: Facts): Payload {
  return {
    url: new URL(facts.url).href,
    profileDir: facts.profileDir,
    profile: facts.profile,
    window: facts.window.id,
    windowIndex: facts.window.index,
    index: facts.index,
    isActive: facts.isActive,
  };
}
