// One message of a conversation: its text, code in colours; what the model thought and did, folded.

import { memo, useMemo, useState, type ReactNode } from 'react';

import { Button } from '../button.tsx';
import { CodeBlock } from '../code/code-block.tsx';
import { formatBytes, formatCount, formatMoment, formatWhole } from '../format.ts';
import { plainTitle, showHidden } from '../visible-text.ts';
import { ROLE_NAMES, splitBlocks, summarizeInput, toPieces, type Message, type Piece } from './message-blocks.ts';

const MAX_TEXT = 6_000;

export interface MessageViewProps {
  readonly message: Message;
  /** Its number, from 1. */
  readonly number: number;
  readonly isFound: boolean;
  /** Names of what was unfolded; it outlives the message's time in the page. */
  readonly unfolded: Set<string>;
}

export const MessageView = memo(({ message, number, isFound, unfolded }: MessageViewProps) => {
  const { role, at, model, parts, isPartial = false } = message;
  const pieces = useMemo(() => toPieces(parts), [parts]);
  return (
    <article className={`conversation-message conversation-message--${role}`} data-found={isFound || undefined}>
      <header className="conversation-message__head">
        <strong>{ROLE_NAMES[role]}</strong>
        {model !== undefined && <span className="captured soft small">{plainTitle(model)}</span>}
        {isPartial && <span className="badge badge--warn">broken off</span>}
        {isFound && <span className="badge badge--accent">found here</span>}
        <span className="grow" />
        {at !== undefined && (
          <time className="soft small" dateTime={at} title={formatWhole(at)}>
            {formatMoment(at)}
          </time>
        )}
        <span className="soft small">#{formatCount(number)}</span>
      </header>
      {pieces.map((piece, at) => (
        <PieceView key={at} piece={piece} name={`${number}.${at}`} unfolded={unfolded} />
      ))}
    </article>
  );
});

function PieceView({
  piece,
  name,
  unfolded,
}: {
  readonly piece: Piece;
  readonly name: string;
  readonly unfolded: Set<string>;
}) {
  switch (piece.type) {
    case 'text':
      return <Text text={piece.text} />;
    case 'thinking':
      return (
        <Fold name={name} unfolded={unfolded} summary="Thinking">
          <Text text={piece.text} />
        </Fold>
      );
    case 'image':
      return (
        <p className="soft">
          Image (<span className="captured">{piece.mediaType}</span>, {formatBytes(piece.sizeBytes)})
        </p>
      );
    case 'tool':
      return (
        <Fold
          name={name}
          unfolded={unfolded}
          summary={
            <>
              <span className="captured mono">{piece.name === '' ? 'Result' : plainTitle(piece.name)}</span>
              <span className="captured mono soft conversation-fold__input">
                {plainTitle(summarizeInput(piece.input))}
              </span>
              {piece.isError && <span className="badge badge--bad">failed</span>}
            </>
          }
        >
          {piece.input !== '' && (
            <CodeBlock text={piece.input} language="json" label={`What ${plainTitle(piece.name)} was given`} />
          )}
          {piece.result === null ? (
            <p className="soft">It gave nothing back.</p>
          ) : (
            <CodeBlock text={piece.result} language="" label="What it gave back" />
          )}
        </Fold>
      );
  }
}

/** Its content is made when it is unfolded. */
function Fold({
  name,
  summary,
  unfolded,
  children,
}: {
  readonly name: string;
  readonly summary: ReactNode;
  readonly unfolded: Set<string>;
  readonly children: ReactNode;
}) {
  const [isOpen, setOpen] = useState(unfolded.has(name));
  const handleToggle = (open: boolean): void => {
    setOpen(open);
    if (open) unfolded.add(name);
    else unfolded.delete(name);
  };
  return (
    <details className="conversation-fold" open={isOpen} onToggle={(event) => handleToggle(event.currentTarget.open)}>
      <summary>{summary}</summary>
      {isOpen && <div className="conversation-fold__content">{children}</div>}
    </details>
  );
}

function Text({ text }: { readonly text: string }) {
  const [isWhole, setWhole] = useState(text.length <= MAX_TEXT);
  const blocks = useMemo(() => splitBlocks(isWhole ? text : text.slice(0, MAX_TEXT)), [text, isWhole]);
  return (
    <>
      {blocks.map((block, at) =>
        block.type === 'code' ? (
          <CodeBlock key={at} text={block.text} language={block.language} label="Code" />
        ) : (
          <p key={at} className="captured conversation-message__text">
            {showHidden(block.text)}
          </p>
        ),
      )}
      {!isWhole && <Button onClick={() => setWhole(true)}>Show all ({formatCount(text.length)} characters)</Button>}
    </>
  );
}
