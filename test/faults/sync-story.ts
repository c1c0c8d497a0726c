// One random history of devices that share a vault: the real service of each, a real server, and between them a line that does what lines
// do. Beside it a model of what must hold, which is asked at the end.

import { expect } from 'vitest';

import { AppError } from '../../src/shared/model/app-error.ts';
import type { SnapshotId } from '../../src/shared/model/ids.ts';
import { SyncRefusal } from '../../src/core/sync/server-port.ts';
import type { FaultProxy } from '../support/fault-proxy/fault-proxy.ts';
import { aCapture, aConversation, aStream, aTerminal } from '../support/captures.ts';
import {
  ACCOUNT_PASSWORD,
  createServiceDevice,
  EMAIL,
  joinServiceDevice,
  type ServiceDevice,
} from '../support/sync-services.ts';
import type { TestServer } from '../support/sync-server.ts';
import { TEST_NOW_MS } from '../support/test-vault.ts';

export const CANARY = 'CANARY';
const STEPS = 22;
/** An access token lives 15 minutes. */
const TOKENS_END_MS = 16 * 60_000;
const RATE_WAIT_MS = 60_000;
const MOST_ROUNDS = 4;
const MOST_TRIES = 40;
/** A round that a notice began may still go on; on a busy machine it takes seconds. */
const SETTLED_WITHIN_MS = 30_000;

interface Member {
  readonly name: string;
  readonly device: ServiceDevice;
  /** Everything that it ever captured. */
  readonly captured: Set<SnapshotId>;
  readonly forgotten: Set<SnapshotId>;
  /** What was there when a round ended well. */
  acknowledged: readonly SnapshotId[];
}

export interface StoryDeps {
  readonly seed: number;
  readonly random: () => number;
  readonly server: TestServer;
  readonly line: FaultProxy;
}

export async function runStory(deps: StoryDeps): Promise<void> {
  const { line } = deps;
  await using closing = new AsyncDisposableStack();
  const story = new Story(deps, closing);
  await story.begin();
  for (let step = 0; step < STEPS; step += 1) await story.step(step);
  const lost = deps.random() < 0.25 ? await story.loseOne() : null;
  line.isCalm = true;
  await story.settle();
  await story.expectAlike();
  if (lost !== null || deps.random() < 0.3) await story.expectForNewcomer(lost);
}

class Story {
  readonly #deps: StoryDeps;
  readonly #closing: AsyncDisposableStack;
  #members: Member[] = [];

  constructor(deps: StoryDeps, closing: AsyncDisposableStack) {
    this.#deps = deps;
    this.#closing = closing;
  }

  /** Two or three devices, of which the later ones join over the same bad line. */
  async begin(): Promise<void> {
    const { line, random } = this.#deps;
    const first = await createServiceDevice('one');
    this.#add('one', first);
    const account = { server: line.address, email: EMAIL, password: ACCOUNT_PASSWORD, isSignUp: true };
    await this.#untilDone(() => first.sync.logIn(account));
    await this.#untilDone(() => first.sync.syncNow({ acceptsDeletions: false }));
    for (const name of random() < 0.3 ? ['two', 'three'] : ['two'])
      await this.#untilDone(async () => this.#add(name, await joinServiceDevice(name, line.address)));
  }

  async step(step: number): Promise<void> {
    const member = this.#pick(this.#members);
    const { device } = member;
    const dice = this.#deps.random();
    if (dice < 0.42) await this.#capture(member, step);
    else if (dice < 0.74) await this.#sync(member);
    else if (dice < 0.84) await this.#checkpoint(member, step);
    else if (dice < 0.88) await device.restart();
    else if (dice < 0.92) this.#deps.server.clock.offsetMs += TOKENS_END_MS;
    else if (dice < 0.96) {
      await device.sync.setOn(false);
      await device.sync.setOn(true);
    } else await this.#forget(member, step);
  }

