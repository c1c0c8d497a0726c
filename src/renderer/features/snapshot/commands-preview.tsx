// The commands of a shell as a table, the newest first. Nothing here runs: a command is text to read and to copy.

import { useEffect, useRef, useState } from 'react';

import type { Preview } from '../../../shared/contract/schemas.ts';
import { Button } from '../../components/button.tsx';
import { Message } from '../../components/feedback.tsx';
import { formatCount, formatDay, formatSecond, formatWhole, plural } from '../../components/format.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { findCommand, groupByFolder, tellDuration, tellExit, type ShownCommand } from './command-words.ts';

/** Rows that are shown before somebody asks for more. */
const FIRST_ROWS = 200;

export interface CommandsPreviewProps {
  readonly preview: Extract<Preview, { type: 'commands' }>;
  /** A text to show. */
  readonly find?: { readonly text: string } | undefined;
}

export function CommandsPreview({ preview, find }: CommandsPreviewProps) {
  const { shell, commands, omitted } = preview;
  const found = find === undefined ? -1 : findCommand(commands, find.text);
  const [isWhole, setWhole] = useState(found >= 0 && found < commands.length - FIRST_ROWS);
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => row.current?.scrollIntoView({ block: 'center' }), [found]);
  if (commands.length === 0) return <Message>No command of this shell was kept.</Message>;
  const first = isWhole ? 0 : Math.max(0, commands.length - FIRST_ROWS);
  return (
    <div className="stack">
      <table className="table snapshot-commands">
        <caption className="soft small snapshot-commands__caption">
          {plural(commands.length, 'command')} of {plainTitle(shell) || 'a shell'}, newest first
        </caption>
        <thead>
          <tr>
            <th scope="col">Begun</th>
            <th scope="col">Command</th>
            <th scope="col" className="snapshot-commands__number">
              Took
            </th>
            <th scope="col" className="snapshot-commands__number">
              Exit code
            </th>
          </tr>
        </thead>
        {groupByFolder(commands, first).map(({ cwd, rows }) => (
          <tbody key={rows[0]?.at}>
            {cwd !== undefined && (
              <tr>
                <th scope="rowgroup" colSpan={4} className="captured mono snapshot-commands__folder">
                  {plainTitle(cwd)}
                </th>
              </tr>
            )}
            {rows.map(({ command, at }) => (
              <tr
                key={at}
                ref={at === found ? row : null}
                className={at === found ? 'snapshot-commands__found' : undefined}
                aria-current={at === found ? 'true' : undefined}
              >
                <Cells command={command} />
              </tr>
            ))}
          </tbody>
        ))}
      </table>
      {first > 0 && <Button onClick={() => setWhole(true)}>Show {formatCount(first)} older</Button>}
      {omitted > 0 && (
        <p className="soft small">
          {plural(omitted, 'older command')} are kept, but not shown here. Search finds them.
        </p>
      )}
    </div>
  );
}

function Cells({ command: { command, at, durationMs, exitCode } }: { readonly command: ShownCommand }) {
  return (
    <>
      <td className="snapshot-commands__time">
        {at === undefined ? (
          <span className="soft">unknown</span>
        ) : (
          <time dateTime={at} title={formatWhole(at)}>
            <span className="soft">{formatDay(at)}</span> {formatSecond(at)}
          </time>
        )}
      </td>
      <td className="captured mono snapshot-commands__line">{showHidden(command)}</td>
      <td className="snapshot-commands__number">{durationMs === undefined ? '' : tellDuration(durationMs)}</td>
      <td className="snapshot-commands__number">
        {exitCode === undefined ? (
          ''
        ) : (
          <span className={exitCode === 0 ? 'soft' : 'snapshot-commands__failed'}>{tellExit(exitCode)}</span>
        )}
      </td>
    </>
  );
}
