// The histories of other devices as files beside the vault (V30): opened when they are wanted, closed when nobody has wanted them for a while.

import { chmodSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../shared/model/app-error.ts';
import type { DeviceId } from '../../shared/replication/ids.ts';
import type { CancelTimer, Clock } from '../clock.ts';
import type { VaultLane, VaultReplica } from '../vault/vault-replica.ts';
import type { Vault } from '../vault/vault.ts';
import type { LaneState } from '../vault/vault-replica.ts';

const CLOSE_AFTER_MS = 60_000;
const LANE_FILE = /^([0-9a-f]{64})\.db$/;

/** A lane is a vault that can do what lanes can. */
export type LaneVault = Vault & { readonly lane: VaultLane };

export interface LanesDeps {
  /** `replicas/` in the data folder. */
  readonly folder: string;
  readonly replica: Pick<VaultReplica, 'createLane'>;
  readonly clock: Clock;
  readonly openVault: (options: {
    path: string;
    secret: { type: 'keychain'; bytes: Uint8Array };
    nowMs: number;
  }) => Promise<Vault>;
}

interface OpenLane {
  readonly vault: Promise<LaneVault>;
  users: number;
  cancelClose: CancelTimer;
}

export interface LaneFacts extends LaneState {
  readonly snapshots: number;
  readonly newestAtMs: number | null;
}

export class Lanes {
  readonly #deps: LanesDeps;
  readonly #open = new Map<DeviceId, OpenLane>();
  readonly #facts = new Map<DeviceId, LaneFacts>();
  /** By device, what ends with the last work that must be alone. */
  readonly #alone = new Map<DeviceId, Promise<unknown>>();
  #hasClosed = false;

  constructor(deps: LanesDeps) {
    this.#deps = deps;
  }

  /** The devices of whom something is here. */
  list(): DeviceId[] {
    try {
      return readdirSync(this.#deps.folder)
        .map((name) => LANE_FILE.exec(name)?.[1])
        .filter((id): id is DeviceId => id !== undefined) // of the id's form
        .toSorted();
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Works with a lane, which is made where there is none. @throws AppError as `openVault` */
  async use<Result>(device: DeviceId, work: (vault: LaneVault) => Promise<Result>): Promise<Result> {
    const lane = this.#take(device);
    try {
      return await work(await lane.vault);
    } finally {
      lane.users -= 1;
      if (lane.users === 0)
        lane.cancelClose = this.#deps.clock.setTimer(() => void this.#close(device, lane), CLOSE_AFTER_MS);
    }
  }

  /** The same, one such work after the other: a prune would sweep what a pull has brought and not placed yet. */
  async useAlone<Result>(device: DeviceId, work: (vault: LaneVault) => Promise<Result>): Promise<Result> {
    const before = this.#alone.get(device);
    const own = this.use(device, async (vault) => {
      await before;
      return work(vault);
    });
    this.#alone.set(
      device,
      own.catch(() => undefined),
    );
    return own;
  }

  /** What is known of a lane, without opening it twice. */
  facts(device: DeviceId): Promise<LaneFacts> {
    const known = this.#facts.get(device);
    return known === undefined ? this.use(device, (vault) => this.noteFacts(device, vault)) : Promise.resolve(known);
  }

  /** Looks again at what a lane holds; called when it has changed. */
  async noteFacts(device: DeviceId, vault: LaneVault): Promise<LaneFacts> {
    const state = await vault.lane.state();
    const { snapshots, newestAtMs } = await vault.statistics({ inactiveDays: 7, nowMs: this.#deps.clock.nowMs() });
    const facts = { ...state, snapshots, newestAtMs };
    this.#facts.set(device, facts);
    return facts;
  }

  /** Closes all. Idempotent. */
  async close(): Promise<void> {
    this.#hasClosed = true;
    await Promise.all([...this.#open].map(([device, lane]) => this.#close(device, lane)));
  }

  #take(device: DeviceId): OpenLane {
    if (this.#hasClosed)
      throw new AppError('VAULT_CLOSED', 'The vault was closed in the meantime.', { hint: 'Open it again.' });
    const there = this.#open.get(device);
    if (there !== undefined) {
      there.users += 1;
      there.cancelClose();
      return there;
    }
    const lane: OpenLane = { vault: this.#openLane(device), users: 1, cancelClose: () => undefined };
    this.#open.set(device, lane);
    lane.vault.catch(() => this.#open.delete(device));
    return lane;
  }

  async #openLane(device: DeviceId): Promise<LaneVault> {
    const { folder, replica, clock, openVault } = this.#deps;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    chmodSync(folder, 0o700);
    const path = join(folder, `${device}.db`);
    const bytes = await replica.createLane(path, clock.nowMs());
    const vault = await openVault({ path, secret: { type: 'keychain', bytes }, nowMs: clock.nowMs() });
    try {
      const { lane } = vault;
      if (lane === undefined) throw new AppError('BUG', 'A vault that cannot be a lane.');
      await lane.begin(device);
      return Object.assign(vault, { lane });
    } catch (error) {
      await vault.close();
      throw error;
    }
  }

  async #close(device: DeviceId, lane: OpenLane): Promise<void> {
    lane.cancelClose();
    this.#open.delete(device);
    await lane.vault.then(
      (vault) => vault.close(),
      () => undefined, // it never opened, and its user was told
    );
  }
}
