// Many shapes of dirty repositories: each is captured with the repository untouched to the byte and to the time stamp, and comes
// back identically, index and work tree, in a clean clone.

import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { describeWith } from '../../../support/programs.ts';
import { BRANCH, fingerprint, GitWorkshop, movedTo } from './git-workshop.ts';

type Shape = (workshop: GitWorkshop) => void;

const CHANGES: Readonly<Record<string, Shape>> = {
  'an edit': (w) => w.write('edited.txt', 'one\nTWO\nthree\n'),
  'a staged edit': (w) => {
    w.write('edited.txt', 'staged\n');
    w.git('add', '.');
  },
  'an edit staged and edited again': (w) => {
    w.write('edited.txt', 'staged\n');
    w.git('add', '.');
    w.write('edited.txt', 'staged and edited\n');
  },
  'a staged edit taken back in the work tree': (w) => {
    w.write('edited.txt', 'staged\n');
    w.git('add', '.');
    w.write('edited.txt', 'one\ntwo\nthree\n');
  },
  'an untracked file in new folders': (w) => w.write('deep/er/new.txt', 'new\n'),
  'a staged new file': (w) => {
    w.write('new.txt', 'new\n');
    w.git('add', '.');
  },
  'a staged new file that is deleted again': (w) => {
    w.write('new.txt', 'new\n');
    w.git('add', '.');
    rmSync(join(w.repo, 'new.txt'));
  },
  'a deletion': (w) => rmSync(join(w.repo, 'gone.txt')),
  'a staged deletion': (w) => w.git('rm', '-q', 'gone.txt'),
  'a file that is no longer tracked': (w) => w.git('rm', '-q', '--cached', 'kept.txt'),
  'a deleted folder': (w) => rmSync(join(w.repo, 'folder'), { recursive: true }),
  'a rename': (w) => renameSync(join(w.repo, 'kept.txt'), join(w.repo, 'renamed.txt')),
  'a staged rename with an edit': (w) => {
    w.git('mv', 'kept.txt', 'renamed.txt');
    w.write('renamed.txt', 'kept\nand more\n');
  },
  'a changed binary': (w) => w.write('binary.bin', Buffer.from([9, 0, 9, 0, 255])),
  'a new binary, staged and changed': (w) => {
    w.write('new.bin', Buffer.alloc(5000, 7));
    w.git('add', '.');
    w.write('new.bin', Buffer.alloc(5001, 8));
  },
  'a mode change': (w) => chmodSync(join(w.repo, 'run.sh'), 0o755),
  'a staged mode change with an edit': (w) => {
    chmodSync(join(w.repo, 'run.sh'), 0o755);
    w.git('add', '.');
    w.write('run.sh', 'echo more\n');
  },
  'a symbolic link': (w) => symlinkSync('../outside', join(w.repo, 'link')),
  'a file become a symbolic link': (w) => {
    rmSync(join(w.repo, 'kept.txt'));
    symlinkSync('run.sh', join(w.repo, 'kept.txt'));
  },
  'a file become a folder': (w) => {
    rmSync(join(w.repo, 'gone.txt'));
    w.write('gone.txt/inner', 'x');
  },
  'a folder become a file': (w) => {
    rmSync(join(w.repo, 'folder'), { recursive: true });
    w.write('folder', 'a file now\n');
  },
  'a folder become a symbolic link to its likes': (w) => {
    renameSync(join(w.repo, 'folder'), join(w.repo, 'moved'));
    symlinkSync('moved', join(w.repo, 'folder'));
  },
  'names with newlines, quotes, tabs and backslashes': (w) => {
    w.write('a\nb "c" \\ ü\t.txt', 'odd\n');
    w.write(' leading', 'x');
    w.write('trailing ', 'x');
    w.write('-dash', 'x');
    w.write(':(top)magic', 'x');
    w.write('*.glob?', 'x');
  },
  'a name that is not UTF-8': (w) => {
    writeFileSync(Buffer.concat([Buffer.from(`${w.repo}/`), Buffer.from([0xff, 0xfe, 0x61])]), 'latin\n');
  },
  'no newline at the end': (w) => w.write('edited.txt', 'no newline'),
  'CRLF, NUL and lone CR': (w) => {
    w.write('edited.txt', 'a\r\nb\u0000c\r\n');
    w.write('kept.txt', 'a\rb\r\n');
  },
  'an empty file and an emptied file': (w) => {
    w.write('empty', '');
    w.write('kept.txt', '');
  },
  'an intent to add': (w) => {
    w.write('intent.txt', 'later\n');
    w.git('add', '-N', 'intent.txt');
  },
  'an intent to add beside staged work': (w) => {
    w.write('intent.txt', 'later\n');
    w.git('add', '-N', 'intent.txt');
    w.write('edited.txt', 'staged\n');
    w.git('add', 'edited.txt');
  },
  'lines that look like a patch': (w) =>
    w.write('edited.txt', 'diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-x\n+y\n'),
  'an empty folder, which git does not know': (w) => {
    mkdirSync(join(w.repo, 'empty-folder'));
    w.write('edited.txt', 'edited\n');
  },
  'a large text': (w) => w.write('large.txt', 'a line of text\n'.repeat(150_000)),
  'attributes that call everything binary': (w) => {
    w.write('.gitattributes', '* -diff -text\n');
    w.write('edited.txt', 'edited\n');
  },
  'line ends that git converts': (w) => {
    w.write('.gitattributes', '* text=auto\n');
    w.write('edited.txt', 'one\r\ntwo\r\n');
    w.write('new.txt', 'one\r\ntwo\r\n');
  },
  'an encoding that git converts': (w) => {
    w.write('.gitattributes', '*.utf16 working-tree-encoding=UTF-16LE text\n');
    w.write('a.utf16', Buffer.from('häuser\n', 'utf16le'));
  },
  'an ignored file that was added by force': (w) => {
    w.write('.gitignore', '*.log\n');
    w.write('a.log', 'log\n');
    w.git('add', '-f', 'a.log');
    w.write('b.log', 'not saved\n');
  },
  'a detached HEAD': (w) => {
    w.git('checkout', '-q', '--detach');
    w.write('edited.txt', 'detached\n');
  },
  'a file that git is told to skip': (w) => {
    w.git('update-index', '--skip-worktree', 'kept.txt');
    w.write('kept.txt', 'local\n');
    w.write('edited.txt', 'edited\n');
    w.git('update-index', '--no-skip-worktree', 'kept.txt');
  },
};

