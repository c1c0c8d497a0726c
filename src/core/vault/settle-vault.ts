// What a vault that was just opened has to set right: header copies, head slots, the time index, captures from the locked time.

import type { RandomBytes } from '../crypto/cipher.ts';
import { isDiskFull } from './errors.ts';
import type { VaultSecret } from './keyring/keyring.ts';
import { mendTimeIndex } from './log/index-blocks.ts';
import type { VaultState } from './log/vault-state.ts';
import type { OpenedVault } from './open-vault.ts';
import { drainInbox, hasDeposits } from './upkeep/inbox.ts';
import type { OpeningNotice } from './vault.ts';

export interface SettleDeps {
  readonly state: VaultState;
  /** Runs a change with the writer's lock held. Taken only where there is something to change. */
  write<Result>(what: string, work: () => Promise<Result> | Result): Promise<Result>;
  readonly random: RandomBytes;
  readonly maxSnapshotBytes: number;
}

/** Gives what it did, in words. Where the disk is full it waits for another time: reading needs none of it. */
export async function settleVault(
  deps: SettleDeps,
  secret: VaultSecret,
  { isMendNeeded, isSlotWeak }: Pick<OpenedVault, 'isMendNeeded' | 'isSlotWeak'>,
  nowMs: number,
): Promise<OpeningNotice[]> {
  const { state, random, maxSnapshotBytes } = deps;
  const notices: OpeningNotice[] = [];
  try {
    if (isSlotWeak && secret.type === 'password') {
      await deps.write('Mending the header', () => state.keyring.changePassword(state.writeDb, secret.text, nowMs));
      notices.push({
        code: 'kdf-raised',
        message: "The password is now protected by today's stronger key derivation.",
      });
    } else if (isMendNeeded) await deps.write('Mending the header', () => state.keyring.mend(state.writeDb));
    if (state.isHeadMendNeeded) {
      // The next head goes into the other slot than the newest: the one that did not open.
      await deps.write('Mending the head', () => {
        state.commit('Mending the head', {}, () => undefined);
        state.noteHeadMended();
      });
      notices.push({
        code: 'head-slot-mended',
        message: 'One of the two copies of what the vault holds last was damaged; it was written anew from the other.',
      });
    }
    if (state.isIndexMendNeeded) {
      await deps.write('Mending the time index', () => mendTimeIndex(state));
      notices.push({
        code: 'index-mended',
        message: 'The list of snapshots was incomplete and was made anew from the snapshots themselves.',
      });
    }
    if (hasDeposits(state)) {
      const work = () => drainInbox(state, { random, maxSnapshotBytes });
      notices.push(...(await deps.write('Taking captures out of the inbox', work)));
    }
  } catch (error) {
    if (!isDiskFull(error)) throw error;
  }
  return notices;
}
