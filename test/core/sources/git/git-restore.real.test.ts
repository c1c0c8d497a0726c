import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { toSnapshotItems } from '../../../support/test-host.ts';
import { BRANCH, fingerprint, GitWorkshop, movedTo, patchOf, streamOf, withStream } from './git-workshop.ts';

describeWith(['git'], 'restoring repositories on a real git', () => {
  let w: GitWorkshop;

  beforeEach(() => {
    w = GitWorkshop.withCommit();
  });
  afterEach(() => w[Symbol.dispose]());

  /** Index, work tree, HEAD and branches: what a restore to a branch must not touch. */
  function footprint(root = w.repo): unknown {
    const prints = Object.entries(fingerprint(root)).filter(([path]) => !/\.git\/(objects|refs|logs)(\/|$)/.test(path));
    // A new ref changes the time of git's folder in passing.
    return prints.map(([path, print]) => (path === join(root, '.git') ? path : `${path} ${print}`));
  }

  async function dirty(): Promise<CapturedItem> {
    w.write('staged.txt', 'staged\n');
    w.git('add', 'staged.txt');
    w.write('edited.txt', 'edited\n');
    w.write('new.txt', 'new\n');
    return w.captureOne();
  }

  const inRepo = (root: string, ...args: string[]): string => w.gitIn(root, ...args).trim();

  it('makes a branch: HEAD, then what was staged, then the rest, by nobody but Cairn', async () => {
    const item = await dirty();
    const before = footprint();

    const { plan, results } = await w.restore(item);

    expect(plan).toMatchObject([{ action: 'create-branch', status: 'planned', source: 'git', key: item.key }]);
    expect(results).toMatchObject([{ status: 'done' }]);
    expect(footprint()).toEqual(before);
    expect(inRepo(w.repo, 'log', '--format=%an <%ae> %cn %cI %s', BRANCH).split('\n').slice(0, 2)).toEqual([
      'Cairn <cairn@localhost> Cairn 2026-11-20T14:02:00+00:00 Unstaged and untracked work, as of 2026-11-20T14:02:00.000Z',
      'Cairn <cairn@localhost> Cairn 2026-11-20T14:02:00+00:00 Staged work, as of 2026-11-20T14:02:00.000Z',
    ]);
    expect(inRepo(w.repo, 'rev-parse', `${BRANCH}~2`)).toBe(inRepo(w.repo, 'rev-parse', 'main'));
  });

  it('plans without changing anything', async () => {
    const item = await dirty();
    const before = fingerprint(w.repo);

    const items = toSnapshotItems([item]).items;
    const planned = await w.planOnly(items);

    expect(planned[0]?.status).toBe('planned');
    expect(fingerprint(w.repo)).toEqual(before);
  });

  it('skips what is there, what is committed, and what was restored already', async () => {
    const item = await dirty();
    const present = toSnapshotItems([item]).items;
    expect((await w.restore(item, {}, { present })).plan).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('there already') },
    ]);

    await w.restore(item);
    const again = await w.restore(item);
    expect(again).toMatchObject({
      results: [],
      plan: [{ status: 'skipped', detail: expect.stringContaining(BRANCH) }],
    });
    expect(inRepo(w.repo, 'branch', '--list', 'cairn/*').split('\n')).toHaveLength(1);

    const unstaged = w.clone();
    w.write('edited.txt', 'done\n', unstaged);
    const other = await w.captureOne({ pointedPaths: [unstaged] });
    w.commitAll('done', unstaged);
    expect((await w.restore(other)).plan).toMatchObject([{ detail: expect.stringContaining('committed') }]);
  });

  it('takes another name where the branch is somebody else’s, or `cairn` itself is a branch', async () => {
    const item = await dirty();
    w.git('branch', BRANCH);
    expect((await w.restore(item)).results).toMatchObject([
      { status: 'done', detail: expect.stringContaining(`${BRANCH}-2`) },
    ]);

    w.git('branch', '-D', BRANCH, `${BRANCH}-2`);
    w.git('branch', 'cairn');
    expect((await w.restore(item)).results).toMatchObject([
      { status: 'done', detail: expect.stringContaining('cairn-restore-01234567') },
    ]);
    expect((await w.restore(item)).plan[0]?.status).toBe('skipped');
  });

  it('restores two work trees of one repository, and two repositories of one name, beside each other', async () => {
    const linked = join(w.path, 'elsewhere', 'api');
    w.git('worktree', 'add', '-q', '-b', 'side', linked);
    w.write('edited.txt', 'main\n');
    w.write('edited.txt', 'side\n', linked);
    const { items } = await w.capture({ pointedPaths: [w.repo, linked] });

    const branches = await w.restoreAll(items);
    expect(branches.map((result) => result.status)).toEqual(['done', 'done']);
    expect(inRepo(w.repo, 'for-each-ref', '--format=%(refname:short)', 'refs/heads/cairn').split('\n')).toEqual([
      BRANCH,
      `${BRANCH}-2`,
    ]);

    const trees = await w.restoreAll(items, { worktreeDir: join(w.path, 'trees') });
    expect(trees.map((result) => result.status)).toEqual(['done', 'done']);
    expect(readdirSync(join(w.path, 'trees')).toSorted()).toEqual(['api-01234567', 'api-01234567-2']);
  });

  it('brings a work tree that was removed back through the repository it belonged to', async () => {
    const linked = join(w.path, 'linked');
    w.git('worktree', 'add', '-q', '-b', 'side', linked);
    w.write('edited.txt', 'side\n', linked);
    const item = await w.captureOne({ pointedPaths: [linked] });
    const expected = w.trees(linked).work;
    rmSync(linked, { recursive: true });

    expect((await w.restore(item)).results).toMatchObject([{ status: 'done' }]);
    expect(inRepo(w.repo, 'rev-parse', `${BRANCH}^{tree}`)).toBe(expected);
  });

  it('opens a conflict again in a new worktree, ready to go on', async () => {
    w.git('checkout', '-q', '-b', 'other');
    w.write('edited.txt', 'theirs\n');
    w.commitAll('theirs');
    w.git('checkout', '-q', 'main');
    w.write('edited.txt', 'ours\n');
    w.commitAll('ours');
    w.gitStops('merge', 'other');
    const before = fingerprint(w.repo);
    const item = await w.captureOne();
    expect(fingerprint(w.repo)).toEqual(before);
    expect(item.attributes).toMatchObject({
      operation: 'merge',
      conflicts: 1,
      message: expect.stringContaining('Merge'),
    });

    const clone = w.clone(w.repo, 'fresh');
    w.gitIn(clone, 'fetch', '-q', 'origin', 'other');
    const worktree = await w.restoreWorktree(movedTo(item, clone));

    expect(inRepo(worktree, 'status', '--porcelain')).toBe('UU edited.txt');
    expect(inRepo(worktree, 'rev-parse', 'MERGE_HEAD')).toBe(inRepo(w.repo, 'rev-parse', 'other'));
    w.write('edited.txt', 'both\n', worktree);
    w.commitAll('merged', worktree);
    expect(inRepo(worktree, 'rev-list', '--parents', '-1', 'HEAD').split(' ')).toHaveLength(3);
  });

  it('brings commits and stashes that no remote has to a fresh clone', async () => {
    const origin = join(w.path, 'origin.git');
    w.gitIn(w.path, 'clone', '-q', '--bare', w.repo, origin);
    w.git('remote', 'add', 'origin', `file://${origin}`);
    w.git('fetch', '-q', 'origin');
    w.write('local.txt', 'only here\n');
    w.commitAll('local');
    w.write('stashed.txt', 'stashed\n');
    w.git('stash', '-u');
    w.write('edited.txt', 'dirty\n');
    const item = await w.captureOne();
    expect(item.attributes).toMatchObject({ unpushed: 1, stashes: 1 });
    const clone = w.clone(origin, 'fresh');

    const restored = await w.restore(movedTo(item, clone));

    expect(restored.results).toMatchObject([{ status: 'done' }]);
    expect(inRepo(clone, 'show', `${BRANCH}:local.txt`)).toBe('only here');
    expect(inRepo(clone, 'show', `${BRANCH}:edited.txt`)).toBe('dirty');
    expect(inRepo(clone, 'show', `${BRANCH}-stash-0^3:stashed.txt`)).toBe('stashed');
    expect(inRepo(clone, 'fsck', '--strict', '--no-dangling')).toBe('');
    expect((await w.undo(restored)).status).toBe('done');
    expect(inRepo(clone, 'branch', '--list', 'cairn/*')).toBe('');
  });

  it('says what to do where neither repository nor bundle have the commit', async () => {
    const item = await dirty();
    const without = { ...item, streams: item.streams.filter((stream) => stream.name !== 'unpushed.bundle') };
    const empty = join(w.path, 'empty');
    mkdirSync(empty);
    w.gitIn(empty, 'init', '-q');

    expect((await w.restore(movedTo(without, empty))).plan).toMatchObject([
      { status: 'skipped', detail: expect.stringContaining('git fetch') },
    ]);
  });

  it('keeps a bundle that git clones where there is no remote at all', async () => {
    const item = await dirty();
    const file = join(w.path, 'work.bundle');
    writeFileSync(file, streamOf(item, 'unpushed.bundle') ?? '');

    expect(inRepo(w.repo, 'bundle', 'verify', file)).toContain('complete history');
    const clone = join(w.path, 'from-bundle');
    w.gitIn(w.path, 'clone', '-q', file, clone);
    expect(inRepo(clone, 'rev-parse', 'main')).toBe(inRepo(w.repo, 'rev-parse', 'main'));
  });

  it('gives the line that brings a lost repository back, and its patches into a folder', async () => {
    w.git('remote', 'add', 'origin', 'https://user:s3cret@example.org/a b.git');
    const item = await dirty();
    rmSync(w.repo, { recursive: true });

    const line = `git clone -- 'https://example.org/a b.git' ${w.repo}`;
    expect((await w.restore(item)).plan).toMatchObject([{ status: 'skipped', detail: expect.stringContaining(line) }]);

    const exported = await w.restore(item, { worktreeDir: join(w.path, 'out') });
    const folder = join(w.path, 'out', 'api-01234567');
    expect(readFileSync(join(folder, 'staged.patch'), 'latin1')).toBe(patchOf(item, 'staged.patch'));
    expect(readdirSync(folder)).toEqual(['staged.patch', 'unpushed.bundle', 'unstaged.patch']);
    appendFileSync(join(folder, 'staged.patch'), 'mine');
    expect((await w.undo(exported)).status).toBe('skipped');
    expect(readdirSync(folder)).toEqual(['staged.patch']);
    rmSync(join(folder, 'staged.patch'));
    expect((await w.undo(exported)).status).toBe('done');
  });

  it('does not read a clone line’s hostile address as an option or a command', async () => {
    w.git('config', 'remote.origin.url', '--upload-pack=touch x;');
    const item = await dirty();
    rmSync(w.repo, { recursive: true });

    expect((await w.restore(item)).plan[0]?.detail).toContain(`git clone -- '--upload-pack=touch x;' `);
  });

  it('applies to the work tree, staged part to the index, and takes it out again', async () => {
    const item = await dirty();
    const clone = w.clone();
    w.write('kept.txt', 'something else meanwhile\n', clone);

    const restored = await w.restore(movedTo(item, clone), { shouldApplyGit: true });

    expect(restored.results).toMatchObject([{ status: 'done', action: 'apply-work' }]);
    expect(w.gitIn(clone, 'status', '--porcelain')).toBe(' M edited.txt\n M kept.txt\nA  staged.txt\n?? new.txt\n');
    expect(inRepo(clone, 'for-each-ref', 'refs/heads/cairn')).toBe('');
    expect((await w.undo(restored)).status).toBe('done');
    expect(w.gitIn(clone, 'status', '--porcelain')).toBe(' M kept.txt\n');
  });

  it('applies deletions, modes, links and binaries', async () => {
    rmSync(join(w.repo, 'gone.txt'));
    w.write('binary.bin', Buffer.from([9, 0, 9]));
    w.git('update-index', '--chmod=+x', 'run.sh');
    execFileSync('ln', ['-s', 'kept.txt', join(w.repo, 'link')]);
    const item = await w.captureOne();
    const clone = w.clone();

    const restored = await w.restore(movedTo(item, clone), { shouldApplyGit: true });

    expect(restored.results).toMatchObject([{ status: 'done' }]);
    expect(w.trees(clone).work).toBe(w.trees().work);
    expect((await w.undo(restored)).status).toBe('done');
    expect(w.gitIn(clone, 'status', '--porcelain')).toBe('');
  });

  it.each<[string, (clone: string) => void]>([
    ['the same lines changed', (clone) => w.write('edited.txt', 'something else by now\n', clone)],
    ['an untracked file stands where one would go', (clone) => w.write('new.txt', 'mine\n', clone)],
    [
      'only the index does not fit',
      (clone) => {
        w.write('staged.txt', 'mine\n', clone);
        w.gitIn(clone, 'add', 'staged.txt');
        rmSync(join(clone, 'staged.txt'));
      },
    ],
    ['a merge is in progress', (clone) => writeFileSync(join(clone, '.git/MERGE_HEAD'), w.git('rev-parse', 'HEAD'))],
  ])('applies nothing where %s', async (_name, change) => {
    const item = await dirty();
    const clone = w.clone();
    change(clone);
    const before = footprint(clone);

    const { results } = await w.restore(movedTo(item, clone), { shouldApplyGit: true });

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('Nothing was changed') }]);
    expect(results[0]?.undo).toBeUndefined();
    expect(footprint(clone)).toEqual(before);
  });

  it('does not take applied work out where somebody worked on', async () => {
    const item = await dirty();
    const clone = w.clone();
    const restored = await w.restore(movedTo(item, clone), { shouldApplyGit: true });
    w.write('edited.txt', 'edited\nand more\n', clone);
    const before = footprint(clone);

    expect((await w.undo(restored)).status).toBe('failed');
    expect(footprint(clone)).toEqual(before);
  });

  it('undo removes the branch only while it is what was made, and not checked out', async () => {
    const restored = await w.restore(await dirty());
    w.git('update-ref', `refs/heads/${BRANCH}`, 'main');
    expect(await w.undo(restored)).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('newer commits'),
    });

    w.git('branch', '-D', BRANCH);
    expect((await w.undo(restored)).status).toBe('done');

    const again = await w.restore(await w.captureOne());
    w.git('worktree', 'add', '-q', join(w.path, 'out'), BRANCH);
    expect(await w.undo(again)).toMatchObject({ status: 'skipped', detail: expect.stringContaining('checked out') });
    w.git('worktree', 'remove', join(w.path, 'out'));
    expect((await w.undo(again)).status).toBe('done');
    expect(w.git('branch', '--list', 'cairn/*')).toBe('');
  });

  it.each<[string, (worktree: string) => void]>([
    ['a file changed', (worktree) => w.write('kept.txt', 'mine\n', worktree)],
    ['a file was staged', (worktree) => void w.gitIn(worktree, 'add', 'new.txt')],
    ['work was committed', (worktree) => w.commitAll('mine', worktree)],
    [
      'something was built',
      (worktree) => {
        w.write('.gitignore', 'build\n', worktree);
        w.gitIn(worktree, 'config', 'core.excludesFile', join(worktree, '.gitignore'));
        w.write('build/out', 'mine\n', worktree);
        rmSync(join(worktree, '.gitignore'));
        writeFileSync(join(w.repo, '.git/info/exclude'), 'build\n');
      },
    ],
    ['a secret was put there', (worktree) => w.write('.env', 'mine\n', worktree)],
  ])('undo leaves a worktree in which %s', async (_name, change) => {
    const restored = await w.restore(await dirty(), { worktreeDir: join(w.path, 'trees') });
    const worktree = join(w.path, 'trees', 'api-01234567');
    change(worktree);
    const before = fingerprint(worktree);

    expect(await w.undo(restored)).toMatchObject({
      status: 'skipped',
      detail: expect.stringContaining('was changed since'),
    });
    expect(Object.keys(fingerprint(worktree))).toEqual(Object.keys(before));
  });

  it('undo removes an untouched worktree without a trace', async () => {
    const item = await dirty();
    const restored = await w.restore(item, { worktreeDir: join(w.path, 'trees') });
    expect(readFileSync(join(w.path, 'trees', 'api-01234567', 'new.txt'), 'utf8')).toBe('new\n');

    expect((await w.undo(restored)).status).toBe('done');

    expect(existsSync(join(w.path, 'trees', 'api-01234567'))).toBe(false);
    expect(inRepo(w.repo, 'worktree', 'list').split('\n')).toHaveLength(1);
  });

  it('runs no hook, filter or signing program of the user', async () => {
    const item = await dirty();
    const trap = join(w.path, 'trap');
    for (const hook of [
      'post-checkout',
      'reference-transaction',
      'post-index-change',
      'pre-applypatch',
      'pre-commit',
    ]) {
      writeFileSync(join(w.repo, '.git/hooks', hook), `#!/bin/sh\necho ${hook} >> ${trap}\n`, { mode: 0o755 });
    }
    for (const setting of ['filter.x.smudge', 'filter.x.clean', 'gpg.program', 'core.fsmonitor'])
      w.git('config', setting, `touch ${trap};cat`);
    w.git('config', 'commit.gpgSign', 'true');
    writeFileSync(join(w.repo, '.git/info/attributes'), '* filter=x\n');
    rmSync(trap, { force: true });

    const worktree = await w.restore(item, { worktreeDir: join(w.path, 'trees') });
    await w.undo(worktree);
    const branch = await w.restore(item);
    await w.undo(branch);

    expect([worktree.results[0]?.status, branch.results[0]?.status]).toEqual(['done', 'done']);
    expect(existsSync(trap)).toBe(false);
  });

  const newFile = (path: string, mode = '100644'): string =>
    `diff --git a/${path} b/${path}\nnew file mode ${mode}\nindex 0000000000000000000000000000000000000000..257cc5642cb1a054f08cc83f2d943e56fd3ebe99\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+foo\n`;
  const newLink = (path: string, target: string): string =>
    `diff --git a/${path} b/${path}\nnew file mode 120000\n--- /dev/null\n+++ b/${path}\n@@ -0,0 +1 @@\n+${target}\n\\ No newline at end of file\n`;
  const hostile: readonly [string, string][] = [
    ['a path outside the tree', newFile('../outside')],
    ['a path outside the tree, quoted', newFile('x').replaceAll('/x', '/../x')],
    ['an absolute path', newFile('/tmp/cairn-hostile')],
    ['a path into .git', newFile('.git/hooks/pre-commit', '100755')],
    ['a path into .GIT', newFile('.GIT/config')],
    ['a path into .git by another spelling', newFile('git~1/config')],
    ['a path through a link of the same patch', newLink('out', '/tmp') + newFile('out/cairn-hostile')],
    [
      'a change of a file that is not there',
      newFile('x').replace('new file mode 100644\n', '').replace('/dev/null', 'a/x'),
    ],
    ['no patch at all', 'this is no patch\n'],
  ];

  /** The item with this patch as what was staged, and without the tree ids, which would give any false patch away. */
  async function withHostilePatch(patch: string): Promise<CapturedItem> {
    w.write('edited.txt', 'edited\n');
    const captured = await w.captureOne();
    const { stagedTree: _staged, workTree: _work, ...attributes } = captured.attributes;
    return withStream({ ...captured, attributes }, 'staged.patch', new Uint8Array(Buffer.from(patch)));
  }

  it('takes a harmless patch of the kind that the next tests use', async () => {
    const item = await withHostilePatch(newLink('link', '/tmp') + newFile('fine'));

    expect((await w.restore(item)).results).toMatchObject([{ status: 'done' }]);
    expect(inRepo(w.repo, 'show', `${BRANCH}:fine`)).toBe('foo');
  });

  it.each(hostile)('refuses %s', async (_name, patch) => {
    const item = await withHostilePatch(patch);
    const before = footprint();

    const { results } = await w.restore(item);

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('refused the saved patch') }]);
    expect(footprint()).toEqual(before);
    expect(existsSync('/tmp/cairn-hostile')).toBe(false);
    expect(existsSync(join(w.path, 'outside'))).toBe(false);
  });

  it('refuses a patch that gives another tree than was captured', async () => {
    const item = await dirty();
    const forged = new Uint8Array(Buffer.from(patchOf(item, 'unstaged.patch').replace('+edited', '+forged')));

    const { results } = await w.restore(withStream(item, 'unstaged.patch', forged));

    expect(results).toMatchObject([{ status: 'failed' }]);
    expect(w.git('branch', '--list', 'cairn/*')).toBe('');
  });

  it('does not write through a link in the work tree', async () => {
    w.write('folder/a.txt', 'edited\n');
    const item = await w.captureOne();
    const clone = w.clone();
    const victim = join(w.path, 'victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'a.txt'), 'a\n');
    rmSync(join(clone, 'folder'), { recursive: true });
    execFileSync('ln', ['-s', victim, join(clone, 'folder')]);

    const { results } = await w.restore(movedTo(item, clone), { shouldApplyGit: true });

    expect(results).toMatchObject([{ status: 'failed' }]);
    expect(readFileSync(join(victim, 'a.txt'), 'utf8')).toBe('a\n');
  });

  it.each<[string, (bundle: Buffer) => Buffer]>([
    ['cut', (bundle) => bundle.subarray(0, bundle.length - 30)],
    ['altered', (bundle) => Buffer.concat([bundle.subarray(0, -40), Buffer.alloc(40)])],
    ['no bundle', () => Buffer.from('no bundle')],
  ])('refuses a bundle that is %s', async (_name, damage) => {
    const item = await dirty();
    const bytes = new Uint8Array(damage(Buffer.from(streamOf(item, 'unpushed.bundle') ?? new Uint8Array())));
    const empty = join(w.path, 'empty');
    mkdirSync(empty);
    w.gitIn(empty, 'init', '-q');

    const { results } = await w.restore(movedTo(withStream(item, 'unpushed.bundle', bytes), empty));

    expect(results).toMatchObject([{ status: 'failed', detail: expect.stringContaining('Nothing was changed') }]);
    expect(inRepo(empty, 'for-each-ref')).toBe('');
  });

  it('deletes nothing that an altered undo names', async () => {
    const restored = await w.restore(await dirty());
    const [result] = restored.results;
    const head = inRepo(w.repo, 'rev-parse', 'main');
    w.git('branch', 'victim');
    const undo = { mode: 'branch', folder: w.repo, branches: [{ branch: 'victim', oid: head }] };

    expect((await w.undo({ ...restored, results: [{ ...result!, undo }] })).status).toBe('skipped');
    expect(inRepo(w.repo, 'rev-parse', 'victim')).toBe(head);
  });
});
