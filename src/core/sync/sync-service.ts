// Sync as the rest of Cairn sees it: on or off, how it stands, the devices, joining, what was edited apart. One per open vault. Nothing here
// ever delays a capture: rounds run beside, in the vault's own turns.

import { AppError } from '../../shared/model/app-error.ts';
import type { SyncConflict, SyncDevice, SyncJoin, SyncSelection, SyncStatus } from '../../shared/contract/sync.ts';
import type { RetentionLimits } from '../../shared/model/retention.ts';
import type { JsonValue } from '../../shared/model/json.ts';
import type { AccountDevice } from '../../shared/replication/account.ts';
import type { DeviceId } from '../../shared/replication/ids.ts';
import type { Notice } from '../../shared/replication/replica.ts';
import type { Clock } from '../clock.ts';
import type { Vault } from '../vault/vault.ts';
import type { VaultReplica } from '../vault/vault-replica.ts';
import { Bandwidth } from './bandwidth.ts';
import { Connection, type NoticeEar } from './connection.ts';
import { Lanes, type LaneVault, type LanesDeps } from './lanes.ts';
import { CodeLogIn, type ShownCode } from './code-log-in.ts';
import { answerJoin, type JoinDecision } from './answer-join.ts';
import { describeJoin } from './describe-join.ts';
import { logIn, type DeviceAtServer, type LoginDevice, type LoginRequest } from './log-in.ts';
import { notLoggedIn } from './not-logged-in.ts';
import { describeConflict, titlesOf } from './describe-conflict.ts';
import { describeStatus } from './describe-status.ts';
import { assertServer, describeDevice, pickDevice, wrongVault } from './name-devices.ts';
import { leaveSettings, takeSettings, type SettingsPort } from './shared-settings.ts';
import { shareSlots } from './share-slots.ts';
import type { LoginServer, SyncServer, Tokens, TokenStore } from './server-port.ts';
import {
  readAccount,
  readSeen,
  readSelection,
  writeAccount,
  beginSeen,
  writeSeen,
  writeSelection,
  type SyncAccount,
} from './sync-records.ts';
import { LaneThinning } from './thin-lanes.ts';
import { syncOnce, type RoundProgress, type Trouble } from './sync-round.ts';
import type { ReplicaIdentity } from '../vault/vault-replica.ts';

export interface SyncDeps {
  readonly vault: Vault & { readonly replica: VaultReplica };
  readonly clock: Clock;
  readonly lanesFolder: string;
  readonly openVault: LanesDeps['openVault'];
  readonly hostName: string;
  readonly platform: string;
  readonly random: () => number;
  readonly network: () => string;
  readonly connect: {
    login(url: string): LoginServer;
    sync(url: string, tokens: TokenStore): SyncServer;
  };
  readonly onChanged: () => void;
  readonly onDevicesChanged: () => void;
  /** Settings that all devices have; they stay this device's own where there is none. */
  readonly settings?: SettingsPort;
  /** How long snapshots stay on this device, whoever's they are. */
  readonly retention: () => RetentionLimits;
}

export class SyncService {
  readonly lanes: Lanes;
  readonly #deps: SyncDeps;
  readonly #connection: Connection;
  readonly #thinning: LaneThinning;
  readonly #codes: CodeLogIn;
  readonly #bandwidth: Bandwidth;
  #account: SyncAccount | null = null;
  #server: SyncServer | null = null;
  #identity: ReplicaIdentity | null = null;
  #selection: SyncSelection | null = null;
  #devices: readonly AccountDevice[] = [];
  #troubles: readonly Trouble[] = [];
  #progress: RoundProgress | null = null;
  #lastSyncAtMs: number | null = null;
  #pushed = 0;
  #pendingJoins = 0;
  #conflicts = 0;
  #mayDelete = false;
  #hasClosed = false;
  #isPassive = false;

