// Taking objects (S11): what has come of a batch is one commit, which is one sync of the disk; whatever breaks off, what was acknowledged is on
// disk, and resuming is asking `have?` again. An object that is there is never overwritten, unless a device found that it does not open.

import { FrameReader, type ObjectFrame } from '../../shared/replication/frames.ts';
import { MAX_BATCH_FRAMES } from '../../shared/replication/limits.ts';
import type { UploadStatus } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { sha256 } from '../encryption/signatures.ts';
import { badRequest, tooLarge } from '../http/refusal.ts';
import { isPlacedPart, takePart } from './object-parts.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import { storeWholes } from './store-wholes.ts';
import type { OwnVault } from './vaults.ts';

/**
 * What became of each frame, in order. What comes whole of a batch that breaks off, or turns into nonsense, is kept.
 * @throws Refusal `bad-request`, `too-large`
 */
export async function storeObjects(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  bytes: Uint8Array,
): Promise<UploadStatus[]> {
  const reader = new FrameReader();
  const frames = reader.push(bytes);
  const statuses = await storeFrames(deps, caller, vault, frames.slice(0, MAX_BATCH_FRAMES));
  if (frames.length > MAX_BATCH_FRAMES) throw tooLarge(MAX_BATCH_FRAMES);
  if (reader.isBroken) throw badRequest('The batch is not made of frames.');
  if (!reader.isBetweenFrames) throw badRequest('The batch breaks off.');
  return statuses;
}

async function storeFrames(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  frames: ReadonlyArray<ObjectFrame>,
): Promise<UploadStatus[]> {
  const wholes = frames.filter((frame) => !isPlacedPart(frame) && isWhole(frame));
  const stored = await storeWholes(deps, vault, wholes);
  const statuses: UploadStatus[] = [];
  for (const frame of frames) {
    if (isPlacedPart(frame))
      statuses.push(await takePart(deps, caller, vault, frame, (whole) => storeWholes(deps, vault, [whole])));
    else statuses.push(stored.get(frame.id) ?? { id: frame.id, status: 'refused', receivedBytes: 0, reason: 'hash' });
  }
  return statuses;
}

function isWhole({ bytes, hash, totalBytes }: ObjectFrame): boolean {
  return totalBytes > 0 && sha256(bytes).toString('hex') === hash;
}
