// Captures while the vault is locked (V5): write-only. Nothing can be looked up, so sources hand everything over whole, and what is the
// same as at the last deposit is not stored again. The rules are those that were in force when the vault was locked.

import { createHash, randomBytes } from 'node:crypto';

import { AppError, toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { SnapshotId } from '../../shared/model/ids.ts';
import type { CapturedItem, SnapshotItem } from '../../shared/model/item.ts';
import type { Snapshot, SnapshotSummary } from '../../shared/model/snapshot.ts';
import { Collector, type CaptureSettings, type CollectorDeps } from '../capture/collector.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { Host } from '../sources/source.ts';
import type { Inbox } from '../vault/inbox-client.ts';
import type { SaveRequest, SaveResult } from '../vault/vault.ts';

export interface LockedCapturesDeps {
  readonly inbox: Inbox;
  readonly host: Host;
  readonly clock: Clock;
  readonly settings: CaptureSettings;
  readonly intervalMs: number;
  /** The snapshot that the vault was locked after: what vanishes now is carried forward from it. */
  readonly newest: Snapshot | null;
  readonly onDeposit: (atMs: number) => void;
  readonly onFailed: (error: PlainError) => void;
}

export class LockedCaptures {
  readonly #deps: LockedCapturesDeps;
  readonly #collector: Collector;
  #cancel: CancelTimer = () => {};
  #working: Promise<void> = Promise.resolve();
  #hasEnded = false;
  #isPaused: boolean;

  /** @param isPaused captures nothing before it is told to */
  constructor(deps: LockedCapturesDeps, isPaused: boolean) {
    this.#isPaused = isPaused;
    this.#deps = deps;
    const vault = new DepositingVault(deps, () => this.#isPaused);
    this.#collector = new Collector({
      vault,
      host: deps.host,
      clock: deps.clock,
      loadSettings: async () => deps.settings,
    });
  }

  start(): void {
    this.#arm();
  }

  /** While paused nothing is captured, and a capture that runs is not kept. */
  setPaused(isPaused: boolean): void {
    if (this.#isPaused === isPaused) return;
    this.#isPaused = isPaused;
    this.#cancel();
    this.#arm();
  }

  /** Ends the captures; one that runs comes to its end. */
  async stop(): Promise<void> {
    this.#hasEnded = true;
    this.#cancel();
    await this.#working;
    await this.#deps.inbox.close();
  }

  #arm(): void {
    if (this.#hasEnded || this.#isPaused) return;
    this.#cancel = this.#deps.clock.setTimer(() => {
      this.#working = this.#capture().finally(() => {
        this.#cancel(); // a pause that ended meanwhile has set another
        this.#arm();
      });
    }, this.#deps.intervalMs);
  }

  async #capture(): Promise<void> {
    try {
      await this.#collector.capture({ kind: 'automatic' });
    } catch (error) {
      if (!this.#isPaused) this.#deps.onFailed(toPlainError(error));
    }
  }
}

type CollectorVault = CollectorDeps['vault'];

/** What the collector needs of a vault, over one that takes and gives nothing back. */
class DepositingVault implements CollectorVault {
  readonly #inbox: Inbox;
  readonly #onDeposit: (atMs: number) => void;
  readonly #isPaused: () => boolean;
  /** Fingerprints must say nothing to anybody who finds one. */
  readonly #salt = randomBytes(32);
  #fingerprint = '';
  #newest: Snapshot | null;

  constructor({ inbox, onDeposit, newest }: LockedCapturesDeps, isPaused: () => boolean) {
    this.#isPaused = isPaused;
    this.#inbox = inbox;
    this.#onDeposit = onDeposit;
    this.#newest = newest;
  }

  known(): ReturnType<CollectorVault['known']> {
    return new Map();
  }

  async listSnapshots(): Promise<readonly SnapshotSummary[]> {
    return this.#newest === null ? [] : [this.#newest];
  }

  async readSnapshot(): Promise<Snapshot> {
    if (this.#newest === null) throw new AppError('SNAPSHOT_NOT_FOUND', 'Nothing was captured yet.');
    return this.#newest;
  }

  async deleteCheckpoints(): Promise<number> {
    return 0;
  }

  async save(request: SaveRequest): Promise<SaveResult> {
    if (this.#isPaused()) throw new AppError('CANCELLED', 'Captures were paused meanwhile.', { isRetryable: true });
    const fingerprint = this.#fingerprintOf(request);
    const isSame = fingerprint === this.#fingerprint;
    if (!isSame) {
      await this.#inbox.deposit(request);
      this.#fingerprint = fingerprint;
      this.#newest = snapshotOf(request, this.#newest);
    }
    this.#onDeposit(request.takenAtMs);
    const summary = this.#newest ?? snapshotOf(request, null);
    return { summary, leftOut: [], needsWhole: [], storedBytes: 0, workMs: 0 };
  }

  #fingerprintOf({ items, carried, gaps }: SaveRequest): string {
    const hash = createHash('sha256').update(this.#salt);
    for (const { streams, ...facts } of items) {
      hash.update(JSON.stringify(facts));
      for (const { name, content } of streams) {
        hash.update(`\0${name}\0`);
        if (content.type !== 'unchanged') hash.update(content.bytes);
      }
    }
    const gapFacts = gaps.map(({ source, reason, key }) => [source, reason, key]);
    return hash.update(JSON.stringify([carried, gapFacts])).digest('base64');
  }
}

/** Items and gaps only: contents are sealed and gone. */
function snapshotOf(request: SaveRequest, before: Snapshot | null): Snapshot {
  const carried = (before?.itemList ?? []).filter(({ key }) => request.carried.includes(key));
  const itemList = [
    ...request.items.map(toSnapshotItem),
    ...carried.map((item): SnapshotItem => ({
      ...item,
      stale: true,
      goodAtMs: item.goodAtMs ?? before?.takenAtMs ?? 0,
    })),
  ];
  return {
    // Never stored and never shown: the drain gives the real one. Another one at each deposit, so that it is read anew.
    id: randomBytes(8).toString('hex') as SnapshotId, // 8 bytes are 16 digits
    takenAtMs: request.takenAtMs,
    kind: request.kind,
    items: itemList.length,
    changed: 0,
    gaps: request.gaps.length,
    itemList,
    gapList: request.gaps,
  };
}

function toSnapshotItem({ streams, ...item }: CapturedItem): SnapshotItem {
  return {
    ...item,
    streams: streams.map(({ name, kind }) => ({ name, kind, sizeBytes: 0, contentId: '' })),
    stale: false,
  };
}
