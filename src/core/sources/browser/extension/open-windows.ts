// Opens one captured window through the extension: in one or several commands, since browsers take no more than 1 MB at once.

import { z } from 'zod';

import type { PlannedStep, StepResult } from '../../../../shared/model/restore.ts';
import type { RestoreContext } from '../../source.ts';
import type { TabPayload } from '../tab-facts.ts';
import type { ExtensionConnection } from './connection.ts';
import { askExtension } from './host-client.ts';

const MAX_TABS_AT_ONCE = 100;
const BASE_MS = 15_000;
const PER_TAB_MS = 500;

const answerSchema = z.object({
  windowId: z.int(),
  tabs: z.array(z.union([z.object({ id: z.int() }), z.object({ error: z.string() })])),
  groups: z.array(z.int().nullable()),
});

interface PlannedTab {
  readonly step: PlannedStep;
  readonly tab: TabPayload;
}

/** One result a tab. Tabs that a browser which was started for this has brought back by itself are skipped. */
export async function* openThroughExtension(
  tabs: readonly PlannedTab[],
  connection: ExtensionConnection,
  context: RestoreContext,
): AsyncIterable<StepResult> {
  const missing: PlannedTab[] = [];
  let place: number | null = null;
  for (const planned of tabs) {
    const windowId = connection.broughtBack.get(planned.tab.url)?.shift();
    place ??= windowId ?? null;
    if (windowId === undefined) missing.push(planned);
    else yield toResult(planned, 'skipped', 'The browser has brought it back by itself.');
  }
  const window = new WindowCommands(missing, connection, place);
  for (let from = 0; from < missing.length && !context.signal.aborted; from += MAX_TABS_AT_ONCE) {
    const part = missing.slice(from, from + MAX_TABS_AT_ONCE);
    yield* openPart(part, window, connection);
  }
}

async function* openPart(
  part: readonly PlannedTab[],
  window: WindowCommands,
  { profile }: ExtensionConnection,
): AsyncIterable<StepResult> {
  try {
    // Once it is asked, its answer is waited for also when the restore is cancelled: what was made must be known to be undone.
    const timeout = AbortSignal.timeout(BASE_MS + part.length * PER_TAB_MS);
    const answer = answerSchema.parse(await askExtension(profile.socketPath, window.command(part), timeout));
    window.note(answer);
    for (const [place, planned] of part.entries()) {
      const made = answer.tabs[place];
      if (made === undefined || 'error' in made) {
        yield toResult(planned, 'failed', `The browser did not open it: ${made?.error ?? 'it gave no reason'}.`);
        continue;
      }
      const undo = { profileDir: planned.tab.profileDir, instance: profile.instance, tab: made.id };
      yield { ...toResult(planned, 'done', planned.step.detail), undo };
    }
  } catch (error) {
    const why = error instanceof z.ZodError || !(error instanceof Error) ? 'its answer makes no sense' : error.message;
    for (const planned of part) yield toResult(planned, 'failed', `The extension did not open it: ${why}.`);
  }
}

/** The commands that open one window: the first makes it, or takes one; the others fill it further. */
class WindowCommands {
  readonly #places: ReadonlyMap<PlannedTab, number>;
  readonly #connection: ExtensionConnection;
  readonly #groupIds = new Map<number, number>();
  /** A window that was there keeps its tabs, between which the missing ones stand at their old places. */
  readonly #keepsPlaces: boolean;
  /** It shows what the restore has it show: nobody looked at it before. */
  readonly #isOurs: boolean;
  #windowId: number | null;
  #groupPlaces: readonly number[] = [];

  /** @param broughtBack the window that the browser has brought other tabs of this one back in */
  constructor(tabs: readonly PlannedTab[], connection: ExtensionConnection, broughtBack: number | null) {
    this.#places = new Map(tabs.map((planned, place) => [planned, place]));
    this.#connection = connection;
    const into = tabs[0]?.tab.into ?? null;
    const open = into === null ? null : (connection.profile.windows[into]?.browserId ?? null);
    this.#windowId = broughtBack ?? open;
    this.#keepsPlaces = this.#windowId !== null;
    this.#isOurs = broughtBack !== null || open === null;
  }

  command(part: readonly PlannedTab[]): object {
    const { profile, wasStarted } = this.#connection;
    const first = part[0]?.tab;
    const groups = [...Map.groupBy(part, ({ tab }) => tab.group?.index ?? null)].flatMap(([index, members]) => {
      const group = members[0]?.tab.group ?? null;
      return index === null || group === null ? [] : [{ index, group }];
    });
    this.#groupPlaces = groups.map(({ index }) => index);
    const geometry = first?.geometry ?? null;
    return {
      instance: profile.instance,
      name: 'open-window',
      window: {
        bounds:
          geometry === null
            ? null
            : { left: geometry.x, top: geometry.y, width: geometry.width, height: geometry.height },
        state: first?.state ?? null,
        into: this.#windowId,
        isOurs: this.#isOurs,
        mayFillBlank: wasStarted,
        tabs: part.map((planned) => this.#toTab(planned)),
        groups: groups.map(({ index, group }) => ({
          id: this.#groupIds.get(index) ?? null,
          title: group.name,
          colour: group.colour,
          isCollapsed: group.isCollapsed,
        })),
      },
    };
  }

  #toTab(planned: PlannedTab): object {
    const { url, title, index, isPinned, isActive, group } = planned.tab;
    return {
      url,
      title,
      index: this.#keepsPlaces ? index : (this.#places.get(planned) ?? index),
      isPinned,
      isActive,
      group: group === null ? null : this.#groupPlaces.indexOf(group.index),
    };
  }

  note({ windowId, groups }: z.infer<typeof answerSchema>): void {
    this.#windowId = windowId;
    for (const [place, index] of this.#groupPlaces.entries()) {
      const id = groups[place] ?? null;
      if (id !== null) this.#groupIds.set(index, id);
    }
  }
}

function toResult({ step: { key, action } }: PlannedTab, status: StepResult['status'], detail: string): StepResult {
  return { key, action, status, detail };
}
