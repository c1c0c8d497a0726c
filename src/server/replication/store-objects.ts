// Taking objects (S11): frames as they come, committed in small groups, so that whatever breaks off later, what was acknowledged is on disk
// and resuming is asking `have?` again. An object that is there is never overwritten, unless a device found that it does not open.

import { FrameReader, FRAME_HEADER_BYTES, type ObjectFrame } from '../../shared/replication/frames.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_FRAMES } from '../../shared/replication/limits.ts';
import type { UploadStatus } from '../../shared/replication/replica.ts';
import type { Caller } from '../auth/caller.ts';
import { sha256 } from '../encryption/signatures.ts';
import { readPieces, type Call } from '../http/call.ts';
import { badRequest, tooLarge } from '../http/refusal.ts';
import { isPlacedPart, takePart } from './object-parts.ts';
import type { ReplicaDeps } from './replica-deps.ts';
import { storeWholes } from './store-wholes.ts';
import type { OwnVault } from './vaults.ts';

/** Frames are committed once so many bytes have come. */
const GROUP_BYTES = 4 * 1024 * 1024;
const MAX_BODY_BYTES = MAX_BATCH_BYTES + MAX_BATCH_FRAMES * FRAME_HEADER_BYTES;

/** What became of each frame, in order. @throws Refusal `bad-request`, `too-large`; what came whole before is kept */
export async function storeObjects(
  deps: ReplicaDeps,
  caller: Caller,
  vault: OwnVault,
  call: Call,
): Promise<UploadStatus[]> {
  const reader = new FrameReader();
  const statuses: UploadStatus[] = [];
  let waiting: ObjectFrame[] = [];
  let waitingBytes = 0;
  const flush = async (): Promise<void> => {
    const frames = waiting;
    waiting = [];
    waitingBytes = 0;
    statuses.push(...(await storeFrames(deps, caller, vault, frames)));
  };
  try {
    for await (const piece of readPieces(call, MAX_BODY_BYTES)) {
      for (const frame of reader.push(piece)) {
        if (statuses.length + waiting.length >= MAX_BATCH_FRAMES) throw tooLarge(MAX_BATCH_FRAMES);
        waiting.push(frame);
        waitingBytes += frame.bytes.length;
        if (waitingBytes >= GROUP_BYTES) await flush();
      }
      if (reader.isBroken) throw badRequest('The batch is not made of frames.');
    }
  } finally {
    // Also of a batch that broke off: what is here need not come again.
    await flush();
  }
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
