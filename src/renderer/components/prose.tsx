// Sentences of the core, in which commands and file names stand between backticks: shown as code, and never as anything else.

import { Fragment } from 'react';

export function Prose({ text }: { readonly text: string }) {
  return (
    <span className="captured">
      {text.split(/`([^`]+)`/).map((part, at) =>
        at % 2 === 1 ? (
          // oxlint-disable-next-line react/no-array-index-key -- parts of one sentence have no other identity
          <code key={at} className="mono">
            {part}
          </code>
        ) : (
          // oxlint-disable-next-line react/no-array-index-key -- as above
          <Fragment key={at}>{part}</Fragment>
        ),
      )}
    </span>
  );
}
