// One item of a snapshot: what it looked like, what can be done with it, and what it says of itself.

import { useCallback, useMemo } from 'react';
import { Link } from 'wouter';

import type { ItemView, Preview } from '../../../shared/contract/schemas.ts';
import { assertNever } from '../../../shared/model/app-error.ts';
import { api } from '../../client/client.ts';
import { useAction } from '../../client/use-action.ts';
import { useQuery } from '../../client/use-query.ts';
import { itemAddress, restoreAddress } from '../../components/addresses.ts';
import { Button } from '../../components/button.tsx';
import { ConversationView, type ConversationViewProps } from '../../components/conversation/conversation-view.tsx';
import { ErrorMessage, Loading, Message } from '../../components/feedback.tsx';
import { formatMoment, KIND_NAMES } from '../../components/format.ts';
import { Facts } from '../../components/items/facts.tsx';
import { KindIcon } from '../../components/kind-icon.tsx';
import { RepositoryView } from '../../components/preview/repository-preview.tsx';
import { plainTitle } from '../../components/visible-text.ts';
import { showToast } from '../../stores/toasts.ts';
import { CommandsPreview } from './commands-preview.tsx';
import { previewText } from './preview-text.ts';
import { DocumentPreview, TabPreview } from './simple-previews.tsx';
import { TerminalPreview } from './terminal-preview.tsx';
import './preview.css';
import { ofDevice } from '../../stores/sync.ts';

const FIRST_MESSAGES = 40;
/** A little more than a screen holds: all lines of a long terminal take longer than anybody wants to wait for its end. */
const FIRST_LINES = 400;
const COPIED_MESSAGES = 2_000;

export interface ItemPreviewProps {
  readonly snapshotId: string;
  readonly item: ItemView;
  /** What was searched for, and in which line of the stored text it was found. */
  readonly find?: { readonly text: string; readonly line: number } | undefined;
  /** False where the page itself shows the versions, and restores the one that is chosen. */
  readonly hasLinks?: boolean;
}

export function ItemPreview({ snapshotId, item, find, hasLinks = true }: ItemPreviewProps) {
  const { key, kind, title, project, stale, goodAt } = item;
  const first = useQuery(`${snapshotId} ${key}`, (signal) =>
    api.snapshots.preview(
      { id: snapshotId, key, limit: FIRST_MESSAGES, lines: FIRST_LINES, ...ofDevice() },
      { signal },
    ),
  );
  const isPart = first.data?.type === 'terminal' && first.data.omittedLines > 0;
  const rest = useQuery(
    `${snapshotId} ${key} whole`,
    (signal) => api.snapshots.preview({ id: snapshotId, key, ...ofDevice() }, { signal }),
    {
      isEnabled: isPart,
    },
  );
  const { data, isLoading } = first;
  const error = first.error ?? rest.error;
  const reload = (): void => {
    if (first.error !== null) first.reload();
    if (rest.error !== null) rest.reload();
  };
  const whole = isPart ? rest.data : data;
  const copy = useAction(async () => {
    if (whole === null) return;
    await navigator.clipboard.writeText(previewText(await wholePreview(snapshotId, key, whole), item));
    showToast({ text: 'Copied.', tone: 'info' });
  });
  return (
    <section
      className="snapshot-preview"
      aria-label={`Preview of the ${KIND_NAMES[kind].one}`}
      id="preview"
      tabIndex={-1}
    >
      <header className="snapshot-preview__head">
        <KindIcon kind={kind} size={18} />
        <h2 className="captured grow snapshot-preview__title">{plainTitle(title) || 'Without a title'}</h2>
        {project !== undefined && <span className="badge captured">{plainTitle(project)}</span>}
        <div className="row wrap">
          {hasLinks && (
            <>
              {item.attributes['isHistory'] !== true && (
                <Link className="button" href={restoreAddress(snapshotId, [key])}>
                  Restore only this
                </Link>
              )}
              <Link className="button" href={itemAddress(key)}>
                All its versions
              </Link>
            </>
          )}
          <Button disabled={whole === null || copy.isRunning} onClick={() => void copy.run()}>
            Copy text
          </Button>
        </div>
      </header>
      {stale && (
        <Message tone="warn">
          It could not be read at this time
          {goodAt === undefined ? '' : `: this is how it looked ${formatMoment(goodAt)}`}.
        </Message>
      )}
      {copy.error !== null && <ErrorMessage error={copy.error} />}
      {error !== null && <ErrorMessage error={error} onRetry={reload} />}
      {data === null && isLoading && <Loading what="Reading it" />}
      {data !== null && (
        <div className="snapshot-preview__content" data-preview={data.type}>
          <Content key={`${snapshotId} ${key}`} {...{ snapshotId, item, find }} preview={data} whole={whole} />
        </div>
      )}
      <details className="snapshot-preview__facts">
        <summary>What is known of it</summary>
        <Facts item={item} />
      </details>
    </section>
  );
}

interface ContentProps extends Pick<ItemPreviewProps, 'snapshotId' | 'item' | 'find'> {
  readonly preview: Preview;
  /** All that is shown of it; null until that is here. */
  readonly whole: Preview | null;
}

function Content({ snapshotId, item, preview, whole, find }: ContentProps) {
  // The same object as long as it says the same.
  const place = useMemo(
    () => (find === undefined ? undefined : { text: find.text, line: find.line }),
    [find?.text, find?.line],
  );
  switch (preview.type) {
    case 'terminal':
      return <TerminalPreview preview={preview} whole={whole?.type === 'terminal' ? whole : null} find={place} />;
    case 'conversation':
      return <ItemConversation snapshotId={snapshotId} itemKey={item.key} preview={preview} find={place} />;
    case 'tab':
      return <TabPreview preview={preview} title={item.title} />;
    case 'document':
      return <DocumentPreview preview={preview} />;
    case 'repository':
      return <RepositoryView preview={preview} />;
    case 'commands':
      return <CommandsPreview preview={preview} find={place} />;
    case 'facts':
      return (
        <div className="card">
          <Facts item={item} />
        </div>
      );
    default:
      return assertNever(preview);
  }
}

/** With all messages of a conversation. */
async function wholePreview(id: string, key: string, preview: Preview): Promise<Preview> {
  if (preview.type !== 'conversation') return preview;
  const messages: (typeof preview)['messages'] = [];
  while (messages.length < preview.messageCount) {
    const next = await api.snapshots.preview({
      id,
      key,
      firstIndex: messages.length,
      limit: COPIED_MESSAGES,
      ...ofDevice(),
    });
    if (next.type !== 'conversation' || next.messages.length === 0) break;
    messages.push(...next.messages);
  }
  return { ...preview, messages };
}

function ItemConversation({
  snapshotId,
  itemKey,
  ...rest
}: Omit<ConversationViewProps, 'read'> & { readonly snapshotId: string; readonly itemKey: ItemView['key'] }) {
  const read = useCallback(
    async (firstIndex: number, limit: number) => {
      const preview = await api.snapshots.preview({ id: snapshotId, key: itemKey, firstIndex, limit, ...ofDevice() });
      return preview.type === 'conversation' ? preview : null;
    },
    [snapshotId, itemKey],
  );
  return <ConversationView read={read} {...rest} />;
}
