// What a merge of another vault brings to each side and takes from it, in sentences. Pure.

import type { MergeResult } from '../../../shared/contract/recovery.ts';
import { choiceName, type MergeChoices } from '../../../shared/merge/merge-choices.ts';
import { formatMoment, plural } from '../../components/format.ts';

export type MergeConflictView = MergeResult['conflicts'][number];

interface Balance {
  readonly wins: readonly string[];
  readonly loses: readonly string[];
}

/** Each side with what it wins and what it loses; nothing is an empty list. */
export function tellBalance(result: MergeResult): { readonly here: Balance; readonly there: Balance } {
  const { snapshots, incoming, checkpointsAdded, checkpointsChanged, sessionsAdded, sessionsChanged } = result;
  const { unreadable, newerLeftOut, itemsLeftOut, sessionsDeletedHere, conflicts } = result;
  const replaced = conflicts.filter(({ taken }) => taken === 'theirs').length;
  const ignored = conflicts.filter(({ taken }) => taken === 'ours').length;
  return {
    here: {
      wins: [
        ...some(snapshots, `${plural(snapshots, 'snapshot')}${incoming === null ? '' : tellTimes(incoming)}`),
        ...some(checkpointsAdded, plural(checkpointsAdded, 'checkpoint')),
        ...some(sessionsAdded, plural(sessionsAdded, 'conversation')),
        ...some(checkpointsChanged, `changes to ${plural(checkpointsChanged, 'checkpoint')}`),
        ...some(sessionsChanged, `messages of, or changes to, ${plural(sessionsChanged, 'conversation')}`),
      ],
      loses: some(
        replaced,
        `${plural(replaced, 'value')} that the other one’s take the place of; the kept file has them`,
      ),
    },
    there: {
      wins: [],
      loses: [
        ...some(
          newerLeftOut,
          `${plural(newerLeftOut, 'snapshot')} newer than the newest one here: merge again after the next capture`,
        ),
        ...some(unreadable, `${plural(unreadable, 'snapshot')} that cannot be read there`),
        ...some(itemsLeftOut, `${plural(itemsLeftOut, 'thing')} that were damaged there; their snapshots say so`),
        ...some(sessionsDeletedHere, `${plural(sessionsDeletedHere, 'conversation')} that you deleted here`),
        ...some(ignored, `${plural(ignored, 'value')}, since what is here counts`),
      ],
    },
  };
}

/** The conflicts as they are decided: by the strategy, or by hand. */
export function decide(
  conflicts: readonly MergeConflictView[],
  isByHand: boolean,
  choices: MergeChoices,
): MergeConflictView[] {
  return conflicts.map((conflict) =>
    isByHand ? { ...conflict, taken: choices[choiceName(conflict)] ?? 'ours' } : conflict,
  );
}

/** A value of a field as people write it; lists and switches come as JSON. */
export function tellVersion(field: string, text: string): string {
  if (text === '') return 'empty';
  if (field === 'pinned') return text === 'true' ? 'yes' : 'no';
  if (field !== 'tags') return text;
  const tags: unknown = parseOrNull(text);
  if (!Array.isArray(tags)) return text;
  return tags.length === 0 ? 'none' : tags.map(String).join(', ');
}

function tellTimes({ from, to }: NonNullable<MergeResult['incoming']>): string {
  const [first, last] = [formatMoment(from), formatMoment(to)];
  return first === last ? ` of ${first}` : ` of ${first} to ${last}`;
}

function some(count: number, text: string): readonly string[] {
  return count === 0 ? [] : [text];
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a list that is too long to be shown is cut off
  }
}
