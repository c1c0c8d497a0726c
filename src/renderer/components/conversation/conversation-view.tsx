// A conversation as messages, its end first. Only what is in sight is in the page, and only what comes near it is read.

import './conversation.css';

import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useRef, useState } from 'react';

import { Button } from '../button.tsx';
import { ErrorMessage, Message } from '../feedback.tsx';
import { formatCount, plural } from '../format.ts';
import type { ConversationPreview } from './message-blocks.ts';
import { MessageView } from './message.tsx';
import { useMessages, type ReadMessages } from './use-messages.ts';

const MESSAGE_HEIGHT = 140;
const AHEAD = 20;

export interface ConversationViewProps {
  /** Reads a window of messages; another one means another conversation. */
  readonly read: ReadMessages;
  readonly preview: ConversationPreview;
  readonly find?: { readonly text: string; readonly line: number } | undefined;
}

export function ConversationView({ read, preview, find }: ConversationViewProps) {
  const { loaded, error, need, find: findMessage, retry } = useMessages(read, preview);
  const [found, setFound] = useState<number | null | undefined>(undefined);
  const scroller = useRef<HTMLDivElement>(null);
  const unfolded = useRef(new Set<string>());
  const virtualizer = useVirtualizer({
    count: loaded.count,
    getScrollElement: () => scroller.current,
    estimateSize: () => MESSAGE_HEIGHT,
    overscan: 4,
    gap: 10,
  });
  const rows = virtualizer.getVirtualItems();
  const first = virtualizer.range?.startIndex ?? 0;
  const last = virtualizer.range?.endIndex ?? -1;

  useLayoutEffect(() => {
    if (loaded.count > 0) virtualizer.scrollToIndex(loaded.count - 1, { align: 'end' });
    // Once: a person who reads is not moved.
  }, [virtualizer]);

  useEffect(() => {
    if (last >= 0 && error === null) need(first - AHEAD, last + AHEAD);
  }, [first, last, need, error]);

  useEffect(() => {
    if (find === undefined) return undefined;
    let isGone = false;
    findMessage(find.text, find.line).then(
      (index) => {
        if (isGone) return;
        setFound(index);
        if (index !== null) virtualizer.scrollToIndex(index, { align: 'center' });
      },
      () => undefined, // the messages in sight tell of it
    );
    return () => {
      isGone = true;
    };
  }, [find, findMessage, virtualizer]);

  if (loaded.count === 0) return <Message>There are no messages in it yet.</Message>;
  return (
    <div className="conversation">
      <div className="row wrap">
        <span className="soft small grow" role="status">
          {plural(loaded.count, 'message')}
          {preview.isCut === true && ' at its end (what came before is kept, but too long to be shown)'}
          {last >= 0 && `, ${formatCount(first + 1)} to ${formatCount(last + 1)} in sight`}
          {find !== undefined && found === null && '; the text that was searched for stands in none that is shown'}
        </span>
        <Button look="quiet" onClick={() => virtualizer.scrollToIndex(0, { align: 'start' })}>
          To the beginning
        </Button>
        <Button look="quiet" onClick={() => virtualizer.scrollToIndex(loaded.count - 1, { align: 'end' })}>
          To the end
        </Button>
      </div>
      {error !== null && <ErrorMessage error={error} onRetry={retry} />}
      <div ref={scroller} className="conversation__list" tabIndex={0} role="group" aria-label="Messages">
        <div role="list" style={{ height: virtualizer.getTotalSize(), position: 'relative' }}>
          {rows.map(({ key, index, start }) => {
            const message = loaded.messages.get(index);
            return (
              <div
                key={key}
                ref={virtualizer.measureElement}
                data-index={index}
                role="listitem"
                aria-posinset={index + 1}
                aria-setsize={loaded.count}
                className="conversation__row"
                style={{ transform: `translateY(${start}px)` }}
              >
                {message === undefined ? (
                  <div className="conversation-message conversation-message--waiting soft">
                    Message {formatCount(index + 1)}…
                  </div>
                ) : (
                  <MessageView
                    message={message}
                    number={index + 1}
                    isFound={found === index}
                    unfolded={unfolded.current}
                  />
                )}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