  /** A device goes up in smoke: what was acknowledged of it must still be everywhere. */
  async loseOne(): Promise<Member> {
    const member = this.#pick(this.#members.slice(1));
    this.#members = this.#members.filter((other) => other !== member);
    await member.device[Symbol.asyncDispose]();
    return member;
  }

  /** Everybody is level after a few rounds over a good line. */
  async settle(): Promise<void> {
    for (let round = 0; round < MOST_ROUNDS; round += 1)
      for (const { device } of this.#members) await device.sync.syncNow({ acceptsDeletions: true });
    for (const { device } of this.#members)
      await expect
        .poll(() => device.sync.status(), { timeout: SETTLED_WITHIN_MS })
        .toMatchObject({ state: 'connected', error: null, troubles: [], waiting: { snapshots: 0 } });
  }

  async expectAlike(): Promise<void> {
    for (const writer of this.#members) {
      const { vault } = writer.device;
      const here = await vault.listSnapshots({ limit: 1_000 });
      const ids = here.map(({ id }) => id);
      expect(new Set(ids)).toEqual(new Set([...writer.captured].filter((id) => !writer.forgotten.has(id))));
      for (const reader of this.#members) if (reader !== writer) await this.#expectSame(writer, reader);
    }
  }

  /** Somebody who joins at the end finds all of it on the server, and nothing else. */
  async expectForNewcomer(lost: Member | null): Promise<void> {
    await using device = await joinServiceDevice('newcomer', this.#deps.line.address);
    await device.sync.syncNow({ acceptsDeletions: false });
    const newcomer: Member = { ...emptyMember('newcomer'), device };
    expect(await device.sync.status()).toMatchObject({ error: null, troubles: [] });
    for (const writer of this.#members) await this.#expectSame(writer, newcomer);
    if (lost === null || lost.acknowledged.length === 0) return;
    for (const reader of [...this.#members, newcomer]) {
      const ids = await reader.device.sync.withDevice(lost.name, async (lane) => {
        expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
        return (await lane.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
      });
      const kept = lost.acknowledged.filter((id) => !lost.forgotten.has(id));
      expect(kept.filter((id) => !ids.includes(id))).toEqual([]);
      expect(ids.filter((id) => !lost.captured.has(id))).toEqual([]);
      expect(new Set(ids).size).toBe(ids.length);
    }
  }

  async #expectSame(writer: Member, reader: Member): Promise<void> {
    const { vault } = writer.device;
    const here = await vault.listSnapshots({ limit: 1_000 });
    if (here.length === 0) return;
    await reader.device.sync.withDevice(writer.name, async (lane) => {
      // How much changed is counted from the snapshot before, which may have been forgotten before it travelled.
      const summary = writer.forgotten.size === 0 ? {} : { changed: 0 };
      const without = (list: typeof here): unknown => list.map((one) => ({ ...one, ...summary }));
      expect(without(await lane.listSnapshots({ limit: 1_000 }))).toEqual(without(here));
      expect(byId(await lane.listCheckpoints())).toEqual(byId(await vault.listCheckpoints()));
      expect(await lane.verify({ isDeep: true, nowMs: TEST_NOW_MS })).toMatchObject({ ok: true });
      const [newest] = here;
      if (newest === undefined) return;
      const there = await lane.readSnapshot(newest.id);
      expect(byKey(there.itemList)).toEqual(byKey((await vault.readSnapshot(newest.id)).itemList));
      for (const item of there.itemList)
        for (const { name } of item.streams)
          expect(
            Buffer.compare(
              await lane.readStream(newest.id, item.key, name),
              await vault.readStream(newest.id, item.key, name),
            ),
          ).toBe(0);
    });
  }

  async #capture(member: Member, step: number): Promise<void> {
    const { random, seed } = this.#deps;
    const text = `${CANARY} ${seed} ${step} `.repeat(1 + Math.floor(random() ** 3 * 20_000));
    // What does not compress makes batches full.
    const isLarge = random() < 0.08;
    const noise = isLarge ? noiseOf(random, 2_500_000) : '';
    const items = [
      aTerminal(`${CANARY}-main`, { streams: [aStream({ text })] }),
      aTerminal(`t${Math.floor(random() * 4)}`),
      ...(random() < 0.4 ? [aConversation(`${CANARY}-chat`, `${CANARY} says ${step}\n${noise}`)] : []),
    ];
    const { summary } = await member.device.vault.save(aCapture(items, { takenAtMs: takenAtMs(step) }));
    member.captured.add(summary.id);
    if (random() < 0.5) member.device.sync.noteChange();
  }

  async #sync(member: Member): Promise<void> {
    const before = (await member.device.vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id);
    try {
      await member.device.sync.syncNow({ acceptsDeletions: true });
      member.acknowledged = before;
    } catch (error) {
      expectOffline(error);
    }
  }

  async #checkpoint(member: Member, step: number): Promise<void> {
    const { vault, sync } = member.device;
    const [newest] = await vault.listSnapshots({ limit: 1 });
    const name = `${CANARY} ${member.name} ${step}`;
    const known = this.#pick(await Promise.all(this.#members.map((other) => other.device.vault.listCheckpoints())));
    const checkpoint = known.at(-1);
    if (checkpoint !== undefined && this.#deps.random() < 0.6) {
      const isOwn = (await vault.listCheckpoints()).some(({ id }) => id === checkpoint.id);
      // Whoever's it is: several devices may edit one.
      if (isOwn && this.#deps.random() < 0.2) await vault.deleteCheckpoints([checkpoint.id]);
      else await sync.edit(`checkpoint:${checkpoint.id}`, { name });
    } else if (newest !== undefined)
      await vault.createCheckpoint(
        newest.id,
        { name, description: '', tags: [], priority: 'normal', pinned: false },
        takenAtMs(step),
      );
  }

  async #forget(member: Member, step: number): Promise<void> {
    const { vault } = member.device;
    const before = await vault.listSnapshots({ limit: 1_000 });
    await vault.forget(takenAtMs(Math.max(0, step - 3)), {});
    const left = new Set((await vault.listSnapshots({ limit: 1_000 })).map(({ id }) => id));
    for (const { id } of before) if (!left.has(id)) member.forgotten.add(id);
  }

  /** Does it again for as long as the line is to blame. */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        await work();
        return;
      } catch (error) {
        if (tries === MOST_TRIES) throw error;
        // Whoever tries to log in again and again has to wait, which is right.
        if (error instanceof SyncRefusal && error.refusal.code === 'rate')
          this.#deps.server.clock.offsetMs += RATE_WAIT_MS;
        else expectOffline(error);
      }
    }
  }