const MINUTE_AGO = new Date(Date.now() - 60_000);

/** What must be committed before the change: attributes and line ends that were there all along. */
const BASES: Readonly<Record<string, { base: Shape; change: Shape }>> = {
  'CRLF in the index under automatic conversion': {
    base: (w) => {
      w.write('crlf.txt', 'one\r\ntwo\r\n');
      w.commitAll('crlf');
      w.write('.gitattributes', '* text=auto\n');
      w.commitAll('attributes');
    },
    change: (w) => w.write('crlf.txt', 'one\r\ntwo\r\nthree\r\n'),
  },
  'CRLF in the index under core.autocrlf': {
    base: (w) => {
      w.write('crlf.txt', 'one\r\ntwo\r\n');
      w.commitAll('crlf');
      w.git('config', 'core.autocrlf', 'true');
    },
    change: (w) => {
      w.write('crlf.txt', 'one\r\ntwo\r\nthree\r\n');
      w.write('edited.txt', 'one\r\ntwo\r\n');
    },
  },
  // Only the content tells, and git looks at it only because the index is older than the file.
  'an edit that neither size nor time show': {
    base: (w) => {
      w.git('config', 'core.trustctime', 'false');
      utimesSync(join(w.repo, 'edited.txt'), MINUTE_AGO, MINUTE_AGO);
      w.git('update-index', '--refresh');
    },
    change: (w) => {
      w.write('edited.txt', 'one\nTWO\nthree\n');
      utimesSync(join(w.repo, 'edited.txt'), MINUTE_AGO, MINUTE_AGO);
    },
  },
  'a conflict of two edits': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('edited.txt', 'theirs\n'),
        () => w.write('edited.txt', 'ours\n'),
      ),
    change: (w) => w.gitStops('merge', 'other'),
  },
  'a conflict of two new files': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('both.txt', 'theirs\n'),
        () => w.write('both.txt', 'ours\n'),
      ),
    change: (w) => w.gitStops('merge', 'other'),
  },
  'a conflict: deleted by us': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('gone.txt', 'theirs\n'),
        () => w.git('rm', '-q', 'gone.txt'),
      ),
    change: (w) => w.gitStops('merge', 'other'),
  },
  'a conflict: deleted by them, edited on': {
    base: (w) =>
      twoSides(
        w,
        () => w.git('rm', '-q', 'gone.txt'),
        () => w.write('gone.txt', 'ours\n'),
      ),
    change: (w) => {
      w.gitStops('merge', 'other');
      w.write('gone.txt', 'ours, and more\n');
      w.write('new.txt', 'meanwhile\n');
    },
  },
  'a conflict whose file was removed, beside staged work': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('edited.txt', 'theirs\n'),
        () => w.write('edited.txt', 'ours\n'),
      ),
    change: (w) => {
      w.gitStops('merge', 'other');
      rmSync(join(w.repo, 'edited.txt'));
      w.write('kept.txt', 'staged\n');
      w.git('add', 'kept.txt');
    },
  },
  'a rebase that stopped': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('edited.txt', 'theirs\n'),
        () => w.write('edited.txt', 'ours\n'),
      ),
    change: (w) => w.gitStops('rebase', 'other'),
  },
  'a cherry-pick that stopped': {
    base: (w) =>
      twoSides(
        w,
        () => w.write('edited.txt', 'theirs\n'),
        () => w.write('edited.txt', 'ours\n'),
      ),
    change: (w) => w.gitStops('cherry-pick', 'other'),
  },
  'a submodule at another commit': {
    base: (w) => {
      const library = join(w.path, 'library');
      mkdirSync(library);
      w.gitIn(library, 'init', '-q', '-b', 'main');
      w.write('lib.txt', '1\n', library);
      w.commitAll('lib', library);
      w.git('submodule', '--quiet', 'add', library, 'lib');
      w.commitAll('with a library');
    },
    change: (w) => {
      w.write('lib.txt', '2\n', join(w.repo, 'lib'));
      w.commitAll('newer', join(w.repo, 'lib'));
      w.write('edited.txt', 'edited\n');
    },
  },
};

