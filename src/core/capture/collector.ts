// One capture: asks every enabled source in parallel, hides what the user excludes, takes secrets out, carries forward what could
// not be read, and saves. It knows nothing of time or triggers; the scheduler does.

import { AppError } from '../../shared/model/app-error.ts';
import type { CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { CapturedItem, CapturedStream, SnapshotItem, StoredStream } from '../../shared/model/item.ts';
import type { LeftOut } from '../../shared/model/left-out.ts';
import type { Gap, SnapshotKind, SnapshotSummary } from '../../shared/model/snapshot.ts';
import type { Clock } from '../clock.ts';
import { createProcessLook } from '../sources/host/proc.ts';
import type { CaptureContext, Host, Source } from '../sources/source.ts';
import type { SaveRequest, SaveResult, Vault } from '../vault/vault.ts';
import { planCarry, type CarryPlan } from './carry-forward.ts';
import { dropTwinTerminals } from './drop-twin-terminals.ts';
import { joinTerminals } from './join-terminals.ts';
import { NewestSnapshot, type NewestItem, type NewestState } from './newest-snapshot.ts';
import { collectPointedPaths } from './pointed-paths.ts';
import type { Reading } from './reading.ts';
import type { Exclusion } from './rules/exclusion.ts';
import { excludeTerminals, findOffTerminals } from './rules/off-terminals.ts';
import { redactText } from '../../shared/secrets/redact-text.ts';
import { isRedactable, redactItem } from './rules/redaction.ts';
import { trimScrollback } from './rules/trim-scrollback.ts';
import { SourceReader } from './source-reader.ts';

const DAY_MS = 86_400_000;
/** What one source may hand over at once: its buffers are in memory twice for a moment. */
const MAX_SOURCE_BYTES = 64 * 1024 * 1024;
const NEVER_ABORTED = new AbortController().signal;

/** What the user set, read before every capture, so that a new rule counts from the next one on. */
export interface CaptureSettings {
  /** The sources that are on. */
  readonly sources: readonly Source[];
  readonly exclusion: Exclusion;
  readonly isRedactionOn: boolean;
  /** Lines of scrollback that are kept of a terminal. */
  readonly scrollbackLines: number;
  readonly inactiveDays: number;
}

export interface CollectorDeps {
  readonly vault: Pick<Vault, 'save' | 'known' | 'listSnapshots' | 'readSnapshot' | 'deleteCheckpoints'>;
  readonly host: Host;
  readonly clock: Clock;
  /** @throws AppError where the rules cannot be read: then nothing is captured, since it would be captured without them. */
  readonly loadSettings: () => Promise<CaptureSettings>;
  readonly deadlineMs?: number;
}

export interface CaptureRequest {
  readonly kind: SnapshotKind;
  readonly checkpoint?: CheckpointAttributes;
  readonly signal?: AbortSignal;
}

export interface CaptureOutcome {
  readonly summary: SnapshotSummary;
  readonly gaps: readonly Gap[];
  readonly storedBytes: number;
  readonly durationMs: number;
  /** What the user's word kept out of it. */
  readonly leftOut: readonly LeftOut[];
}

interface Gathered {
  readonly request: SaveRequest;
  readonly carried: readonly NewestItem[];
  readonly leftOut: readonly LeftOut[];
}

interface Saved {
  readonly request: SaveRequest;
  readonly result: SaveResult;
  readonly leftOut: readonly LeftOut[];
}

export class Collector {
  readonly #deps: CollectorDeps;
  readonly #reader: SourceReader;
  readonly #newest: NewestSnapshot;
  /** How the streams that the vault knows were changed before they were stored; null before the first capture. */
  #storedUnder: string | null = null;

  constructor(deps: CollectorDeps) {
    this.#deps = deps;
    this.#reader = new SourceReader(deps);
    this.#newest = new NewestSnapshot(deps.vault);
  }

  /**
   * Captures once. Call it again only after it has settled. A source that fails, hangs or lies costs only its own items.
   * @throws AppError of the vault where nothing was saved; what was not saved is read again at the next capture. CANCELLED.
   */
  async capture(request: CaptureRequest): Promise<CaptureOutcome> {
    const startedMs = this.#deps.clock.monotonicMs();
    const settings = await this.#deps.loadSettings();
    let saved = await this.#captureOnce(request, settings);
    if (saved.result.needsWhole.length > 0) saved = await this.#captureAgain(request, settings, saved.result);
    const { result } = saved;
    return {
      summary: result.summary,
      gaps: [...saved.request.gaps, ...result.leftOut, ...this.#stillNeeded(saved)],
      storedBytes: result.storedBytes,
      durationMs: this.#deps.clock.monotonicMs() - startedMs,
      leftOut: saved.leftOut,
    };
  }

  /**
   * Reads what is open now and stores nothing: what could not be read is not there. Streams that did not change since they were stored
   * have no size. Call it only when no capture runs.
   */
  async look(signal: AbortSignal): Promise<readonly SnapshotItem[]> {
    const { request } = await this.#gather({ kind: 'manual', signal }, await this.#deps.loadSettings());
    signal.throwIfAborted();
    return request.items.map((item) => ({ ...item, streams: item.streams.map(withoutBytes), stale: false }));
  }

  async #captureOnce(request: CaptureRequest, settings: CaptureSettings): Promise<Saved> {
    const gathered = await this.#gather(request, settings);
    if (request.signal?.aborted === true) {
      throw new AppError('CANCELLED', 'The capture was cancelled before it was saved.', { isRetryable: true });
    }
    const result = await this.#deps.vault.save(gathered.request);
    this.#storedUnder = storageOf(settings);
    this.#newest.follow(gathered.request, gathered.carried, result);
    return { request: gathered.request, result, leftOut: gathered.leftOut };
  }

  /** The vault has forgotten the streams whose hints did not hold, so the sources hand them over whole now. */
  async #captureAgain(request: CaptureRequest, settings: CaptureSettings, first: SaveResult): Promise<Saved> {
    const second = await this.#captureOnce(request, settings);
    // The name belongs to the snapshot that has everything.
    if (first.summary.checkpoint !== undefined) await this.#deps.vault.deleteCheckpoints([first.summary.checkpoint.id]);
    return second;
  }

  #stillNeeded({ request, result }: { request: SaveRequest; result: SaveResult }): Gap[] {
    const titles = new Map(request.items.map((item) => [item.key, item]));
    return result.needsWhole.flatMap(({ key, stream }): Gap[] => {
      const item = titles.get(key);
      if (item === undefined) return [];
      const message = `${stream} of "${item.title}" is stored as it was before: it changed while it was read.`;
      return [{ source: item.source, reason: 'partial', key, message, sinceMs: request.takenAtMs }];
    });
  }

  async #gather({ kind, checkpoint, signal }: CaptureRequest, settings: CaptureSettings): Promise<Gathered> {
    const host: Host = { ...this.#deps.host, look: createProcessLook(this.#deps.host.procDir) };
    const exclusion = excludeTerminals(settings.exclusion, findOffTerminals(host));
    const newest = await this.#newest.read();
    const nowMs = this.#deps.clock.nowMs();
    const sources = settings.sources.filter(({ id }) => !exclusion.source(id));
    const round = new CaptureRound({ ...settings, exclusion }, newest, nowMs);
    for (const readsPaths of [false, true]) {
      const pointedPaths = readsPaths ? round.pointedPaths() : [];
      const asked = sources.filter((source) => source.readsPaths === readsPaths);
      const readings = await Promise.all(
        asked.map((source) =>
          this.#reader.read(source, {
            context: this.#contextFor(source, { host, settings, newest, nowMs, pointedPaths }),
            signal: signal ?? NEVER_ABORTED,
          }),
        ),
      );
      round.add(readings);
    }
    const { carry } = round;
    const items = dropTwinTerminals(round.items);
    const request: SaveRequest = {
      takenAtMs: nowMs,
      kind,
      items: joinTerminals(items),
      carried: carry.carried.map(({ key }) => key),
      gaps: carry.gaps,
      // A source that was read and had nothing keeps its last good snapshot: an empty one must not take its place.
      goodSources: [...new Set(items.map(({ source }) => source))],
      ...(checkpoint === undefined ? {} : { checkpoint }),
    };
    const unasked = settings.sources.filter(({ id }) => exclusion.source(id));
    return { request, carried: carry.carried, leftOut: [...unasked.map(wholeSource), ...round.leftOut()] };
  }

  #contextFor(
    source: Source,
    round: Pick<CaptureContext, 'host' | 'nowMs' | 'pointedPaths'> & { settings: CaptureSettings; newest: NewestState },
  ): Omit<CaptureContext, 'signal'> {
    const { host, settings, newest, nowMs, pointedPaths } = round;
    const known = this.#deps.vault.known();
    const previous = newest.items.filter(
      (item) => item.source === source.id && settings.exclusion.apply(item) !== null,
    );
    // Streams that were stored under the other setting must come whole, so that the setting counts for them too.
    const isTurned = this.#storedUnder !== null && this.#storedUnder !== storageOf(settings);
    const forgotten = new Set(isTurned ? previous.flatMap(redactableStreams) : []);
    return {
      host,
      nowMs,
      maxBytes: MAX_SOURCE_BYTES,
      known: (key, stream) => (forgotten.has(streamName(key, stream)) ? undefined : known.get(key)?.get(stream)),
      previous,
      pointedPaths,
      excludes: settings.exclusion,
      redact: (text) => (settings.isRedactionOn ? redactText(text) : text),
    };
  }
}

