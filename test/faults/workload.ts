// Works on a vault until it is killed, or for so many steps, and says on stdout what was acknowledged. Started by kill.test.ts,
// power-cut.test.ts and others: operation, path, password, seed, steps.

import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { openVault } from '../../src/core/vault/vault-client.ts';
import { AppError } from '../../src/shared/model/app-error.ts';
import { findOperation, say, type Workplace } from './operations.ts';

const [operation = '', path = '', password = '', seedText = '0', stepsText = 'Infinity'] = process.argv.slice(2);
const steps = Number(stepsText);
const goesOn = process.env['CAIRN_WORKLOAD_GOES_ON'] === '1';
const { step, opensItself } = findOperation(operation);

/** Where calls of the disk fail on purpose, an error of the product's own is what is looked for, and work goes on after it. */
async function tell(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!goesOn || !(error instanceof AppError) || error.code === 'BUG') throw error;
    say(`refused ${error.code}`);
  }
}

const place: Workplace = { path, password, seed: Number(seedText), startMs: Date.now(), vault: null };
// Workers of the inbox keep no process alive.
const alive = setInterval(() => undefined, 60_000);
say('starting');
await tell(async () => {
  if (opensItself !== true) {
    const secret = { type: 'password' as const, text: password };
    place.vault = await openVault({ path, secret, nowMs: place.startMs, argon2: ARGON2_FLOOR });
  }
});
if (opensItself === true || place.vault !== null) {
  say('ready');
  for (let at = 0; at < steps; at += 1) await tell(() => step(place, at));
}
await place.vault?.close();
clearInterval(alive);
say('ended');
