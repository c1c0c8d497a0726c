// Lines of a change: signs and words for those who do not see the colours, numbers of both sides, the language's colours.

import { useMemo, useState } from 'react';

import { Button } from '../button.tsx';
import { formatCount } from '../format.ts';
import { CodeLine } from './code-line.tsx';
import { highlightPatch, type PatchLine } from './patch-lines.ts';
import { useHighlighter } from './use-highlight.ts';
import './code.css';

const LINES_AT_ONCE = 600;
const SIGNS = { added: '+', removed: '−', context: ' ', hunk: '', note: '' } as const;
const SAID = { added: 'added: ', removed: 'removed: ', context: '', hunk: '', note: 'note: ' } as const;

export interface DiffLinesProps {
  readonly lines: readonly PatchLine[];
  readonly language: string;
  readonly label: string;
}

export function DiffLines({ lines, language, label }: DiffLinesProps) {
  const highlight = useHighlighter();
  const [shown, setShown] = useState(LINES_AT_ONCE);
  const visible = useMemo(() => lines.slice(0, shown), [lines, shown]);
  const coloured = useMemo(() => highlightPatch(visible, language, highlight), [visible, language, highlight]);
  const left = lines.length - shown;
  return (
    <div className="code-block">
      <div className="code-diff captured" role="group" aria-label={label} tabIndex={0}>
        {visible.map(({ type, text, oldNumber, newNumber }, at) => (
          <div key={at} className={`code-diff__line code-diff__line--${type}`}>
            <span className="code-diff__number" aria-hidden>
              {oldNumber}
            </span>
            <span className="code-diff__number" aria-hidden>
              {newNumber}
            </span>
            <span className="code-diff__sign" aria-hidden>
              {SIGNS[type]}
            </span>
            <span className="code-diff__text">
              {SAID[type] !== '' && <span className="visually-hidden">{SAID[type]}</span>}
              {type === 'hunk' ? `⋯ ${text}` : <CodeLine segments={coloured[at] ?? []} />}
            </span>
          </div>
        ))}
      </div>
      {left > 0 && (
        <Button className="code-more" onClick={() => setShown(shown + LINES_AT_ONCE * 2)}>
          Show more ({formatCount(left)} lines)
        </Button>
      )}
    </div>
  );
}