/** Gathers what the sources of one capture gave. */
class CaptureRound {
  readonly #settings: CaptureSettings;
  readonly #newest: NewestState;
  readonly #nowMs: number;
  readonly items: CapturedItem[] = [];
  readonly #leftOut = new Map<string, LeftOut & { items: number }>();
  carry: CarryPlan = { carried: [], gaps: [] };

  constructor(settings: CaptureSettings, newest: NewestState, nowMs: number) {
    this.#settings = settings;
    this.#newest = newest;
    this.#nowMs = nowMs;
  }

  add(readings: readonly Reading[]): void {
    const { exclusion, inactiveDays } = this.#settings;
    const hidden = new Set<string>();
    for (const reading of readings) {
      for (const item of reading.status === 'read' ? reading.capture.items : []) {
        const kept = exclusion.apply(item);
        if (kept !== null) this.items.push(this.#prepare(kept));
        else {
          hidden.add(item.key);
          this.#count(item);
        }
      }
    }
    const carriable: NewestItem[] = [];
    for (const item of this.#newest.items) {
      // An item is carried as it stands or not at all: one that a new rule would trim stays behind too.
      const kept = exclusion.apply(item);
      if (kept === item) carriable.push(item);
      else if (kept === null) hidden.add(item.key);
    }
    const plan = planCarry({
      readings,
      newest: carriable,
      isHidden: (key) => hidden.has(key),
      earlierGaps: this.#newest.gaps,
      nowMs: this.#nowMs,
      inactiveMs: inactiveDays * DAY_MS,
    });
    this.carry = { carried: [...this.carry.carried, ...plan.carried], gaps: [...this.carry.gaps, ...plan.gaps] };
  }

  /** In a steady order, so that the same can be told from something else. */
  leftOut(): readonly LeftOut[] {
    return [...this.#leftOut].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, counted]) => counted);
  }

  #count(item: CapturedItem): void {
    const reason = this.#settings.exclusion.whyHidden(item);
    const id = `${item.source} ${reason}`;
    this.#leftOut.set(id, { source: item.source, reason, items: (this.#leftOut.get(id)?.items ?? 0) + 1 });
  }

  #prepare(item: CapturedItem): CapturedItem {
    const trimmed = trimScrollback(item, this.#settings.scrollbackLines);
    return this.#settings.isRedactionOn ? redactItem(trimmed) : trimmed;
  }

  /** What is carried points somewhere too: a terminal that did not answer is no reason to let go of its repository. */
  pointedPaths(): readonly string[] {
    return collectPointedPaths([...this.items, ...this.carry.carried].map(({ attributes }) => attributes));
  }
}

function wholeSource({ id }: Source): LeftOut {
  return { source: id, reason: 'rule', items: null };
}

function withoutBytes({ name, kind, content }: CapturedStream): StoredStream {
  const sizeBytes =
    content.type === 'whole'
      ? content.bytes.length
      : content.type === 'appended'
        ? content.fromByte + content.bytes.length
        : 0;
  return { name, kind, sizeBytes, contentId: '' };
}

function storageOf({ isRedactionOn, scrollbackLines }: CaptureSettings): string {
  return `${isRedactionOn} ${scrollbackLines}`;
}

function redactableStreams(item: NewestItem): string[] {
  return item.streams.filter((stream) => isRedactable(item, stream)).map(({ name }) => streamName(item.key, name));
}

function streamName(key: string, stream: string): string {
  return `${key}\0${stream}`;
}
