// What changed in one item: what it says of itself, its texts, and for what can be read line by line, the lines.

import { useMemo } from 'react';

import type { DiffView, Preview } from '../../../shared/contract/schemas.ts';
import { api } from '../../client/client.ts';
import { useQuery } from '../../client/use-query.ts';
import { DiffLines } from '../../components/code/diff-lines.tsx';
import { ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatBytes, formatCount, plural } from '../../components/format.ts';
import { RepositoryView } from '../../components/preview/repository-preview.tsx';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { attributeChanges } from './attribute-changes.ts';
import { diffLines, newestLines } from './line-diff.ts';
import { ofDevice } from '../../stores/sync.ts';

type Change = DiffView['changed'][number];

const STYLES = /\u001b\[[0-9;:]*m/g;
/** Beyond these a terminal's text is compared from its end. */
const MAX_LINES = 5_000;

export interface ChangeDetailsProps {
  readonly change: Change;
  readonly from: string;
  /** A snapshot, or `now`. */
  readonly to: string;
}

export function ChangeDetails({ change, from, to }: ChangeDetailsProps) {
  const facts = useMemo(() => attributeChanges(change), [change]);
  const { streams, before, after } = change;
  return (
    <div className="compare-details">
      {before.stale !== after.stale && (
        <p className="soft">{after.stale ? 'It could no longer be read.' : 'It could be read again.'}</p>
      )}
      {facts.length > 0 && (
        <div className="compare-table" tabIndex={0} role="group" aria-label="What it says of itself">
          <table className="table">
            <thead>
              <tr>
                <th scope="col">What</th>
                <th scope="col">Before</th>
                <th scope="col">After</th>
              </tr>
            </thead>
            <tbody>
              {facts.map(({ name, before: old, after: now }) => (
                <tr key={name}>
                  <th scope="row" className="captured">
                    {plainTitle(name)}
                  </th>
                  <td className="captured mono">{old === '' ? <span className="soft">none</span> : showHidden(old)}</td>
                  <td className="captured mono">{now === '' ? <span className="soft">none</span> : showHidden(now)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {streams.length > 0 && (
        <ul>
          {streams.map(({ name, sizeBytesBefore, sizeBytesAfter }) => (
            <li key={name}>
              <span className="captured mono">{plainTitle(name)}</span>: {formatBytes(sizeBytesBefore)} before,{' '}
              {formatBytes(sizeBytesAfter)} after
            </li>
          ))}
        </ul>
      )}
      {to !== 'now' && <Contents change={change} from={from} to={to} />}
    </div>
  );
}

function Contents({ change, from, to }: ChangeDetailsProps) {
  const { key } = change;
  const { data, error, reload } = useQuery(`${from} ${to} ${key}`, (signal) =>
    Promise.all([from, to].map((id) => api.snapshots.preview({ id, key, limit: 1, ...ofDevice() }, { signal }))),
  );
  if (error !== null) return <ErrorMessage error={error} onRetry={reload} />;
  const [before, after] = data ?? [];
  if (before === undefined || after === undefined) return <Loading what="Reading both" />;
  if (before.type === 'conversation' && after.type === 'conversation')
    return (
      <p>
        {plural(before.messageCount, 'message')} before, {formatCount(after.messageCount)} after.
      </p>
    );
  if (before.type === 'repository' && after.type === 'repository')
    return (
      <div className="compare-sides">
        <section aria-label="Before" className="stack">
          <h4>Before</h4>
          <RepositoryView preview={before} />
        </section>
        <section aria-label="After" className="stack">
          <h4>After</h4>
          <RepositoryView preview={after} />
        </section>
      </div>
    );
  const [old, now] = [textOf(before), textOf(after)];
  if (old === null || now === null) return null;
  return <TextChange before={old} after={now} language={after.type === 'document' ? after.language : ''} />;
}

function TextChange({
  before,
  after,
  language,
}: {
  readonly before: string;
  readonly after: string;
  readonly language: string;
}) {
  const diff = useMemo(
    () => diffLines(newestLines(showHidden(before), MAX_LINES), newestLines(showHidden(after), MAX_LINES)),
    [before, after],
  );
  if (diff.lines.length === 0) return <p className="soft">The text that is shown is the same; colours may differ.</p>;
  return (
    <div className="stack">
      <p>
        <span className="compare-added">+{formatCount(diff.added)}</span> added,{' '}
        <span className="compare-removed">−{formatCount(diff.removed)}</span> removed
      </p>
      {diff.isRough && <Message>The texts differ in so much that what was replaced is shown as a whole.</Message>}
      <DiffLines lines={diff.lines} language={language} label="Lines that changed" />
    </div>
  );
}

function textOf(preview: Preview): string | null {
  if (preview.type === 'document') return preview.text;
  if (preview.type === 'commands') return preview.commands.map(({ command }) => command).join('\n');
  return preview.type === 'terminal' ? preview.text.replace(STYLES, '').trimEnd() : null;
}
