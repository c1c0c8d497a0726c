// Works on a vault until it is killed, and says on stdout what was acknowledged. Started by kill.test.ts.

import { writeSync } from 'node:fs';

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import type { Vault } from '../../src/core/vault/vault.ts';
import { parseSessionId } from '../../src/shared/model/ids.ts';
import { ITEM_KINDS, STREAM_KINDS } from '../../src/shared/model/item.ts';
import { aCapture, aConversation, aStream, aTerminal, TMUX } from '../support/captures.ts';

const [operation = '', path = '', password = '', seedText = '0'] = process.argv.slice(2);
const seed = Number(seedText);
const startMs = Date.now();

/** To the pipe at once: what was said before the kill was acknowledged before the kill. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

async function save(vault: Vault, at: number): Promise<void> {
  const lines = `${seed} ${at} ${'x'.repeat(at % 50)}\n`.repeat(40 + (at % 100));
  const result = await vault.save(
    aCapture(
      [aTerminal('pane', { streams: [aStream({ text: lines })] }), aConversation('talk', 'message\n'.repeat(at + 1))],
      { takenAtMs: startMs + at },
    ),
  );
  say(`saved ${result.summary.id}`);
}

/** The password's place on the command line holds a password here too; the word to plant comes from the environment. */
const canary = process.env['CANARY'] ?? '';

/** One item of every kind, with the word in every field that may hold text, and everything else that a vault keeps. */
async function saveCanaries(vault: Vault, at: number): Promise<void> {
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
  const result = await vault.save(
    aCapture(items, {
      takenAtMs: startMs + at,
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
  await vault.writeSetting(`${canary}-setting`, { urls: [`${canary}-rule`] });
  say(`saved ${result.summary.id}`);
}

const vault = await openVault({
  path,
  secret: { type: 'password', text: password },
  nowMs: startMs,
  argon2: ARGON2_FLOOR,
});
say('ready');
for (let at = 0; ; at += 1) {
  switch (operation) {
    case 'capture':
      await save(vault, at);
      if (at % 5 === 4) await vault.upkeep(5);
      break;
    case 'index': {
      // Enough words that the index is written and merged all the time.
      const words = Array.from({ length: 5_000 }, () => Math.random().toString(36).slice(2)).join(' ');
      const result = await vault.save(
        aCapture([aTerminal('pane', { streams: [aStream({ text: `r${seed}s${at}w1z\n${words}\n` })] })], {
          takenAtMs: startMs + at,
        }),
      );
      say(`saved ${result.summary.id}`);
      say(`word r${seed}s${at}w1z`);
      await vault.upkeep(200);
      break;
    }
    case 'prune':
      for (let count = 0; count < 5; count += 1) await save(vault, at * 5 + count);
      // The newest stays, whatever the limits: what was said before is let go on purpose.
      say('pruning');
      await vault.prune(
        { allHours: 0, hourlyDays: 0, dailyDays: 0, checkpointDays: 90, inactiveDays: 7 },
        startMs + 10 * 86_400_000,
        { isDryRun: false },
      );
      say('pruned');
      break;
    case 'rotation':
      await save(vault, at);
      await vault.rotate({ nowMs: startMs });
      say('rotated');
      break;
    case 'sessions': {
      const id = parseSessionId(`${seed % 3}`.padStart(16, '0'));
      const name = `${seed}-${at}`;
      const text = `message ${name} ${'x'.repeat(at % 500)}`;
      const message = { id: name, role: 'user', atMs: startMs, model: null, text, isPartial: false } as const;
      await vault.saveSession({ id, nowMs: startMs, create: { createdAtMs: startMs }, messages: [message] });
      say(`message ${id} ${name}`);
      break;
    }
    case 'canaries':
      await saveCanaries(vault, at);
      break;
    case 'password': {
      await save(vault, at);
      const next = `password ${seed} ${at}`;
      say(`changing ${next}`);
      await vault.changePassword(next, startMs);
      say(`changed ${next}`);
      break;
    }
    default:
      throw new RangeError(`no such operation: ${operation}`);
  }
}
