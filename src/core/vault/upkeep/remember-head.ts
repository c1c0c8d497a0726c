// The memory outside the vault file (V11, V13): the sidecar keeps the last head seen and the newest manifests. A vault file that is
// older than its sidecar remembers was put back, cut or replaced, and the opening says so.

import { BOX_KINDS, parseBoxHeader } from '../../crypto/box.ts';
import { readSidecar, writeSidecar } from '../keyring/sidecar.ts';
import { openHead, sealHead, type Head } from '../log/head.ts';
import { parseSnapshotPrefix } from '../log/snapshot-record.ts';
import type { VaultState } from '../log/vault-state.ts';
import type { OpeningNotice } from '../vault.ts';

/** How many of the newest snapshots the sidecar keeps. */
const REMEMBERED_SNAPSHOTS = 32;

/** Writes head and newest manifests beside the vault, unless the sidecar has them already. */
export function rememberHead(state: VaultState, sidecarPath: string): void {
  const remembered = readRemembered(state, sidecarPath);
  if (remembered?.counter === state.head.counter) return;
  const keyframes = new Map<number, Buffer>();
  const snapshots: Buffer[] = [];
  for (let at = Math.max(0, state.index.count - REMEMBERED_SNAPSHOTS); at < state.index.count; at += 1) {
    const box = state.read.snapshots.read(state.index.sequenceAt(at));
    const keyframeId = state.index.keyframeAt(at);
    const keyframe = keyframes.has(keyframeId) ? undefined : state.read.keyframes.read(keyframeId);
    if (keyframe !== undefined) keyframes.set(keyframeId, keyframe);
    if (box !== undefined) snapshots.push(box);
  }
  writeSidecar(sidecarPath, {
    header: state.keyring.encoded(),
    boxes: [sealHead(state.keys, state.head), ...keyframes.values(), ...snapshots],
  });
}

/** Compares the vault with what was remembered of it. */
export function findRollback(state: VaultState, sidecarPath: string): OpeningNotice[] {
  const remembered = readRemembered(state, sidecarPath);
  if (remembered === null) return [];
  if (remembered.counter > state.head.counter) {
    const missing = remembered.sequence - state.head.sequence;
    return [
      {
        code: 'rolled-back',
        message: `The vault file is older than it was last seen: ${missing > 0 ? `${missing} snapshots are missing at its end` : 'its latest changes are missing'}. It was put back from a copy, or a write was lost.`,
      },
    ];
  }
  return isOnSameChain(state, remembered)
    ? []
    : [
        {
          code: 'rolled-back',
          message: 'The vault file does not continue the one that was last seen here: it was replaced by another copy.',
        },
      ];
}

function readRemembered(state: VaultState, sidecarPath: string): Head | null {
  const box = readSidecar(sidecarPath)?.boxes[0];
  return box !== undefined && parseBoxHeader(box)?.kind === BOX_KINDS.head ? openHead(state.keys, box) : null;
}

function isOnSameChain(state: VaultState, remembered: Head): boolean {
  if (remembered.sequence === state.head.sequence) return remembered.chain === state.head.chain;
  const at = state.index.indexOfSequence(remembered.sequence + 1);
  if (at < 0) return true; // thinned out since: nothing to compare
  const next = state.read.snapshots.read(remembered.sequence + 1);
  const opened = next === undefined ? null : state.keys.open(BOX_KINDS.snapshot, remembered.sequence + 1, next);
  if (opened === null) return true; // damage, which is found and said elsewhere
  return parseSnapshotPrefix(opened.payload).previousChain.toString('base64') === remembered.chain;
}
