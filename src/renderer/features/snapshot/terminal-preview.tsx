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
  /** Its end at least: what is drawn first. */
  readonly preview: TerminalPreviewData;
  /** As many lines as are ever shown; null until they are here. */
  readonly whole: TerminalPreviewData | null;
  /** A text to show, near a line of the stored text. */
  readonly find?: { readonly text: string; readonly line: number } | undefined;
}

export function TerminalPreview({ preview, whole, find }: TerminalPreviewProps) {
  const { text, columns, cwd, command } = preview;
  const omittedLines = whole?.omittedLines ?? 0;
  const shown = useMemo(() => withoutBlankEnd(text), [text]);
  const all = useMemo(() => (whole === null ? null : withoutBlankEnd(whole.text)), [whole]);
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
        <Picture text={shown} whole={all} columns={columns} find={find} omittedLines={omittedLines} />
      )}
    </div>
  );
}

function withoutBlankEnd(text: string): string {
  let end = text.length;
  while (text[end - 1] === '\n') end -= 1;
  return text.slice(0, end);
}

interface PictureProps extends Pick<TerminalPreviewData, 'text' | 'columns' | 'omittedLines'> {
  readonly whole: string | null;
  readonly find: TerminalPreviewProps['find'];
}

function Picture({ text, whole, columns, omittedLines, find }: PictureProps) {
  const box = useRef<HTMLDivElement>(null);
  const [picture, setPicture] = useState<TerminalPicture | null>(null);
  const [hasFailed, setFailed] = useState(false);
  const plain = useMemo(() => showHidden(withoutStyles(lastLines(text, READ_LINES))), [text]);

  useEffect(() => {
    let isGone = false;
    let stop = (): void => undefined;
    import('./xterm-terminal.ts').then(
      ({ drawTerminal }) => {
        if (isGone || box.current === null) return;
        const drawn = drawTerminal({ box: box.current, text, columns, fontFamily: FONT });
        setPicture(drawn);
        const unfollow = follow(box.current, drawn);
        stop = () => {
          unfollow();
          drawn.dispose();
        };
      },
      () => setFailed(true),
    );
    return () => {
      isGone = true;
      setPicture(null);
      stop();
    };
  }, [text, columns]);

  useEffect(() => {
    if (picture === null || whole === null) return;
    picture.complete(whole, () => {
      if (find === undefined) return;
      const found = findNearest(withoutStyles(whole), find.text, find.line - 1 - omittedLines);
      if (found !== null) picture.show(found.line, found.column, find.text.length);
    });
  }, [picture, whole, omittedLines, find]);

  const handleKeyDown = (event: KeyboardEvent): void => {
    const scroll = SCROLLS[event.key];
    if (scroll === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    picture?.scroll(...scroll);
  };

  if (hasFailed) return <pre className="captured mono snapshot-terminal__plain">{withoutStyles(whole ?? text)}</pre>;
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
