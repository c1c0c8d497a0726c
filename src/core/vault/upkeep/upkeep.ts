// Idle work in small slices, each a commit of its own: the second copy of a keyframe, parity, merging of small segments, the
// memory outside the file. What a budget leaves undone is done next time.

import type { VaultState } from '../log/vault-state.ts';
import { copyKeyframe } from '../log/save-snapshot.ts';
import type { VaultFiles } from '../vault-files.ts';
import { joinStreams } from './join-streams.ts';
import { buildParity } from './parity.ts';
import { rememberHead } from './remember-head.ts';

/** Call with the writer's lock held and the state refreshed. A budget of 0 does one slice of each. */
export async function runUpkeep(state: VaultState, files: VaultFiles, budgetMs: number): Promise<void> {
  const end = performance.now() + budgetMs;
  if (!state.head.isKeyframeCopied) {
    state.commit('Copying a keyframe', { isKeyframeCopied: true }, () => copyKeyframe(state, state.head.keyframe));
  }
  // Not at the end of a run: what is joined is only of use to a snapshot that follows.
  if (budgetMs > 0) await joinStreams(state, end);
  let isMore = state.keyring.rotation === null;
  while (isMore) isMore = buildParity(state) && performance.now() < end;
  rememberHead(state, files.sidecar);
}
