// Tabs and files as they were. An address is text: nothing that was captured can be followed from here.

import type { Preview } from '../../../shared/contract/schemas.ts';
import { CodeBlock } from '../../components/code/code-block.tsx';
import { plural } from '../../components/format.ts';
import { plainTitle, showHidden } from '../../components/visible-text.ts';
import { cursorWords, textWords, type DocumentView } from './document-words.ts';

export function TabPreview({
  preview,
  title,
}: {
  readonly preview: Extract<Preview, { type: 'tab' }>;
  readonly title: string;
}) {
  const { url, history, isPinned, group } = preview;
  return (
    <div className="stack">
      <dl className="snapshot-facts">
        <dt>Title</dt>
        <dd className="captured">{plainTitle(title)}</dd>
        <dt>Address</dt>
        <dd className="captured mono">{showHidden(url)}</dd>
        {group !== undefined && (
          <>
            <dt>Tab group</dt>
            <dd className="captured">{group === '' ? 'without a name' : plainTitle(group)}</dd>
          </>
        )}
        {isPinned && (
          <>
            <dt>Pinned</dt>
            <dd>yes</dd>
          </>
        )}
      </dl>
      {history.length > 1 && (
        <section className="stack" aria-label="History of the tab">
          <h3>{plural(history.length, 'page')} of its history</h3>
          <ol className="snapshot-history">
            {history.map((page, at) => (
              <li key={at}>
                <span className="captured">{plainTitle(page.title === '' ? page.url : page.title)}</span>
                <span className="captured mono soft small">{showHidden(page.url)}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
    </div>
  );
}

export function DocumentPreview({ preview }: { readonly preview: DocumentView }) {
  const { path, editor, text, language } = preview;
  const cursor = cursorWords(preview);
  return (
    <div className="stack">
      <dl className="snapshot-facts">
        <dt>File</dt>
        <dd className="captured mono">{plainTitle(path)}</dd>
        {editor !== undefined && (
          <>
            <dt>Open in</dt>
            <dd className="captured">{plainTitle(editor)}</dd>
          </>
        )}
        {cursor !== '' && (
          <>
            <dt>Cursor</dt>
            <dd>{cursor}</dd>
          </>
        )}
      </dl>
      <p className="soft">{textWords(preview)}</p>
      {text !== '' && <CodeBlock text={text} language={language} label={`Text of ${plainTitle(path)}`} hasNumbers />}
    </div>
  );
}
