// A past that was made instead of captured: any items at any time, also such as no program here would hold. No source is on, so that
// nothing is added to it but captures that hold nothing.

import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { ARGON2_FLOOR } from '../../../src/core/crypto/key-slot.ts';
import { VaultEngine } from '../../../src/core/vault/vault-engine.ts';
import type { CheckpointAttributes } from '../../../src/shared/model/checkpoint.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import type { Gap } from '../../../src/shared/model/snapshot.ts';
import { aCapture } from '../../support/captures.ts';
import { PASSWORD, type Installation } from './fixtures.ts';

export interface PastCapture {
  readonly agoMs: number;
  readonly items: readonly CapturedItem[];
  readonly gaps?: readonly Gap[];
  readonly checkpoint?: CheckpointAttributes;
}

/** Makes the vault of an installation with these captures, the oldest first; gives the ids of their snapshots. */
export async function makePast(
  { dataFolder }: Installation,
  captures: readonly PastCapture[],
): Promise<readonly string[]> {
  mkdirSync(dataFolder, { mode: 0o700 });
  const nowMs = Date.now();
  const options = { random: randomBytes, argon2: ARGON2_FLOOR };
  const { engine } = await VaultEngine.create(join(dataFolder, 'vault.db'), PASSWORD, nowMs, options);
  const ids: string[] = [];
  for (const { agoMs, items, gaps = [], checkpoint } of captures) {
    const { summary } = await engine.save(
      aCapture(items, {
        takenAtMs: nowMs - agoMs,
        gaps,
        ...(checkpoint === undefined ? {} : { kind: 'checkpoint', checkpoint }),
      }),
    );
    ids.push(summary.id);
  }
  await engine.close();
  return ids;
}