function twoSides(w: GitWorkshop, theirs: () => void, ours: () => void): void {
  w.git('checkout', '-q', '-b', 'other');
  theirs();
  w.commitAll('theirs');
  w.git('checkout', '-q', 'main');
  ours();
  w.commitAll('ours');
}

describeWith(['git'], 'shapes of uncommitted work on a real git', () => {
  let settled: GitWorkshop;

  // Making one takes as many runs of git as capturing and restoring it.
  beforeAll(() => {
    settled = GitWorkshop.withCommit();
    settled.settle();
  });
  afterAll(() => settled[Symbol.dispose]());

  it.each(Object.entries(CHANGES))('captures %s without a trace and restores it identically', async (_name, change) => {
    using w = GitWorkshop.copyOf(settled);
    change(w);
    await expectExactRestore(w);
  });

  it.each(Object.entries(BASES))(
    'captures %s without a trace and restores it identically',
    async (_name, { base, change }) => {
      using w = GitWorkshop.withCommit();
      base(w);
      w.settle();
      change(w);
      await expectExactRestore(w);
    },
  );

  it('restores any sequence of edits, moves and index operations identically', async () => {
    const names = ['kept.txt', 'edited.txt', 'folder/a.txt', 'folder', 'new.txt', 'new/deep.txt', 'run.sh'];
    const operation = fc.record({
      verb: fc.constantFrom('write', 'binary', 'remove', 'stage', 'unstage', 'link', 'chmod', 'intend'),
      name: fc.constantFrom(...names),
      content: fc.string({ maxLength: 20 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 1, maxLength: 12 }), async (operations) => {
        using workshop = GitWorkshop.copyOf(settled);
        for (const { verb, name, content } of operations) perform(workshop, verb, name, content);
        // No work: nothing that git tells of, or only the intent to add a file that is gone.
        const { staged, work } = workshop.trees();
        const head = workshop.git('rev-parse', 'HEAD^{tree}').trim();
        if (workshop.git('status', '--porcelain') === '' || (staged === head && work === head)) return;
        await expectExactRestore(workshop);
      }),
      { numRuns: 6 },
    );
  });
});

