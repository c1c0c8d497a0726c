// One source that was found: what it would keep, with a sample, and its switch.

import { SwitchField } from '../../components/fields.tsx';
import type { api } from '../../client/client.ts';

export type DetectedSource = Awaited<ReturnType<typeof api.sources.detect>>['sources'][number];

export interface SourceCardProps {
  readonly source: DetectedSource;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

export function SourceCard({ source, isOn, onChange }: SourceCardProps) {
  const { title, summary, worth, sample } = source;
  return (
    <li className={`card first-run__source ${isOn ? 'first-run__source--on' : ''}`}>
      <SwitchField
        label={title}
        hint={<span className="captured">{worth ?? summary}</span>}
        isOn={isOn}
        onChange={onChange}
      />
      {sample.length === 0 ? (
        <p className="soft small">Nothing is open in it just now.</p>
      ) : (
        <div>
          <p className="soft small" id={`sample-${source.id}`}>
            It would keep, for example:
          </p>
          <ul className="first-run__sample" aria-labelledby={`sample-${source.id}`}>
            {sample.map((line, at) => (
              // oxlint-disable-next-line react/no-array-index-key -- titles may be alike, and their order stands
              <li key={at} className="captured">
                {line}
              </li>
            ))}
          </ul>
        </div>
      )}
    </li>
  );
}
