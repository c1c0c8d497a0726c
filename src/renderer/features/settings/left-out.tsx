// What captures leave out now: how many items of which source, by a rule, a `.cairnignore` or `CAIRN_OFF`. Which ones, nobody knows.

import type { LeftOut as LeftOutPart, LeftOutReason } from '../../../shared/model/left-out.ts';
import { ErrorMessage } from '../../components/feedback.tsx';
import { formatMoment, plural } from '../../components/format.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { useStatus } from '../../stores/status.ts';
import { Part } from './section.tsx';

const REASONS: Readonly<Record<LeftOutReason, string>> = {
  rule: 'by these rules',
  cairnignore: 'by a .cairnignore in a folder',
  CAIRN_OFF: 'by CAIRN_OFF in their terminal',
};

export function LeftOut() {
  const sources = useStatus(({ status }) => status?.sources ?? []);
  const { data, error, reload } = useQuery('left-out', (signal) => api.settings.leftOut(undefined, { signal }), {
    reloadOn: ['settings.changed', 'snapshot.created'],
  });
  const titleOf = (id: string): string => sources.find((source) => source.id === id)?.title ?? id;
  return (
    <Part title="Left out now">
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data?.since === null && (
        <p className="soft">
          The newest capture left nothing out. Beside rules, a file named .cairnignore leaves out its folder, and a
          terminal with CAIRN_OFF=1 in its environment is not looked at.
        </p>
      )}
      {data !== null && data.since !== null && (
        <>
          <ul>
            {data.parts.map((part) => (
              <li key={`${part.source} ${part.reason}`}>
                {titleOf(part.source)}: {tellPart(part)}
              </li>
            ))}
          </ul>
          <p className="soft">
            Since {formatMoment(data.since)}. Which ones is not kept: that would keep what was to be hidden.
          </p>
        </>
      )}
    </Part>
  );
}

function tellPart({ items, reason }: LeftOutPart): string {
  return `${items === null ? 'not asked at all' : plural(items, 'item')}, ${REASONS[reason]}`;
}
