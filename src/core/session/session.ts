// The running application, whichever shell shows it: its vault missing, locked, unlocked or damaged; captures that go on, pause or write
// blindly; what happens, as events. One per data folder and process.

import { AppError, toPlainError, type PlainError } from '../../shared/model/app-error.ts';
import type { Checkpoint, CheckpointAttributes } from '../../shared/model/checkpoint.ts';
import type { Snapshot } from '../../shared/model/snapshot.ts';
import type { AppEvent, Status } from '../../shared/contract/schemas.ts';
import type { App, OpenApp } from '../app.ts';
import type { CaptureOutcome, CaptureRequest } from '../capture/collector.ts';
import type { CancelTimer } from '../clock.ts';
import { createRestores } from '../create-restores.ts';
import { createPublishing } from '../create-publishing.ts';
import { createSessions, keepSessions } from '../create-sessions.ts';
import { keepSync } from '../create-sync.ts';
import type { AgentSessionKeeper } from '../sessions/agents/keep-in-step.ts';
import type { SessionDesk } from '../sessions/session-desk.ts';
import type { PublishingDesk } from '../sync/publishing/publishing-desk.ts';
import type { RestoreService, RestoreServiceDeps } from '../restore/restore-service.ts';
import type { SyncService } from '../sync/sync-service.ts';
import { Timeline } from '../timeline/timeline.ts';
import { notePresence } from '../timeline/presence.ts';
import { viewSummary } from '../timeline/views.ts';
import type { Inbox } from '../vault/inbox-client.ts';
import type { VaultSecret } from '../vault/vault-client.ts';
import { EventHub, type AppEventListener } from './events.ts';
import { GrowthNotes } from './growth-notes.ts';
import { KnownHealth } from './known-health.ts';
import { LockedCaptures, type LockedCapturesDeps } from './locked-captures.ts';
import { RestorePrompts } from './restore-prompt.ts';
import { beginRun, endRun, type EarlierRun } from './run-marker.ts';
import { OneAtATime } from '../unlock/one-at-a-time.ts';
import { describeStatus, readOnlyReason, type CaptureState, type SessionState } from './status.ts';

const STOP_WITHIN_MS = 5_000;

export interface SessionDeps {
  readonly app: App;
  readonly shell: 'desktop' | 'serve';
  readonly version: string;
  readonly pid: number;
  readonly isProcessAlive: (pid: number) => boolean;
  readonly openInbox: (vaultPath: string) => Inbox;
  readonly findTerminal: RestoreServiceDeps['findTerminal'];
}

/** What there is while the vault is open. */
export interface Unlocked {
  readonly app: OpenApp;
  readonly timeline: Timeline;
  readonly restores: RestoreService;
  readonly prompts: RestorePrompts;
  readonly sessions: SessionDesk;
  readonly publishing: PublishingDesk;
  readonly sync: SyncService | null;
  readonly keeper: Pick<AgentSessionKeeper, 'stop'>;
}