  constructor(deps: SyncDeps) {
    this.#deps = deps;
    const { clock, random, network, vault, lanesFolder, openVault } = deps;
    this.lanes = new Lanes({ folder: lanesFolder, replica: vault.replica, clock, openVault });
    this.#thinning = new LaneThinning({ ...deps, lanes: this.lanes });
    this.#codes = new CodeLogIn(() => clock.nowMs());
    this.#bandwidth = new Bandwidth(clock);
    this.#connection = new Connection({
      clock,
      random,
      network,
      round: (signal) => this.#round(signal),
      listen: (hears, signal) => this.#listen(hears, signal),
      onChange: this.#tell,
    });
  }

  /** Reads what was set, and goes on where sync is on. With `isPassive` nothing begins by itself. */
  async open({ isPassive = false }: { readonly isPassive?: boolean } = {}): Promise<void> {
    const { vault } = this.#deps;
    this.#identity = await vault.replica.identity();
    this.#selection = await readSelection(vault);
    const seen = await readSeen(vault);
    this.#lastSyncAtMs = seen.lastSyncAtMs;
    this.#pushed = seen.pushed;
    this.#useAccount(await readAccount(vault));
    await this.#countConflicts();
    this.#isPassive = isPassive;
    if (!isPassive) this.#thinning.start();
    if (this.#account?.isOn === true && !isPassive) this.#connection.start();
  }

  /** Something was captured or edited. Never waits. */
  noteChange(): void {
    if (this.#account?.isOn === true) this.#connection.poke();
  }

  async status(): Promise<SyncStatus> {
    const identity = await this.#deps.vault.replica.identity();
    this.#identity = identity;
    return describeStatus({
      account: this.#account,
      identity,
      connection: this.#connection,
      pushed: this.#pushed,
      progress: this.#progress,
      lastSyncAtMs: this.#lastSyncAtMs,
      troubles: this.#troubles,
      pendingJoins: this.#pendingJoins,
      conflicts: this.#conflicts,
    });
  }

  /** @throws AppError of `logIn`; SYNC_WRONG_VAULT where the account's replica is of another vault */
  async logIn(request: LoginRequest & DeviceAtServer): Promise<void> {
    const { clock, connect } = this.#deps;
    const attempt = async (): Promise<Tokens> =>
      logIn(connect.login(request.server), request, await this.#introduce(request), clock.nowMs());
    await this.#enter(request.server, await attempt().catch((error: unknown) => this.#comeBack(error).then(attempt)));
  }

  /** A code that lets this device in wherever it is entered. @throws AppError of `CodeLogIn` */
  async requestCode(request: DeviceAtServer): Promise<ShownCode> {
    const device = await this.#introduce(request);
    return this.#codes.begin(request.server, this.#deps.connect.login(request.server), device);
  }

  /** Logs in where the code was entered; false where it was not yet. @throws AppError of `CodeLogIn`, SYNC_WRONG_VAULT */
  async checkCode(): Promise<boolean> {
    const entered = await this.#codes.check().catch(async (error: unknown) => {
      await this.#comeBack(error);
      throw new AppError('SYNC_LOGIN', 'This device had been ended; it comes back as another one.', {
        hint: 'Ask for a new code.',
      });
    });
    if (entered === null) return false;
    await this.#enter(entered.url, entered.tokens);
    return true;
  }

  /** This device as a server gets to know it. */
  async #introduce({ server, deviceName }: DeviceAtServer): Promise<LoginDevice> {
    const { vault, platform, hostName } = this.#deps;
    assertServer(server);
    await this.#connection.stop();
    let identity = await vault.replica.begin(deviceName ?? this.#identity?.name ?? hostName);
    if (deviceName !== undefined && identity.name !== deviceName) identity = await vault.replica.rename(deviceName);
    return { ...identity, platform, sign: (text) => vault.replica.proveLogin(text) };
  }

  /** A device that was ended has keys of no use, and comes back as another one. @throws the error where it is another */
  async #comeBack(error: unknown): Promise<void> {
    if (!(error instanceof AppError) || error.code !== 'SYNC_REVOKED') throw error;
    await this.#deps.vault.replica.renew({ repeatsAll: true });
  }

  async #enter(url: string, tokens: Tokens): Promise<void> {
    const { vault } = this.#deps;
    const { vaultId, epoch } = await this.#requireIdentity();
    const before = this.#account;
    this.#useAccount({ server: url, email: '', isOn: true, ...tokens });
    try {
      const server = this.#requireServer();
      const { vaults, email } = await server.account();
      if (vaults.length > 0 && !vaults.some((known) => known.vaultId === vaultId)) {
        await server.logOut().catch(() => undefined); // the tokens end by themselves where the server cannot be reached
        throw wrongVault();
      }
      await server.createVault(vaultId, epoch);
      this.#account = { server: url, isOn: true, ...tokens, ...this.#account, email };
    } catch (error) {
      this.#useAccount(before);
      throw error;
    }
    const seen = await beginSeen(vault, url);
    this.#pushed = seen.pushed;
    this.#lastSyncAtMs = seen.lastSyncAtMs;
    await writeAccount(vault, this.#account);
    this.#connection.start();
    this.#tell();
  }

  async logOut(): Promise<void> {
    await this.#connection.stop();
    await this.#server?.logOut().catch(() => undefined); // the tokens end by themselves where the server cannot be reached
    await writeAccount(this.#deps.vault, null);
    this.#useAccount(null);
    this.#tell();
  }

  /** @throws AppError SYNC_LOGIN */
  async setOn(isOn: boolean): Promise<void> {
    const account = this.#account;
    if (account === null) throw notLoggedIn();
    this.#account = { ...account, isOn };
    await writeAccount(this.#deps.vault, this.#account);
    if (isOn) this.#connection.start();
    else await this.#connection.stop();
    this.#tell();
  }

  /** One round from now on. @throws AppError why it is not level */
  async syncNow({ acceptsDeletions }: { readonly acceptsDeletions: boolean }): Promise<void> {
    if (this.#account === null) throw notLoggedIn();
    if (!this.#account.isOn)
      throw new AppError('SYNC_OFF', 'Sync is turned off.', { hint: 'Turn it on with `cairn sync on`.' });
    this.#mayDelete = acceptsDeletions;
    try {
      await this.#connection.roundNow();
    } finally {
      this.#mayDelete = false;
    }
    if (this.#isPassive) await this.#thinning.thinIfDue();
  }

  async devices(): Promise<SyncDevice[]> {
    const identity = await this.#deps.vault.replica.identity();
    const account = await this.#server?.account().catch(() => null);
    if (account !== null && account !== undefined) this.#devices = account.devices;
    const known = new Map(this.#devices.map((device) => [device.deviceId, device]));
    const lanes = this.lanes.list();
    const earlier = new Set((await this.#deps.vault.replica.earlier()).map(({ deviceId }) => deviceId));
    const ids = new Set<DeviceId>([...(identity === null ? [] : [identity.deviceId]), ...known.keys(), ...lanes]);
    const devices: SyncDevice[] = [];
    for (const id of ids) {
      const isThis = id === identity?.deviceId;
      const own = isThis ? await this.#ownHistory(identity.name) : undefined;
      const history = own ?? (lanes.includes(id) ? await this.lanes.facts(id) : undefined);
      devices.push(describeDevice(id, known.get(id), history, { isThis, wasThis: earlier.has(id) }));
    }
    return devices.toSorted((a, b) => Number(b.isThis) - Number(a.isThis) || a.name.localeCompare(b.name));
  }

  /** Works with another device's history. @throws AppError DEVICE_NOT_FOUND */
  async withDevice<Result>(reference: string, work: (vault: LaneVault) => Promise<Result>): Promise<Result> {
    return this.lanes.use(await this.#findLane(reference), work);
  }

  /** True where it means this device itself. */
  async isThisDevice(reference: string): Promise<boolean> {
    const identity = await this.#deps.vault.replica.identity();
    return identity?.name === reference || identity?.deviceId === reference;
  }

  async rename(name: string): Promise<void> {
    const { vault } = this.#deps;
    const identity = await vault.replica.rename(name);
    await this.#server?.rename(identity.deviceId, name);
    this.noteChange();
    this.#deps.onDevicesChanged();
  }

  /** Ends a device, and begins a new epoch under which it cannot write. @throws AppError DEVICE_NOT_FOUND, USAGE_INVALID */
  async revoke(reference: string): Promise<void> {
    const server = this.#requireServer();
    const { vault, clock } = this.#deps;
    const { devices } = await server.account();
    this.#devices = devices;
    const found = pickDevice(
      devices.map((device) => ({ id: device.deviceId, name: device.name })),
      reference,
    );
    const identity = await vault.replica.identity();
    if (identity === null || found.id === identity.deviceId)
      throw new AppError('USAGE_INVALID', 'A device cannot end itself.', {
        hint: 'Log out with `cairn sync logout`, or end it from another device.',
      });
    await server.revoke(found.id);
    await vault.replica.openEpoch(identity.epoch + 1, clock.nowMs(), { isBegun: false });
    this.noteChange();
    this.#deps.onDevicesChanged();
  }

  async joins(): Promise<SyncJoin[]> {
    const identity = await this.#requireIdentity();
    const joins = await this.#requireServer().listJoins(identity.vaultId);
    const waiting = joins.filter(({ status }) => status === 'waiting');
    this.#pendingJoins = waiting.length;
    return waiting.map((join) => describeJoin(join, identity.vaultId));
  }

  /** Hands the vault's key to a new device whose words were compared, or tells it no. @throws AppError DEVICE_NOT_FOUND, SYNC_TAMPERED */
  async answerJoin(reference: string, decision: JoinDecision): Promise<void> {
    const { vaultId } = await this.#requireIdentity();
    this.#pendingJoins = await answerJoin(this.#deps.vault, this.#requireServer(), vaultId, reference, decision);
    this.#tell();
  }

  async conflicts(): Promise<SyncConflict[]> {
    const { vault } = this.#deps;
    const found = await vault.replica.conflicts((await this.selection()).strategy);
    this.#conflicts = found.length;
    if (found.length === 0) return [];
    const names = new Map((await this.devices()).map(({ id, name }) => [id, name]));
    const titles = titlesOf(await vault.listCheckpoints(), await vault.listSessions());
    return found.map((conflict) => describeConflict(conflict, names, titles));
  }

  /** Edits what several devices may edit, whoever's it is. */
  async edit(entity: string, values: { readonly [field: string]: JsonValue }): Promise<void> {
    const { vault, clock } = this.#deps;
    const { strategy } = await this.selection();
    const { checkpoints } = await vault.replica.edit(entity, values, { strategy, nowMs: clock.nowMs() });
    for (const device of checkpoints.length === 0 ? [] : this.lanes.list())
      await this.lanes.use(device, (lane) => lane.lane.applyCheckpoints(checkpoints));
    await this.#countConflicts();
    this.noteChange();
    this.#deps.onDevicesChanged();
  }

  async selection(): Promise<SyncSelection> {
    return (this.#selection ??= await readSelection(this.#deps.vault));
  }

  async setSelection(selection: SyncSelection): Promise<void> {
    await writeSelection(this.#deps.vault, selection);
    this.#selection = selection;
    this.noteChange();
    this.#tell();
  }

  /** Ends everything that runs. Idempotent. */
  async close(): Promise<void> {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    await this.#connection.stop();
    await this.#thinning.stop();
    await this.lanes.close();
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { vault, clock, platform } = this.#deps;
    const server = this.#requireServer();
    const before = await this.#requireIdentity();
    await shareSlots(vault, server, before.vaultId, signal);
    // Another process may have chosen anew.
    this.#selection = await readSelection(vault);
    const settings = this.#selection.sharesSettings ? this.#deps.settings : undefined;
    if (settings !== undefined) await leaveSettings(vault, settings);
    try {
      const result = await syncOnce(
        {
          server,
          replica: vault.replica,
          lanes: this.lanes,
          nowMs: () => clock.nowMs(),
          platform,
          selection: this.#selection,
          spend: async (bytes) => this.#bandwidth.spend(bytes, (await this.selection()).maxKilobytesPerSecond, signal),
          signal,
          mayDelete: this.#mayDelete,
          onPushed: (index) => {
            this.#pushed = index;
          },
          onProgress: (progress) => {
            this.#progress = progress;
            this.#tell();
          },
          onReceived: () => this.#deps.onDevicesChanged(),
        },
        await readSeen(vault),
      );
      this.#troubles = result.troubles;
      this.#devices = result.devices;
      this.#pendingJoins = result.status.pendingJoins;
      this.#lastSyncAtMs = result.seen.lastSyncAtMs;
      await writeSeen(vault, result.seen);
      if (result.received > 0) await this.#countConflicts();
      if (result.needsLogin) throw await this.#renewed(false);
      if (settings !== undefined) await takeSettings(vault, settings, { mayDelete: this.#mayDelete });
      const trouble = result.troubles.find(({ error }) => error.code === 'SYNC_ASKS');
      if (trouble !== undefined) throw new AppError('SYNC_ASKS', trouble.error.message, { hint: trouble.error.hint });
    } catch (error) {
      if (error instanceof AppError && error.code === 'SYNC_FORK') throw await this.#renewed(true);
      throw error;
    } finally {
      this.#progress = null;
    }
  }

  /** The device takes a new identity, and its user has to say once more that it is theirs (S2). */
  async #renewed(repeatsAll: boolean): Promise<AppError> {
    await this.#deps.vault.replica.renew({ repeatsAll });
    this.#pushed = 0;
    const account = this.#account;
    if (account !== null) {
      this.#account = { ...account, accessToken: '', accessUntilMs: 0, refreshToken: '' };
      await writeAccount(this.#deps.vault, this.#account);
    }
    return new AppError(
      'SYNC_LOGIN',
      'This vault was copied or put back from a backup: what it said last, the server knows otherwise. From now on it is a device of its own.',
      { hint: 'Log in once more with `cairn sync login`. Nothing is lost, on neither side.' },
    );
  }

  async #listen(hears: NoticeEar, signal: AbortSignal): Promise<void> {
    const { vaultId, deviceId } = await this.#requireIdentity();
    const onNotice = ({ device, index }: Notice): void => {
      // One's own echo is no news.
      if (device === deviceId && index > 0) return;
      if (index === 0) this.#deps.onDevicesChanged();
      hears.onNotice();
    };
    await this.#requireServer().listen(vaultId, { onOpen: hears.onOpen, onNotice }, signal);
  }

  async #ownHistory(name: string) {
    const { vault, clock, platform } = this.#deps;
    const { snapshots, newestAtMs } = await vault.statistics({ inactiveDays: 7, nowMs: clock.nowMs() });
    return { name, platform, snapshots, newestAtMs, skipped: 0 };
  }

  async #findLane(reference: string): Promise<DeviceId> {
    const lanes = await Promise.all(
      this.lanes.list().map(async (id) => {
        const known = this.#devices.find(({ deviceId }) => deviceId === id);
        const isEnded = known !== undefined && known.revokedAtMs !== null;
        return { id, name: known?.name ?? (await this.lanes.facts(id)).name, isEnded };
      }),
    );
    return pickDevice(lanes, reference).id;
  }

  async #countConflicts(): Promise<void> {
    if (this.#identity === null) return;
    this.#conflicts = (await this.#deps.vault.replica.conflicts((await this.selection()).strategy)).length;
  }

  #useAccount(account: SyncAccount | null): void {
    this.#account = account;
    this.#server = account === null ? null : this.#deps.connect.sync(account.server, this.#tokensOf(account));
  }

  #tokensOf(account: SyncAccount): TokenStore {
    const { vault } = this.#deps;
    return {
      sign: (text) => vault.replica.proveLogin(text),
      read: () => this.#account ?? account,
      write: async (tokens) => {
        if (this.#account === null) return;
        this.#account = { ...this.#account, ...tokens };
        await writeAccount(vault, this.#account);
      },
    };
  }

  /** The account's server, also before this was opened. @throws AppError SYNC_LOGIN */
  async server(): Promise<SyncServer> {
    if (this.#server === null) this.#useAccount(await readAccount(this.#deps.vault));
    return this.#requireServer();
  }

  #requireServer(): SyncServer {
    if (this.#server === null) throw notLoggedIn();
    return this.#server;
  }

  async #requireIdentity(): Promise<ReplicaIdentity> {
    const identity = await this.#deps.vault.replica.identity();
    if (identity === null) throw notLoggedIn();
    return (this.#identity = identity);
  }

  readonly #tell = (): void => {
    if (!this.#hasClosed) this.#deps.onChanged();
  };
}
