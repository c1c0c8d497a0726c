// How large the vault was on each day: a line of bars, and the same as words for who does not see them.

import type { Statistics } from '../../../shared/contract/statistics.ts';
import { formatBytes, formatDay } from '../../components/format.ts';

const SHOWN_DAYS = 60;
const HEIGHT = 56;
const WIDTH = 600;

export function GrowthChart({ growth }: { readonly growth: Statistics['growth'] }) {
  const days = growth.slice(-SHOWN_DAYS);
  const [first, last] = [days[0], days.at(-1)];
  // One day is no growth.
  if (first === undefined || last === undefined || days.length < 2) return null;
  const most = Math.max(...days.map(({ fileBytes }) => fileBytes));
  const step = WIDTH / days.length;
  const words = `${formatBytes(first.fileBytes)} on ${formatDay(first.day)}, ${formatBytes(last.fileBytes)} on ${formatDay(last.day)}`;
  return (
    <figure className="statistics__growth">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`Size by day: ${words}`}
      >
        {days.map(({ day, fileBytes }, at) => {
          const height = Math.max(1, (fileBytes / most) * HEIGHT);
          return (
            <rect key={day} x={at * step} y={HEIGHT - height} width={Math.max(1, step - 1)} height={height}>
              <title>{`${formatDay(day)}: ${formatBytes(fileBytes)}`}</title>
            </rect>
          );
        })}
      </svg>
      <figcaption className="small soft">{words}</figcaption>
    </figure>
  );
}