export class AppSession {
  readonly app: App;
  readonly shell: SessionDeps['shell'];
  readonly #deps: SessionDeps;
  readonly #events = new EventHub();
  readonly #checks = new OneAtATime();
  #unlocked: Unlocked | null = null;
  /** Why the vault cannot be opened, other than by a wrong password. */
  #problem: PlainError | null = null;
  #locked: { readonly captures: LockedCaptures } | null = null;
  #lockedState: CaptureState['locked'] = 'off';
  #lastAtMs: number | null = null;
  /** Undefined while not paused, null until resumed. */
  #pausedUntilMs: number | null | undefined;
  #cancelResume: CancelTimer = () => {};
  #earlier: EarlierRun | null = null;
  /** How the run before ended is asked about once, at the first unlock. */
  #hasAskedOfEarlier = false;
  #begunAtMs: number | null = null;
  /** Stretches of captures while locked; noted in the vault at the unlock. */
  #watches: { fromMs: number; toMs: number }[] = [];
  #desktop: Status['desktop'];
  readonly #growth = new GrowthNotes();
  #changing: Promise<unknown> = Promise.resolve();
  #isRestoring = false;
  readonly #health = new KnownHealth({
    emit: (event) => this.emit(event),
    warn: (what, error) => this.#warn(what, error),
    tell: () => this.#tell(),
  });
  /** How the vault stood when a repair or a merge began: it counts until that has ended. */
  #repairing: SessionState | null = null;
  #hasClosed = false;

  constructor(deps: SessionDeps) {
    this.#deps = deps;
    this.app = deps.app;
    this.shell = deps.shell;
  }

  /** Calls back on each event; the result undoes it. */
  on(listener: AppEventListener): () => void {
    return this.#events.on(listener);
  }

  emit(event: AppEvent): void {
    if (event.type === 'checkpoints.changed' || event.type === 'snapshots.removed') this.#unlocked?.sync?.noteChange();
    this.#events.emit(event);
  }

  /** True while a restore runs: nothing may end the app or lock the vault then. */
  get isRestoring(): boolean {
    return this.#isRestoring;
  }

  status(): Status {
    const { app, shell, version } = this.#deps;
    return describeStatus({
      app,
      shell,
      version,
      state: this.#state(),
      problem: this.#problem,
      open: this.#unlocked?.app ?? null,
      capture: { pausedUntilMs: this.#pausedUntilMs, locked: this.#lockedState, lastAtMs: this.#lastAtMs },
      desktop: this.#desktop,
      health: this.#unlocked === null ? null : this.#health.now,
    });
  }

  /** What there is of an open vault. @throws AppError VAULT_MISSING, VAULT_LOCKED, VAULT_DAMAGED */
  unlocked(): Unlocked {
    if (this.#unlocked !== null) return this.#unlocked;
    if (this.#problem !== null)
      throw new AppError(this.#problem.code, this.#problem.message, { hint: this.#problem.hint });
    if (!this.app.hasVault())
      throw new AppError('VAULT_MISSING', 'There is no vault here yet.', { hint: 'Make one first.' });
    throw new AppError('VAULT_LOCKED', 'The vault is locked.', { hint: 'Unlock it with your password.' });
  }

  /** Makes the vault and opens it; nothing is captured before a source is turned on. */
  createVault(password: string): Promise<{ readonly recoveryKey: string }> {
    return this.#inTurn(async () => {
      const { app: opened, recoveryKey } = await this.app.create(password);
      this.#take(opened);
      return { recoveryKey };
    });
  }

  /** @throws AppError of `openVault`; VAULT_TOO_MANY_ATTEMPTS */
  unlock(secret: VaultSecret): Promise<void> {
    return this.#checks.run(() =>
      this.#inTurn(async () => {
        if (this.#unlocked !== null) {
          await this.assertSecret(secret);
          return;
        }
        await this.#endLockedCaptures();
        try {
          this.#take(await this.app.open(secret));
        } catch (error) {
          this.#noteProblem(error);
          throw error;
        }
      }),
    );
  }

  /** Makes sure that the caller knows a secret of the vault, before a change of its keys. @throws as `unlock` */
  async assertSecret(secret: VaultSecret): Promise<void> {
    const second = await this.app.open(secret);
    await second.close();
  }

  /** The same, one at a time like unlocking. */
  confirmSecret(secret: VaultSecret): Promise<void> {
    return this.#checks.run(() => this.assertSecret(secret));
  }

  /**
   * Captures a last time, closes the vault and lets captures go on write-only where that is set, once no pause holds. Idempotent.
   * @throws AppError VAULT_BUSY while a restore runs
   */
  lock(): Promise<void> {
    return this.#inTurn(async () => {
      const unlocked = this.#unlocked;
      if (unlocked === null) return;
      this.#assertNoRestore('Lock when it is done.');
      const goesOn = unlocked.app.config().lock.doesCaptureGoOn && readOnlyReason(unlocked.app.vault) === null;
      const settings = goesOn ? await unlocked.app.loadCaptureSettings().catch(() => null) : null;
      await unlocked.app.scheduler.stop({
        hasLastCapture: this.#mayCapture(unlocked),
        withinMs: STOP_WITHIN_MS,
      });
      const newest = settings === null ? null : await readNewest(unlocked);
      const { captureIntervalMs } = unlocked.app.config();
      this.#unlocked = null;
      await unlocked.keeper.stop();
      await unlocked.app.close();
      this.#lockedState = 'off';
      if (settings !== null && settings.sources.length > 0) {
        const { app, openInbox } = this.#deps;
        const isPaused = this.#pausedUntilMs !== undefined;
        const deps: LockedCapturesDeps = {
          settings,
          newest,
          host: app.host,
          clock: app.clock,
          intervalMs: captureIntervalMs,
          inbox: openInbox(app.folder.vault),
          onDeposit: (atMs) => {
            this.#lockedState = 'writing';
            this.#lastAtMs = atMs;
            this.#noteWatch(atMs, captureIntervalMs);
            this.#tell();
          },
          onFailed: () => {
            this.#lockedState = 'failing';
            this.#tell();
          },
        };
        this.#watches = [{ fromMs: app.clock.nowMs(), toMs: app.clock.nowMs() }];
        const captures = new LockedCaptures(deps, isPaused);
        captures.start();
        this.#locked = { captures };
        this.#lockedState = 'writing';
      }
      this.#tell();
    });
  }

  /** @throws AppError of the capture, and where the vault is not open */
  capture(request: CaptureRequest): Promise<CaptureOutcome> {
    return this.unlocked().app.captureNow(request);
  }

  /** Captures and names it. */
  async checkpoint(attributes: CheckpointAttributes): Promise<Checkpoint> {
    const { app } = this.unlocked();
    const { summary } = await app.captureNow({ kind: 'checkpoint', checkpoint: attributes });
    // A capture that had to be made twice has the name on its second snapshot.
    const found = (await app.vault.listCheckpoints()).findLast((other) => other.snapshotId === summary.id);
    if (found === undefined)
      throw new AppError('CHECKPOINT_NOT_FOUND', 'The checkpoint was captured without its name.');
    this.emit({ type: 'checkpoints.changed' });
    return found;
  }

  /** Captures nothing by itself until then, or until resumed where null. */
  pause(untilMs: number | null): void {
    this.#cancelResume();
    this.#pausedUntilMs = untilMs;
    this.#setPaused(true);
    if (untilMs !== null) {
      const { clock } = this.app;
      this.#cancelResume = clock.setTimer(() => this.resume(), Math.max(0, untilMs - clock.nowMs()));
    }
    this.#tell();
  }

  resume(): void {
    this.#cancelResume();
    this.#pausedUntilMs = undefined;
    this.#setPaused(false);
    this.#tell();
  }

  #setPaused(isPaused: boolean): void {
    this.#unlocked?.app.scheduler.setPaused(isPaused);
    this.#locked?.captures.setPaused(isPaused);
  }

  /** Removes what was captured in the last minutes; checkpoints stay. Gives how many snapshots went. */
  async forget(minutes: number): Promise<number> {
    const { app } = this.unlocked();
    const untilMs = this.app.clock.nowMs();
    const sinceMs = untilMs - minutes * 60_000;
    for (const source of this.app.sources) source.forget?.({ sinceMs, untilMs });
    const removed = await app.vault.forget(sinceMs, {});
    this.emit({ type: 'snapshots.removed' });
    return removed;
  }

  /** Runs a restore; while it does, `isRestoring` holds. @throws AppError VAULT_BUSY while another one runs */
  async whileRestoring<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#assertNoRestore('Wait until it is done, or cancel it.');
    this.#isRestoring = true;
    try {
      return await work();
    } finally {
      this.#isRestoring = false;
    }
  }

  /**
   * Closes the vault, changes its files, and opens it again, however that ended. Until then the state that is told stays as it was.
   * @throws AppError of the work; VAULT_WRONG_PASSWORD, VAULT_TOO_MANY_ATTEMPTS; VAULT_BUSY while a restore or other work of this kind runs
   */
  whileClosed<Result>(secret: VaultSecret, work: () => Promise<Result>): Promise<Result> {
    const attempt = (): Promise<Result> =>
      this.#inTurn(async () => {
        this.#assertNoRestore('Try again when it is done.');
        // Nothing is closed for somebody who cannot open it again.
        if (this.#unlocked !== null) await this.assertSecret(secret);
        await this.#endLockedCaptures();
        const before = this.#unlocked;
        this.#repairing = this.#state();
        this.#unlocked = null;
        try {
          await before?.keeper.stop();
          await before?.app.close();
          return await this.app.attempt(secret, work);
        } finally {
          this.#repairing = null;
          await this.app.open(secret).then(
            (opened) => this.#take(opened),
            (error: unknown) => this.#noteProblem(error),
          );
        }
      });
    return this.#checks.run(attempt);
  }

  #mayCapture({ app }: Unlocked): boolean {
    return this.#pausedUntilMs === undefined && readOnlyReason(app.vault) === null;
  }

  #assertNoRestore(hint: string): void {
    if (this.#isRestoring) throw new AppError('VAULT_BUSY', 'A restore is running.', { hint, isRetryable: true });
  }

  /** What the desktop app tells beside the status. */
  noteDesktop(facts: NonNullable<Status['desktop']>): void {
    const before = JSON.stringify(this.#desktop);
    this.#desktop = { ...this.#desktop, ...facts };
    if (JSON.stringify(this.#desktop) !== before) this.#tell();
  }

  /** The settings were changed by somebody: what depends on them is told. */
  noteSettingsChanged(): void {
    this.emit({ type: 'settings.changed' });
    this.#tell();
  }

  /** Captures a last time, first of all, since what else ends may take its time, and closes everything. The run ended well. Idempotent. */
  async close(): Promise<void> {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.#cancelResume();
    await this.#inTurn(async () => {
      await this.#endLockedCaptures();
      const unlocked = this.#unlocked;
      this.#unlocked = null;
      if (unlocked === null) return;
      await unlocked.app.scheduler.stop({ hasLastCapture: this.#mayCapture(unlocked), withinMs: STOP_WITHIN_MS });
      await unlocked.keeper.stop();
      await unlocked.app.close();
    });
    if (this.#earlier !== null) endRun(this.app.folder.running, this.#deps.pid);
  }

  /** Notes that an app runs over this folder. Called once the folder is there; before the first unlock at the latest. */
  begin(): void {
    if (this.#earlier !== null || !this.app.hasVault()) return;
    const { pid, isProcessAlive } = this.#deps;
    this.app.prepareFolder();
    this.#begunAtMs = this.app.clock.nowMs();
    this.#earlier = beginRun(this.app.folder.running, {
      nowMs: this.app.clock.nowMs(),
      pid,
      isAlive: isProcessAlive,
    });
  }

  #take(opened: OpenApp): void {
    this.begin();
    const restores = createRestores(this.app, opened, this.#deps.findTerminal);
    const prompts = new RestorePrompts({
      app: opened,
      nowMs: this.app.clock.nowMs(),
      // Later unlocks of this run follow a lock, not an end.
      earlier: (this.#hasAskedOfEarlier ? null : this.#earlier) ?? { end: 'clean', uncleanEnds: 0 },
    });
    const isReadOnly = readOnlyReason(opened.vault) !== null;
    if (!isReadOnly) void this.#notePresence(opened, !this.#hasAskedOfEarlier);
    this.#hasAskedOfEarlier = true;
    const timeline = new Timeline({
      vault: opened.vault,
      nowMs: () => this.app.clock.nowMs(),
      settings: () => opened.config(),
    });
    const sessions = createSessions(this.app, opened, this.#deps.findTerminal);
    const keeper = isReadOnly
      ? { stop: async () => undefined }
      : keepSessions(this.app, opened, {
          onChanged: () => this.emit({ type: 'sessions.changed' }),
          onFailed: (error) => this.#warn('Sessions could not be kept in step', error),
        });
    const sync = isReadOnly ? null : keepSync(this.app, opened, (event) => this.emit(event));
    const publishing = createPublishing(opened, sync);
    const both = { stop: async (): Promise<void> => void (await Promise.all([keeper.stop(), sync?.close()])) };
    this.#unlocked = { app: opened, timeline, restores, prompts, sessions, publishing, sync, keeper: both };
    this.#problem = null;
    this.#health.forget();
    this.#lockedState = 'off';
    this.#listen(opened);
    opened.scheduler.setPaused(this.#pausedUntilMs !== undefined);
    // What is open now must be compared with what was before the first capture carries it on.
    void prompts.prepare().finally(() => {
      if (!isReadOnly) opened.start(this.#health.listener(() => this.#unlocked?.app === opened));
      else this.refreshHealth().catch((error: unknown) => this.#warnIfOpen('The vault could not be looked at', error));
      this.#tell();
    });
    this.#tell();
  }

  /** A capture while locked; after a pause another stretch begins. */
  #noteWatch(atMs: number, intervalMs: number): void {
    const last = this.#watches.at(-1);
    if (last !== undefined && atMs - last.toMs <= 3 * intervalMs) last.toMs = atMs;
    else this.#watches.push({ fromMs: atMs, toMs: atMs });
  }

  async #notePresence(opened: OpenApp, isFirst: boolean): Promise<void> {
    const watches = this.#watches.filter(({ fromMs, toMs }) => toMs > fromMs);
    this.#watches = [];
    const start =
      isFirst && this.#begunAtMs !== null ? { atMs: this.#begunAtMs, after: this.#earlier?.end ?? 'clean' } : null;
    try {
      await notePresence(opened.vault, { start, watches });
    } catch (error) {
      // Locked again at once, or a full disk: the timeline shows a gap more.
      this.#warnIfOpen('The start could not be noted', error);
    }
  }

  #listen(opened: OpenApp): void {
    opened.scheduler.on('captured', ({ summary }) => {
      this.#lastAtMs = summary.takenAtMs;
      this.emit({ type: 'snapshot.created', snapshot: viewSummary(summary) });
      this.#growth
        .consider(opened, summary)
        .catch((error: unknown) => this.#warnIfOpen('The size of the vault could not be noted', error));
      this.#tell();
    });
    opened.scheduler.on('captureFailed', (error) => {
      this.emit({ type: 'capture.failed', error });
      this.#tell();
    });
  }

  /** Reads anew how the vault is: after somebody looked, or made a backup. */
  async refreshHealth(): Promise<void> {
    const opened = this.#unlocked?.app;
    const health = await opened?.vault.health();
    if (health !== undefined && this.#unlocked?.app === opened) this.#health.note(health);
  }

  /** What fails because the vault was locked meanwhile is no news. */
  #warnIfOpen(what: string, error: unknown): void {
    if (!(error instanceof AppError && error.code === 'VAULT_CLOSED')) this.#warn(what, toPlainError(error));
  }

  #warn(what: string, { message }: PlainError): void {
    this.emit({ type: 'notice', text: `${what}: ${message}` });
  }

  #tell(): void {
    if (!this.#hasClosed) this.emit({ type: 'status', status: this.status() });
  }

  #state(): SessionState {
    if (this.#repairing !== null) return this.#repairing;
    if (this.#unlocked !== null) return 'unlocked';
    if (this.#problem !== null) return 'damaged';
    return this.app.hasVault() ? 'locked' : 'missing';
  }

  #noteProblem(error: unknown): void {
    const plain = toPlainError(error);
    const isDamage = ['VAULT_DAMAGED', 'VAULT_NOT_A_VAULT', 'VAULT_NEWER_FORMAT'].includes(plain.code);
    this.#problem = isDamage ? plain : null;
    this.#tell();
  }

  async #endLockedCaptures(): Promise<void> {
    const locked = this.#locked;
    this.#locked = null;
    await locked?.captures.stop();
  }

  /** One change of state at a time. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = this.#changing.then(work, work);
    this.#changing = turn.catch(() => undefined);
    return turn;
  }
}

async function readNewest({ app }: Unlocked): Promise<Snapshot | null> {
  const [newest] = await app.vault.listSnapshots({ limit: 1 });
  return newest === undefined ? null : app.vault.readSnapshot(newest.id);
}
