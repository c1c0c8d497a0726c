// What a workload can do to a vault, step by step. Each says, in a line to the pipe at once, what it is about to let go and what was
// acknowledged; ledger.ts reads these lines.

import { writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { openInbox } from '../../src/core/vault/inbox-client.ts';
import { startMerge } from '../../src/core/vault/merge/merge-client.ts';
import { startRepair } from '../../src/core/vault/repair/repair-client.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { parseSessionId } from '../../src/shared/model/ids.ts';
import { ITEM_KINDS, STREAM_KINDS } from '../../src/shared/model/item.ts';
import { aCapture, aConversation, aStream, aTerminal, TMUX } from '../support/captures.ts';

const DAY_MS = 86_400_000;

export interface Workplace {
  readonly path: string;
  readonly password: string;
  readonly seed: number;
  readonly startMs: number;
  /** Null for operations that open it themselves. */
  vault: Vault | null;
}

interface Operation {
  readonly opensItself?: true;
  readonly step: (place: Workplace, at: number) => Promise<unknown>;
}

/** To the pipe at once: what was said before the kill was acknowledged before the kill. */
export function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const OPERATIONS: Readonly<Record<string, Operation>> = {
  capture: {
    step: async (place, at) => {
      await save(place, at);
      if (at % 5 === 4) await vaultOf(place).upkeep(5);
    },
  },
  index: { step: writeIndex },
  prune: {
    step: async (place, at) => {
      for (let count = 0; count < 5; count += 1) await save(place, at * 5 + count);
      // The newest stays, whatever the limits: what was said before is let go on purpose.
      say('pruning');
      const limits = { allHours: 0, hourlyDays: 0, dailyDays: 0, checkpointDays: 90, inactiveDays: 7 };
      await vaultOf(place).prune(limits, place.startMs + 10 * DAY_MS, { isDryRun: false });
      say('pruned');
    },
  },
  forget: {
    step: async (place, at) => {
      for (let count = 0; count < 5; count += 1) await save(place, at * 5 + count);
      say('forgetting');
      await vaultOf(place).forget(place.startMs + at * 5 + 3, {});
      say('forgot');
    },
  },
  rotation: {
    step: async (place, at) => {
      await save(place, at);
      await vaultOf(place).rotate({ nowMs: place.startMs });
      say('rotated');
    },
  },
  sessions: { step: addMessage },
  canaries: { step: saveCanaries },
  password: {
    step: async (place, at) => {
      await save(place, at);
      const next = `password ${place.seed} ${at}`;
      say(`changing ${next}`);
      await vaultOf(place).changePassword(next, place.startMs);
      say(`changed ${next}`);
    },
  },
  checkpoint: { step: editCheckpoints },
  redact: { step: redactOne },
  verify: {
    step: async (place, at) => {
      await save(place, at);
      await vaultOf(place).verify({ isDeep: at % 2 === 0, nowMs: place.startMs });
      say('verified');
    },
  },
  backup: {
    step: async (place, at) => {
      await save(place, at);
      const folder = join(dirname(place.path), 'backups');
      const nowMs = place.startMs + at * 1000;
      const { name } = await vaultOf(place).backup({ folder, keep: 2, nowMs });
      say(`backed-up ${name}`);
    },
  },
  repair: {
    opensItself: true,
    step: async (place, at) => {
      await opened(place, (inner) => save(inner, at));
      const { path, password, startMs } = place;
      await startRepair({
        path,
        secret: { type: 'password', text: password },
        nowMs: startMs + at * 1000,
        backups: [],
      });
      say('repaired');
    },
  },
  /** What puts another file in the vault's place, of a vault that stands there already with what is needed beside its folder. */
  'replace by a repair': {
    opensItself: true,
    step: ({ path, password, startMs }) =>
      startRepair({ path, secret: { type: 'password', text: password }, nowMs: startMs, backups: [] }),
  },
  'replace by a merge': {
    opensItself: true,
    step: ({ path, password, startMs }) =>
      startMerge({
        ...{ path, secret: { type: 'password', text: password }, nowMs: startMs, otherSecret: null },
        ...{ other: join(dirname(path), '..', 'other.db'), strategy: 'latest', choices: {}, isDryRun: false },
      }),
  },
  inbox: {
    opensItself: true,
    step: async (place, at) => {
      const inbox = openInbox(place.path);
      for (let count = 0; count < 3; count += 1) {
        const takenAtMs = place.startMs + at * 10 + count;
        await inbox.deposit(
          aCapture([aTerminal('locked', { streams: [aStream({ text: `${takenAtMs}\n` })] })], { takenAtMs }),
        );
        say(`deposited ${takenAtMs}`);
      }
      await inbox.close();
      // Opening takes them in.
      await opened(place, (inner) => save(inner, at * 10 + 5));
    },
  },
  /** Of each a little, one after the other, for a recording that is made once. */
  mixed: {
    step: async (place, at) => {
      for (const name of [
        'capture',
        'sessions',
        'checkpoint',
        'backup',
        'password',
        'rotation',
        'prune',
        'redact',
        'forget',
      ])
        await findOperation(name).step(place, at);
    },
  },
  /** A vault of an older format becomes one of today's. */
  migrate: { opensItself: true, step: (place, at) => opened(place, (inner) => save(inner, at)) },
};

/** @throws RangeError where there is none */
export function findOperation(name: string): Operation {
  const found = OPERATIONS[name];
  if (found === undefined) throw new RangeError(`no such operation: ${name}`);
  return found;
}

function vaultOf({ vault }: Workplace): Vault {
  if (vault === null) throw new Error('this operation has no open vault');
  return vault;
}

async function opened(place: Workplace, work: (place: Workplace) => Promise<unknown>): Promise<void> {
  const { path, password, startMs } = place;
  await using vault = await openVault({
    path,
    secret: { type: 'password', text: password },
    nowMs: startMs,
    argon2: ARGON2_FLOOR,
  });
  await work({ ...place, vault });
}

async function save(place: Workplace, at: number): Promise<string> {
  const lines = `${place.seed} ${at} ${'x'.repeat(at % 50)}\n`.repeat(40 + (at % 100));
  const result = await vaultOf(place).save(
    aCapture(
      [aTerminal('pane', { streams: [aStream({ text: lines })] }), aConversation('talk', 'message\n'.repeat(at + 1))],
      { takenAtMs: place.startMs + at },
    ),
  );
  say(`saved ${result.summary.id}`);
  return result.summary.id;
}

async function writeIndex(place: Workplace, at: number): Promise<void> {
  const vault = vaultOf(place);
  // Enough words that the index is written and merged all the time.
  const words = Array.from({ length: 5_000 }, () => Math.random().toString(36).slice(2)).join(' ');
  const word = `r${place.seed}s${at}w1z`;
  const result = await vault.save(
    aCapture([aTerminal('pane', { streams: [aStream({ text: `${word}\n${words}\n` })] })], {
      takenAtMs: place.startMs + at,
    }),
  );
  say(`saved ${result.summary.id}`);
  say(`word ${word}`);
  await vault.upkeep(200);
}

async function addMessage(place: Workplace, at: number): Promise<void> {
  const { seed, startMs } = place;
  const id = parseSessionId(`${seed % 3}`.padStart(16, '0'));
  const name = `${seed}-${at}`;
  const text = `message ${name} ${'x'.repeat(at % 500)}`;
  const message = { id: name, role: 'user', atMs: startMs, model: null, text, isPartial: false } as const;
  await vaultOf(place).saveSession({ id, nowMs: startMs, create: { createdAtMs: startMs }, messages: [message] });
  say(`message ${id} ${name}`);
}

async function editCheckpoints(place: Workplace, at: number): Promise<void> {
  const vault = vaultOf(place);
  await save(place, at);
  const snapshot = await vault.resolveSnapshot('latest', place.startMs);
  const attributes = { description: '', tags: [], priority: 'normal', pinned: false } as const;
  const name = `first ${place.seed} ${at}`;
  const { id } = await vault.createCheckpoint(snapshot, { ...attributes, name }, place.startMs);
  say(`checkpoint ${id} ${name}`);
  const next = `second ${place.seed} ${at}`;
  say(`editing ${id} ${next}`);
  await vault.editCheckpoint(id, { name: next }, place.startMs);
  say(`checkpoint ${id} ${next}`);
  if (at % 3 !== 2) return;
  say(`deleting ${id}`);
  await vault.deleteCheckpoints([id]);
  say(`deleted ${id}`);
}

async function redactOne(place: Workplace, at: number): Promise<void> {
  const vault = vaultOf(place);
  const word = `SECRET${place.seed}x${at}Q`;
  const request = aCapture([aTerminal('pane', { streams: [aStream({ text: `${'before\n'.repeat(50)}${word}\n` })] })], {
    takenAtMs: place.startMs + at,
  });
  const { summary } = await vault.save(request);
  say(`saved ${summary.id}`);
  const bytes = Buffer.from(word);
  for (let after: string | null = null; ;) {
    const page = await vault.listTexts(after, 1_000_000);
    const spots = page.texts.flatMap(({ anchor, bytes: text }) => {
      const start = Buffer.from(text.buffer, text.byteOffset, text.length).indexOf(bytes);
      return start === -1 ? [] : [{ anchor, start, end: start + bytes.length, bytes }];
    });
    const left = spots.length === 0 ? 0 : (await vault.redact(spots, {})).left;
    if (left > 0) throw new Error(`${left} places were not overwritten`);
    after = page.next;
    if (after === null) break;
  }
  say(`redacted ${summary.id} ${word}`);
}

/** The password's place on the command line holds a password here too; the word to plant comes from the environment. */
const canary = process.env['CANARY'] ?? '';

/** One item of every kind, with the word in every field that may hold text, and everything else that a vault keeps. */
async function saveCanaries(place: Workplace, at: number): Promise<void> {
  const items = ITEM_KINDS.map((kind) =>
    aTerminal(`${canary}-${kind}-key`, {
      kind,
      title: `${canary}-title ${at}`,
      group: `/${canary}-group`,
      attributes: { path: `/${canary}-path`, url: `https://${canary}.example/`, argv: [`${canary}-argv`] },
      streams: STREAM_KINDS.map((stream) =>
        aStream({ name: `${canary}-${stream}`, kind: stream, text: `${canary}-content ${at}\n`.repeat(50) }),
      ),
    }),
  );
  const result = await vaultOf(place).save(
    aCapture(items, {
      takenAtMs: place.startMs + at,
      gaps: [{ source: TMUX, reason: 'failed', message: `${canary}-gap`, sinceMs: 0 }],
      checkpoint: {
        name: `${canary}-checkpoint`,
        description: `${canary}-description`,
        tags: [`${canary}-tag`],
        priority: 'high',
        pinned: true,
      },
    }),
  );
  await vaultOf(place).writeSetting(`${canary}-setting`, { urls: [`${canary}-rule`] });
  say(`saved ${result.summary.id}`);
}