/** Captures, compares the repository with what it was, and restores in a clean clone: as a branch and as a worktree. */
async function expectExactRestore(w: GitWorkshop): Promise<void> {
  const before = fingerprint(w.repo);
  const item = await w.captureOne();
  expect(fingerprint(w.repo)).toEqual(before);

  const expected = w.trees();
  const clone = w.clone();
  w.gitIn(clone, 'fetch', '-q', 'origin', '+refs/*:refs/all/*');
  const here = movedTo(item, clone);
  const branch = await w.restore(here);
  expect(branch).toMatchObject({ results: [{ status: 'done' }], plan: [{ action: 'create-branch' }] });
  expect(w.gitIn(clone, 'rev-parse', `${BRANCH}^{tree}`).trim()).toBe(expected.work);
  expect(w.gitIn(clone, 'status', '--porcelain')).toBe('');

  const worktree = await w.restoreWorktree(here);
  expect((await w.restore(here, { worktreeDir: join(w.path, 'trees') })).plan[0]?.detail).toContain('already');
  const restored = w.trees(worktree);
  expect(restored.staged).toBe(expected.staged);
  // A new worktree has no submodules checked out.
  expect(w.gitIn(worktree, 'diff-tree', '-r', '--ignore-submodules=all', restored.work, expected.work)).toBe('');
  expect(w.gitIn(worktree, 'rev-parse', 'HEAD')).toBe(w.git('rev-parse', 'HEAD'));
  const hasIntents = w.git('diff', '--name-only', '--diff-filter=A') !== '';
  if (!hasIntents) {
    expect(w.gitIn(worktree, 'ls-files', '-s', '-z')).toBe(w.git('ls-files', '-s', '-z'));
    const submodules = '--ignore-submodules=all';
    expect(w.gitIn(worktree, 'status', '--porcelain', '-z', submodules)).toBe(
      w.git('status', '--porcelain', '-z', submodules),
    );
  }
}

function perform(w: GitWorkshop, verb: string, name: string, content: string): void {
  const path = join(w.repo, name);
  const tryGit = (...args: string[]): void => {
    try {
      w.git(...args);
    } catch {
      // nothing of that name: the next operation
    }
  };
  try {
    switch (verb) {
      case 'write':
        return w.write(name, content);
      case 'binary':
        return w.write(name, Buffer.from(`\0${content}`));
      case 'remove':
        return rmSync(path, { recursive: true, force: true });
      case 'link':
        rmSync(path, { recursive: true, force: true });
        return symlinkSync(content.replaceAll('\0', '') || 'x', path);
      case 'chmod':
        return chmodSync(path, 0o755);
      case 'stage':
        return tryGit('add', '-A', '--', name);
      case 'unstage':
        return tryGit('reset', '-q', '--', name);
      default:
        return tryGit('add', '-N', '--', name);
    }
  } catch {
    // a folder where a file should go, or the other way round: no operation
  }
}