  #add(name: string, device: ServiceDevice): void {
    const member = { ...emptyMember(name), device };
    this.#members.push(member);
    this.#closing.defer(async () => {
      if (this.#members.includes(member)) await device[Symbol.asyncDispose]();
    });
  }

  #pick<Element>(list: readonly Element[]): Element {
    const found = list[Math.floor(this.#deps.random() * list.length)];
    if (found === undefined) throw new RangeError('nothing to pick from');
    return found;
  }
}

function emptyMember(name: string): Omit<Member, 'device'> {
  return { name, captured: new Set(), forgotten: new Set(), acknowledged: [] };
}

/** What a bad line does is that nothing can be reached; anything else it must not look like. */
function expectOffline(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
  if (error.code !== 'SYNC_OFFLINE' || !error.isRetryable) throw error;
}

function takenAtMs(step: number): number {
  return TEST_NOW_MS + step * 30_000;
}

function byId<Element extends { readonly id: string }>(list: readonly Element[]): Element[] {
  return list.toSorted((one, other) => (one.id < other.id ? -1 : 1));
}

function byKey<Element extends { readonly key: string }>(list: readonly Element[]): Element[] {
  return list.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

function noiseOf(random: () => number, length: number): string {
  const bytes = new Uint32Array(length / 8);
  for (let at = 0; at < bytes.length; at += 1) bytes[at] = random() * 2 ** 32;
  return Buffer.from(bytes.buffer).toString('hex');
}
