// A text as it was written, with the colours of its language. A long one is shown in parts.

import { useMemo, useState } from 'react';

import { Button } from '../button.tsx';
import { formatCount } from '../format.ts';
import { showHidden } from '../visible-text.ts';
import { CodeLine } from './code-line.tsx';
import { useHighlightedLines } from './use-highlight.ts';
import './code.css';

const LINES_AT_ONCE = 1_000;

export interface CodeBlockProps {
  readonly text: string;
  readonly language: string;
  /** What it is, for those who cannot see where it stands. */
  readonly label: string;
  readonly hasNumbers?: boolean;
}

export function CodeBlock({ text, language, label, hasNumbers = false }: CodeBlockProps) {
  const visible = useMemo(() => showHidden(text), [text]);
  const lines = useHighlightedLines(visible, language);
  const [shown, setShown] = useState(LINES_AT_ONCE);
  const left = lines.length - shown;
  return (
    <div className="code-block">
      <pre className="code-text captured" tabIndex={0} aria-label={label} role="group">
        {lines.slice(0, shown).map((line, at) => (
          <span key={at} className="code-line" data-number={hasNumbers ? at + 1 : undefined}>
            <CodeLine segments={line} />
            {'\n'}
          </span>
        ))}
      </pre>
      {left > 0 && (
        <Button className="code-more" onClick={() => setShown(shown + LINES_AT_ONCE)}>
          Show more ({formatCount(left)} lines)
        </Button>
      )}
    </div>
  );
}
