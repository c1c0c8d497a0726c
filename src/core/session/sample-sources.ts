// What each source would keep, looked at once and stored nowhere: for the first run, before anything is turned on.

import type { SourceId } from '../../shared/model/ids.ts';
import { EXPIRES_SOON_DAYS, expiresSoon } from '../../shared/model/expiry.ts';
import type { CapturedItem, ItemKind } from '../../shared/model/item.ts';
import { countKind } from '../../shared/diff/describe-changes.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import type { App } from '../app.ts';
import { collectPointedPaths } from '../capture/pointed-paths.ts';
import { redactText } from '../../shared/secrets/redact-text.ts';
import type { Source } from '../sources/source.ts';

const DEADLINE_MS = 6_000;
const MAX_BYTES = 32 * 1024 * 1024;
const MAX_SAMPLES = 6;
const TITLE_LENGTH = 90;

export interface SourceSample {
  readonly id: SourceId;
  readonly isPresent: boolean;
  readonly summary: string;
  /** Titles of some of its things. */
  readonly sample: string[];
  /** What it is worth, as a sentence; absent where there is nothing to say. */
  readonly worth?: string;
}

/** Reads every source that is there once. A source that fails or hangs has no sample, and says why. */
export async function sampleSources(app: App): Promise<SourceSample[]> {
  const found = await app.detectSources();
  const present = app.sources.filter(({ id }) => found.find((other) => other.id === id)?.isPresent === true);
  const first = await readAll(
    app,
    present.filter((source) => !source.readsPaths),
    [],
  );
  const paths = collectPointedPaths([...first.values()].flat().map(({ attributes }) => attributes));
  const second = await readAll(
    app,
    present.filter((source) => source.readsPaths),
    paths,
  );
  const items = new Map([...first, ...second]);
  return found.map(({ id, isPresent, summary }) => {
    const read = items.get(id) ?? [];
    const worth = worthOf(read, app.clock.nowMs());
    return {
      id,
      isPresent,
      summary,
      sample: read.slice(0, MAX_SAMPLES).map(({ title }) => toPlainLine(title, TITLE_LENGTH)),
      ...(worth === '' ? {} : { worth }),
    };
  });
}

async function readAll(
  app: App,
  sources: readonly Source[],
  pointedPaths: readonly string[],
): Promise<Map<SourceId, readonly CapturedItem[]>> {
  const reading = sources.map(async (source): Promise<[SourceId, readonly CapturedItem[]]> => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const late = new Promise<[SourceId, readonly CapturedItem[]]>((resolve) => {
      signal.addEventListener('abort', () => resolve([source.id, []]), { once: true });
    });
    const capture = source
      .capture({
        host: app.host,
        signal,
        nowMs: app.clock.nowMs(),
        maxBytes: MAX_BYTES,
        known: () => undefined,
        previous: [],
        pointedPaths,
        excludes: { path: () => false, url: () => false, command: () => false },
        redact: redactText,
      })
      .then(
        ({ items }): [SourceId, readonly CapturedItem[]] => [source.id, items],
        (): [SourceId, readonly CapturedItem[]] => [source.id, []],
      );
    return Promise.race([capture, late]);
  });
  return new Map(await Promise.all(reading));
}

function worthOf(items: readonly CapturedItem[], nowMs: number): string {
  const counts = new Map<ItemKind, number>();
  for (const { kind } of items) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const found = [...counts].map(([kind, count]) => countKind(kind, count)).join(', ');
  if (found === '') return '';
  const expiring = items.filter(({ attributes }) => expiresSoon(attributes, nowMs)).length;
  const verb = expiring === 1 ? 'expires' : 'expire';
  return expiring === 0
    ? `${found} found`
    : `${found} found, ${expiring} of them ${verb} within ${EXPIRES_SOON_DAYS} days`;
}
