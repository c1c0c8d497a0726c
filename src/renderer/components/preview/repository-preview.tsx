// A repository as it was: branch, and each changed file with its patch.

import { useMemo, useState } from 'react';

import type { Preview } from '../../../shared/contract/schemas.ts';
import { Button } from '../button.tsx';
import { DiffLines } from '../code/diff-lines.tsx';
import { parsePatch } from '../code/patch-lines.ts';
import { formatCount, plural } from '../format.ts';
import { plainTitle, showHidden } from '../visible-text.ts';
import './preview.css';

type RepositoryPreview = Extract<Preview, { type: 'repository' }>;
type PreviewFile = RepositoryPreview['files'][number];

const FILES_AT_ONCE = 100;
/** A patch with more lines is folded until somebody asks for it, and so is each after so many lines were shown. */
const OPEN_PATCH_LINES = 120;
const OPEN_LINES_TOGETHER = 400;
const STATES: Readonly<Record<PreviewFile['state'], string>> = {
  staged: 'staged',
  unstaged: 'changed, not staged',
  untracked: 'new, not tracked',
  conflict: 'in conflict',
  unpushed: 'not pushed',
};

export function RepositoryView({ preview }: { readonly preview: RepositoryPreview }) {
  const { path, branch, files, commits, stashes } = preview;
  const [shown, setShown] = useState(FILES_AT_ONCE);
  const open = useMemo(() => openFiles(files), [files]);
  return (
    <div className="preview-repository">
      <dl className="preview-facts">
        <dt>Folder</dt>
        <dd className="captured mono">{plainTitle(path)}</dd>
        <dt>Branch</dt>
        <dd className="captured mono">{branch === '' ? 'none' : plainTitle(branch)}</dd>
        {stashes > 0 && (
          <>
            <dt>Stashes</dt>
            <dd>{plural(stashes, 'stash', 'stashes')}</dd>
          </>
        )}
      </dl>
      {commits.length > 0 && (
        <section className="stack" aria-label="Commits that were not pushed">
          <h3>{plural(commits.length, 'commit')} not pushed</h3>
          <ol className="preview-commits">
            {commits.map(({ id, subject }) => (
              <li key={id}>
                <code className="mono soft">{id.slice(0, 8)}</code>{' '}
                <span className="captured">{plainTitle(subject)}</span>
              </li>
            ))}
          </ol>
        </section>
      )}
      <h3>{files.length === 0 ? 'No changed files' : plural(files.length, 'changed file')}</h3>
      <ul className="preview-files">
        {files.slice(0, shown).map((file, at) => (
          <li key={`${file.state} ${file.path}`}>
            <FileChange file={file} isOpenFirst={open.has(at)} />
          </li>
        ))}
      </ul>
      {files.length > shown && (
        <Button onClick={() => setShown(shown + FILES_AT_ONCE * 5)}>
          Show more ({formatCount(files.length - shown)} files)
        </Button>
      )}
    </div>
  );
}

function FileChange({ file, isOpenFirst }: { readonly file: PreviewFile; readonly isOpenFirst: boolean }) {
  const [isOpen, setOpen] = useState(isOpenFirst);
  const { path, state, added, removed, patch, language } = file;
  const name = (
    <>
      <span className="captured mono preview-file__path">{plainTitle(path)}</span>
      <span className="badge">{STATES[state]}</span>
      <span className="preview-file__counts">
        <span className="preview-added">
          +{formatCount(added)}
          <span className="visually-hidden"> lines added</span>
        </span>{' '}
        <span className="preview-removed">
          −{formatCount(removed)}
          <span className="visually-hidden"> lines removed</span>
        </span>
      </span>
    </>
  );
  if (patch === '') return <div className="preview-file preview-file--plain">{name}</div>;
  return (
    <details className="preview-file" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>{name}</summary>
      {isOpen && <Patch patch={patch} language={language} path={path} />}
    </details>
  );
}

function Patch({
  patch,
  language,
  path,
}: {
  readonly patch: string;
  readonly language: string;
  readonly path: string;
}) {
  const lines = useMemo(() => parsePatch(showHidden(patch)), [patch]);
  return <DiffLines lines={lines} language={language} label={`Changes of ${plainTitle(path)}`} />;
}

function openFiles(files: readonly PreviewFile[]): ReadonlySet<number> {
  const open = new Set<number>();
  let together = 0;
  for (const [at, { added, removed }] of files.entries()) {
    const lines = added + removed;
    if (lines > OPEN_PATCH_LINES || together + lines > OPEN_LINES_TOGETHER) continue;
    together += lines;
    open.add(at);
  }
  return open;
}
