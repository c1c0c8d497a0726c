// A terminal as it looked, with its colours and all of its lines.

import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from 'react';

import type { Preview } from '../../../shared/contract/schemas.ts';
import { Message } from '../../components/feedback.tsx';
import { plural } from '../../components/format.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { findNearest, lastLines, withoutStyles } from './terminal-text.ts';
import type { TerminalPicture } from './xterm-terminal.ts';

type TerminalPreviewData = Extract<Preview, { type: 'terminal' }>;

/** What a screen reader is given: nobody listens to twenty thousand lines. */
const READ_LINES = 200;
const FONT = "'DejaVu Sans Mono', 'JetBrains Mono', 'SF Mono', Menlo, Consolas, monospace";
const SCROLLS: Readonly<Record<string, readonly ['lines' | 'pages' | 'end', number]>> = {
  ArrowUp: ['lines', -1],
  ArrowDown: ['lines', 1],
  PageUp: ['pages', -1],
  PageDown: ['pages', 1],
  Home: ['end', -1],
  End: ['end', 1],
};

export interface TerminalPreviewProps {
  readonly preview: TerminalPreviewData;
  /** A text to show, near a line of the stored text. */
  readonly find?: { readonly text: string; readonly line: number } | undefined;
}

export function TerminalPreview({ preview, find }: TerminalPreviewProps) {
  const { text, columns, cwd, command, omittedLines } = preview;
  const shown = useMemo(() => text.replace(/\n+$/, ''), [text]);
  return (
    <div className="snapshot-terminal">
      {(command !== undefined || cwd !== undefined) && (
        <dl className="snapshot-facts">
          {command !== undefined && (
            <>
              <dt>Running</dt>
              <dd className="captured mono">{plainTitle(command)}</dd>
            </>
          )}
          {cwd !== undefined && (
            <>
              <dt>Folder</dt>
              <dd className="captured mono">{plainTitle(cwd)}</dd>
            </>
          )}
        </dl>
      )}
      {omittedLines > 0 && (
        <p className="soft small">{plural(omittedLines, 'older line')} are kept, but not shown here.</p>
      )}
      {shown === '' ? (
        <Message>
          Nothing of this terminal's text was captured: what ran in it, and where, is all that is known.
        </Message>
      ) : (
        <Picture text={shown} columns={columns} find={find} omittedLines={omittedLines} />
      )}
    </div>
  );
}

interface PictureProps extends Pick<TerminalPreviewData, 'text' | 'columns' | 'omittedLines'> {
  readonly find: TerminalPreviewProps['find'];
}

function Picture({ text, columns, omittedLines, find }: PictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const picture = useRef<TerminalPicture | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const plain = useMemo(() => showHidden(lastLines(withoutStyles(text), READ_LINES)), [text]);

  useEffect(() => {
    let isGone = false;
    let stop = (): void => undefined;
    import('./xterm-terminal.ts').then(
      ({ drawTerminal }) => {
        if (isGone || box.current === null) return;
        const lineCount = text.split('\n').length;
        const onDrawn = (): void => {
          if (find === undefined) return;
          const found = findNearest(withoutStyles(text), find.text, find.line - 1 - omittedLines);
          if (found !== null) picture.current?.show(found.line, found.column, find.text.length);
        };
        const drawn = drawTerminal({ box: box.current, text, columns, lineCount, fontFamily: FONT, onDrawn });
        picture.current = drawn;
        stop = follow(box.current, drawn);
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      stop();
      picture.current?.dispose();
      picture.current = null;
    };
  }, [text, columns, omittedLines, find]);

  const handleKeyDown = (event: KeyboardEvent): void => {
    const scroll = SCROLLS[event.key];
    if (scroll === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    picture.current?.scroll(...scroll);
  };

  if (hasFailed) return <pre className="captured mono snapshot-terminal__plain">{withoutStyles(text)}</pre>;
  return (
    <>
      <div
        className="snapshot-terminal__box"
        tabIndex={0}
        role="group"
        aria-label="Text of the terminal; arrow keys and Page keys scroll"
        onKeyDown={handleKeyDown}
      >
        <div ref={box} className="snapshot-terminal__picture" aria-hidden />
      </div>
      <pre className="visually-hidden captured">{plain}</pre>
    </>
  );
}

/** Keeps the picture's size with its box, and its colours with the theme. */
function follow(box: HTMLElement, picture: TerminalPicture): () => void {
  const sizes = new ResizeObserver(() => picture.fit());
  const themes = new MutationObserver(() => picture.paint());
  sizes.observe(box);
  themes.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme'] });
  return () => {
    sizes.disconnect();
    themes.disconnect();
  };
}
