// A merge from the first look to its result: what is asked for, what was looked at and whether that still holds, and the choices by hand.

import { useState } from 'react';

import type { MergeResult } from '../../../shared/contract/recovery.ts';
import { choiceName, type MergeChoices, type MergeSide } from '../../../shared/merge/merge-choices.ts';
import type { MergeStrategy } from '../../../shared/merge/merge-fields.ts';
import { api } from '../../client/client.ts';
import { startWork, useWork, type Work } from '../../stores/works.ts';
import type { SecretInput } from './secret-field.tsx';
import { decide, type MergeConflictView } from './tell-merge.ts';

export interface MergeRequest {
  readonly other: string;
  readonly strategy: MergeStrategy;
  readonly secret: SecretInput | null;
  readonly otherSecret: SecretInput | null;
}

/** Which secret something is wrong with. */
export type SecretTrouble = 'wrong' | 'wrong-other' | 'other-missing';

const TROUBLES: Readonly<Partial<Record<string, SecretTrouble>>> = {
  VAULT_WRONG_PASSWORD: 'wrong',
  VAULT_WRONG_OTHER_PASSWORD: 'wrong-other',
  VAULT_LOCKED: 'other-missing',
};

export interface MergeSteps {
  readonly planning: Work<MergeResult>;
  readonly merging: Work<MergeResult>;
  /** What the request as it is would do; null until it was looked at. */
  readonly plan: MergeResult | null;
  /** What the last merge did. */
  readonly done: MergeResult | null;
  readonly mayMerge: boolean;
  readonly trouble: SecretTrouble | null;
  readonly look: () => Promise<void>;
  readonly merge: () => Promise<void>;
  readonly choose: (conflicts: readonly MergeConflictView[], side: MergeSide) => void;
}

export function useMerge({ other, strategy, secret, otherSecret }: MergeRequest): MergeSteps {
  const merging = useWork('merge');
  const planning = useWork('mergePlan');
  const [last, setLast] = useState<'look' | 'merge'>(planning.isRunning ? 'look' : 'merge');
  const [looked, setLooked] = useState<string | null>(null);
  const [choices, setChoices] = useState<MergeChoices>({});
  // What was looked at counts only while it is what is asked for.
  const asked = JSON.stringify([other, strategy]);
  const done = last === 'merge' ? merging.result : null;
  const found = looked === asked && done === null ? planning.result : null;
  const plan = found === null ? null : { ...found, conflicts: decide(found.conflicts, strategy === 'manual', choices) };
  const error = last === 'look' ? planning.error : merging.error;
  const trouble = TROUBLES[error?.code ?? ''] ?? null;
  const input = { other, strategy, ...(otherSecret === null ? {} : { otherSecret }) };
  return {
    planning: withoutTrouble(planning, trouble),
    merging: withoutTrouble(merging, trouble),
    plan,
    done,
    mayMerge: plan !== null && (!plan.isNothingNew || plan.conflicts.some(({ taken }) => taken === 'theirs')),
    trouble,
    look: async () => {
      if (secret === null) return;
      setLast('look');
      setLooked(asked);
      setChoices({});
      await startWork('mergePlan', (signal) => api.recovery.mergePlan({ ...input, secret }, { signal }));
    },
    merge: async () => {
      if (secret === null) return;
      setLast('merge');
      await startWork('merge', (signal) => api.recovery.merge({ ...input, secret, choices }, { signal }));
    },
    choose: (conflicts, side) =>
      setChoices((before) => ({
        ...before,
        ...Object.fromEntries(conflicts.map((conflict) => [choiceName(conflict), side])),
      })),
  };
}

/** What is told at the field that it is about is not told twice. */
function withoutTrouble(work: Work<MergeResult>, trouble: SecretTrouble | null): Work<MergeResult> {
  return trouble === null ? work : { ...work, error: null };
}
