// The vault against the simplest model there is: a list of snapshots, each a map of contents. Random histories of captures, idle work,
// prunes, second processes and restarts; whatever was saved and not pruned must come back to the byte.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { openVault } from '../../../src/core/vault/vault-client.ts';
import type { Vault } from '../../../src/core/vault/vault.ts';
import type { SnapshotId } from '../../../src/shared/model/ids.ts';
import { APPEND_OVERLAP_BYTES, STREAM_KINDS, type CapturedStream } from '../../../src/shared/model/item.ts';
import { DEFAULT_RETENTION } from '../../../src/shared/model/retention.ts';
import { aCapture, aTerminal, key } from '../../support/captures.ts';
import { openTestVault, TEST_NOW_MS, TEST_PASSWORD, type TestVault } from '../../support/test-vault.ts';

const HOUR_MS = 3_600_000;

/** A change of one stream: what a program does to what it shows. */
const change = fc.record({
  item: fc.integer({ min: 0, max: 3 }),
  kind: fc.constantFrom(...STREAM_KINDS),
  how: fc.constantFrom('append', 'scroll', 'edit', 'redraw', 'replace', 'truncate', 'copy'),
  seed: fc.integer({ min: 1, max: 6 }),
  size: fc.constantFrom(1, 40, 700, 5000, 30_000, 700_000),
  at: fc.integer({ min: 0, max: 100 }),
});
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('save' as const), changes: fc.array(change, { maxLength: 5 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom('upkeep', 'prune', 'reopen', 'other', 'checkpoint') }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A history that once ended the worker: of two contents decoded together, one was nearly all of their memory. */
const ONE_LARGE_AND_ONE_SMALL: Step[] = [
  {
    do: 'save',
    changes: [
      { item: 0, kind: 'blob', how: 'append', seed: 1, size: 700_000, at: 0 },
      { item: 3, kind: 'append', how: 'copy', seed: 2, size: 1, at: 52 },
      { item: 2, kind: 'append', how: 'replace', seed: 2, size: 700_000, at: 10 },
    ],
  },
  { do: 'checkpoint' },
  {
    do: 'save',
    changes: [
      { item: 3, kind: 'blob', how: 'copy', seed: 6, size: 30_000, at: 43 },
      { item: 2, kind: 'blob', how: 'copy', seed: 4, size: 5000, at: 27 },
      { item: 3, kind: 'blob', how: 'copy', seed: 1, size: 40, at: 77 },
      { item: 3, kind: 'blob', how: 'redraw', seed: 6, size: 700, at: 32 },
    ],
  },
  { do: 'save', changes: [{ item: 0, kind: 'blob', how: 'redraw', seed: 1, size: 700_000, at: 0 }] },
  { do: 'save', changes: [{ item: 0, kind: 'blob', how: 'scroll', seed: 1, size: 1, at: 41 }] },
];

class Model {
  readonly contents = new Map<string, Buffer>();
  readonly saved = new Map<SnapshotId, Map<string, Buffer>>();
  readonly #known = new Map<string, { readonly version: string; readonly size: number }>();
  nowMs = TEST_NOW_MS;
  #version = 0;

  apply({ item, kind, how, seed, size, at }: typeof change extends fc.Arbitrary<infer Value> ? Value : never): void {
    const name = `${item}/${kind}`;
    const old = this.contents.get(name) ?? Buffer.alloc(0);
    const fresh = noise(seed + (how === 'append' ? old.length : 0), size);
    const cut = Math.floor((old.length * at) / 100);
    this.contents.set(name, changed(old, fresh, how, cut, this.contents));
  }

  /** As a source hands it over: what did not change, or only grew, is hinted at where the vault said that it knows it. */
  streams(item: number, vault: Vault): CapturedStream[] {
    return STREAM_KINDS.flatMap((kind): CapturedStream[] => {
      const content = this.contents.get(`${item}/${kind}`);
      if (content === undefined) return [];
      return [this.#stream(item, kind, content, vault)];
    });
  }

  async save(vault: Vault, isCheckpoint: boolean): Promise<void> {
    this.nowMs += HOUR_MS / 3;
    for (let attempt = 0; attempt < 2; attempt += 1) {
      const items = [0, 1, 2, 3].map((item) => aTerminal(String(item), { streams: this.streams(item, vault) }));
      const attributes = { name: 'stone', description: '', tags: [], priority: 'normal', pinned: true } as const;
      const { summary, needsWhole } = await vault.save(
        aCapture(items, { takenAtMs: this.nowMs, ...(isCheckpoint ? { checkpoint: attributes } : {}) }),
      );
      this.#known.clear();
      if (needsWhole.length > 0) continue;
      this.saved.set(summary.id, new Map(this.contents));
      for (const [name, content] of this.contents) this.#known.set(name, { version: '', size: content.length });
      return;
    }
    throw new Error('the vault asked for the whole twice');
  }

  #stream(item: number, kind: (typeof STREAM_KINDS)[number], content: Buffer, vault: Vault): CapturedStream {
    this.#version += 1;
    const common = { name: kind, kind, version: String(this.#version) };
    const known = vault
      .known()
      .get(key(`tmux:${item}`))
      ?.get(kind);
    const before = this.#known.get(`${item}/${kind}`);
    const last = [...this.saved.values()].at(-1)?.get(`${item}/${kind}`);
    const isKnown = known !== undefined && before !== undefined && last?.length === known.sizeBytes;
    if (isKnown && last.equals(content)) return { ...common, version: known.version, content: { type: 'unchanged' } };
    if (kind === 'append' && isKnown && content.subarray(0, last.length).equals(last)) {
      const overlap = Uint8Array.from(last.subarray(-APPEND_OVERLAP_BYTES));
      const bytes = Uint8Array.from(content.subarray(last.length));
      return { ...common, content: { type: 'appended', fromByte: last.length, overlap, bytes } };
    }
    return { ...common, content: { type: 'whole', bytes: Uint8Array.from(content) } };
  }
}

function changed(old: Buffer, fresh: Buffer, how: string, cut: number, all: ReadonlyMap<string, Buffer>): Buffer {
  switch (how) {
    case 'append':
      return Buffer.concat([old, fresh]);
    case 'scroll':
      return Buffer.concat([old.subarray(cut), fresh]);
    case 'edit':
      return Buffer.concat([old.subarray(0, cut), fresh, old.subarray(Math.min(old.length, cut + 10))]);
    case 'redraw':
      return Buffer.concat([old.subarray(0, Math.max(0, old.length - 60)), fresh]);
    case 'truncate':
      return old.subarray(0, cut);
    case 'copy':
      return [...all.values()].at(cut % Math.max(1, all.size)) ?? fresh;
    default:
      return fresh;
  }
}

function noise(seed: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed | 1;
  for (let at = 0; at < size; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    bytes[at] = 97 + ((state >>> 24) % 20);
  }
  return bytes;
}

async function run(test: TestVault, model: Model, kind: string): Promise<void> {
  switch (kind) {
    case 'upkeep':
      return test.vault.upkeep(60);
    case 'reopen':
      await test.reopen();
      return;
    case 'checkpoint':
      return model.save(test.vault, true);
    case 'prune': {
      await test.vault.prune({ ...DEFAULT_RETENTION, allHours: 1 }, model.nowMs, { isDryRun: false });
      const left = new Set((await test.vault.listSnapshots({ limit: 1000 })).map(({ id }) => id));
      for (const id of model.saved.keys()) if (!left.has(id)) model.saved.delete(id);
      return;
    }
    default: {
      // Another process saves and does its own idle work in between.
      await using other = await openVault({
        path: test.path,
        secret: { type: 'password', text: TEST_PASSWORD },
        nowMs: model.nowMs,
        argon2: ARGON2_FLOOR,
      });
      await model.save(other, false);
      await other.upkeep(20);
    }
  }
}

describe('the vault', () => {
  it('gives back what a random history saved, to the byte', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        await using test = await openTestVault();
        const model = new Model();
        for (const next of steps) {
          if (next.do === 'save' && 'changes' in next) {
            for (const one of next.changes) model.apply(one);
            await model.save(test.vault, false);
          } else await run(test, model, next.do);
        }
        for (const [id, contents] of model.saved) {
          for (const [name, content] of contents) {
            const [item, kind = ''] = name.split('/');
            const bytes = await test.vault.readStream(id, key(`tmux:${item}`), kind);
            if (Buffer.compare(bytes, content) !== 0) expect.unreachable(`${name} of ${id} came back wrong`);
          }
        }
        expect(await test.vault.verify({ isDeep: true, nowMs: model.nowMs })).toMatchObject({ ok: true });
      }),
      { numRuns: Number(process.env['CAIRN_MODEL_RUNS'] ?? 10), examples: [[ONE_LARGE_AND_ONE_SMALL]] },
    );
  });
});
