import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, expect, it } from 'vitest';

import type { CaptureContext } from '../../../../src/core/sources/source.ts';
import { AppError } from '../../../../src/shared/model/app-error.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { fingerprint, GitWorkshop, listAll, patchOf, streamOf } from './git-workshop.ts';

const hides = (part: string): CaptureContext['excludes'] => ({
  path: (path) => path.includes(part),
  url: () => false,
  command: () => false,
});

/** The context of the next capture, after a vault has committed these items. */
function after(items: readonly CapturedItem[]): Partial<CaptureContext> {
  return {
    previous: items.map((item) => ({ ...item, stale: false })),
    known: (key, name) => {
      const stream = items.find((item) => item.key === key)?.streams.find((candidate) => candidate.name === name);
      return stream === undefined ? undefined : { version: stream.version, sizeBytes: 1 };
    },
  };
}

const contentTypes = (item: CapturedItem | undefined): string[] =>
  (item?.streams ?? []).map((stream) => stream.content.type);

describeWith(['git'], 'capturing repositories on a real git', () => {
  let w: GitWorkshop;

  beforeEach(() => {
    w = GitWorkshop.withCommit();
  });
  afterEach(() => w[Symbol.dispose]());

  function withOrigin(): string {
    const origin = join(w.path, 'origin.git');
    w.gitIn(w.path, 'clone', '-q', '--bare', w.repo, origin);
    w.git('remote', 'add', 'origin', `file://${origin}`);
    w.git('fetch', '-q', 'origin');
    w.git('branch', '-q', '--set-upstream-to=origin/main');
    return origin;
  }

  it('says what a person wants to know of a repository', async () => {
    withOrigin();
    w.write('local.txt', 'local\n');
    w.commitAll('local');
    w.write('edited.txt', 'stashed\n');
    w.git('stash');
    w.write('new.txt', 'new\n');
    w.write('edited.txt', 'edited\n');
    w.write('staged.txt', 'staged\n');
    w.git('add', 'staged.txt');

    const item = await w.captureOne();

    expect(item).toMatchObject({
      key: `git:${w.repo}`,
      kind: 'repository',
      group: '',
      title: 'api (main ↑1 +1 ~1 ?1)',
    });
    expect(item.attributes).toMatchObject({
      path: w.repo,
      branch: 'main',
      head: w.git('rev-parse', 'HEAD').trim(),
      upstream: 'origin/main',
      ahead: 1,
      behind: 0,
      staged: 1,
      unstaged: 1,
      untracked: 1,
      conflicts: 0,
      stashes: 1,
      unpushed: 1,
      files: [
        { path: join(w.repo, 'edited.txt'), state: '.M' },
        { path: join(w.repo, 'staged.txt'), state: 'A.' },
        { path: join(w.repo, 'new.txt'), state: '??' },
      ],
    });
  });

  it('captures a clean repository that something points into without any content', async () => {
    withOrigin();

    const item = await w.captureOne();

    expect([item.title, item.streams]).toEqual(['api (main)', []]);
  });

  it('finds the repository through links, missing folders and its own git folder', async () => {
    symlinkSync(w.repo, join(w.path, 'link'));
    const pointedPaths = [
      join(w.path, 'link', 'folder'),
      join(w.repo, 'gone', 'deeper'),
      join(w.repo, '.git', 'hooks'),
      'relative',
      '/',
    ];

    expect((await w.captureOne({ pointedPaths })).key).toBe(`git:${w.repo}`);
  });

  it('shortens the key of a very deep repository, and only its end', async () => {
    const deep = join(w.path, ...Array.from({ length: 5 }, (_, index) => `${index}`.repeat(200)));
    mkdirSync(deep, { recursive: true });
    w.gitIn(deep, 'init', '-q');

    const item = await w.captureOne({ pointedPaths: [deep] });

    expect(item.key).toHaveLength(900);
    expect(item.key.startsWith(`git:${deep.slice(0, 500)}`)).toBe(true);
  });

  it('works without a commit, without an index, and with a staged file only', async () => {
    const fresh = join(w.path, 'fresh');
    mkdirSync(fresh);
    w.gitIn(fresh, 'init', '-q', '-b', 'main');
    expect((await w.captureOne({ pointedPaths: [fresh] })).title).toBe('fresh (main)');

    w.write('first.txt', 'first\n', fresh);
    w.gitIn(fresh, 'add', '.');
    w.write('second.txt', 'second\n', fresh);
    const before = fingerprint(fresh);
    const item = await w.captureOne({ pointedPaths: [fresh] });

    expect(fingerprint(fresh)).toEqual(before);
    expect(item.title).toBe('fresh (main +1 ?1)');
    expect(patchOf(item, 'staged.patch')).toContain('+first');
    expect(patchOf(item, 'unstaged.patch')).toContain('+second');
  });

  it('leaves out secrets and huge files by name, staged ones too', async () => {
    w.write('.env', 'TOKEN=canary');
    w.write('.env.example', 'TOKEN=');
    w.write('deploy/server.pem', 'canary');
    w.write('huge.bin', 'x'.repeat(11 * 1024 * 1024));
    w.write('staged-huge.bin', Buffer.alloc(11 * 1024 * 1024));
    w.git('add', '.env', 'staged-huge.bin');
    w.write('staged-huge.bin', 'small by now');
    w.write('fine.txt', 'fine');

    const item = await w.captureOne();

    const why = { secret: expect.stringContaining('secrets'), large: expect.stringContaining('10 MB') };
    expect(item.attributes['leftOut']).toEqual([
      { path: join(w.repo, '.env'), why: why.secret },
      { path: join(w.repo, 'staged-huge.bin'), why: why.large },
      { path: join(w.repo, 'deploy/server.pem'), why: why.secret },
      { path: join(w.repo, 'huge.bin'), why: why.large },
    ]);
    const patches = patchOf(item, 'staged.patch') + patchOf(item, 'unstaged.patch');
    expect(patches).not.toContain('canary');
    expect(patches).toContain('+fine');
    expect(patches).toContain('.env.example');
    const restored = await w.restore(item);
    expect(restored.results[0]?.status).toBe('done');
  });

  it('does not read, name or count what a rule excludes, staged, conflicted or committed', async () => {
    w.write('private/staged.txt', 'canary\n');
    w.git('add', '.');
    w.write('private/untracked.txt', 'canary\n');
    w.write('fine.txt', 'fine\n');

    const item = await w.captureOne({ excludes: hides('/private') });

    const everything =
      JSON.stringify(item.attributes) + patchOf(item, 'staged.patch') + patchOf(item, 'unstaged.patch');
    expect(everything).not.toMatch(/canary|private/);
    expect(item.attributes).toMatchObject({ staged: 0, untracked: 1, excludedFiles: 2 });
    expect(item.title).toBe('api (main ↑1 ?1)');

    w.commitAll('with private files');
    const committed = await w.captureOne({ excludes: hides('/private') });
    expect(streamOf(committed, 'unpushed.bundle')).toBeNull();
    expect(committed.attributes['unpushedNotKept']).toContain('a rule excludes');
    const { items, closed } = await w.capture({ excludes: hides('/api'), previous: after([item]).previous ?? [] });
    expect([items, closed]).toEqual([[], [item.key]]);
  });

  it('runs nothing that the repository’s settings name', async () => {
    const trap = join(w.path, 'trap');
    const program = join(w.path, 'trap.sh');
    writeFileSync(program, `#!/bin/sh\necho "$0 $@" >> ${trap}\ncat\n`, { mode: 0o755 });
    const settings = [
      'core.fsmonitor',
      'diff.external',
      'core.pager',
      'core.sshCommand',
      'core.askPass',
      'gpg.program',
      'core.editor',
      'core.alternateRefsCommand',
      'credential.helper',
      'diff.x.textconv',
      'diff.x.command',
      'filter.x.clean',
      'filter.x.smudge',
      'filter.x.process',
      'filter.a=b.clean',
      'filter..clean',
      'uploadpack.packObjectsHook',
    ];
    w.write('.gitattributes', '*.txt filter=x diff=x\n*.sh filter=a=b\n*.bin filter=\n');
    w.commitAll('attributes');
    for (const setting of settings) w.git('config', setting, program);
    w.git('config', 'filter.x.required', 'true');
    w.git('config', 'commit.gpgSign', 'true');
    for (const hook of ['post-checkout', 'reference-transaction', 'post-index-change', 'pre-commit', 'post-commit']) {
      writeFileSync(join(w.repo, '.git/hooks', hook), `#!/bin/sh\necho ${hook} >> ${trap}\n`, { mode: 0o755 });
    }
    for (const name of ['edited.txt', 'new.txt', 'run.sh', 'binary.bin']) w.write(name, `changed\0${name}`);
    // Same size, another time: git must look into the file to know.
    w.write('kept.txt', 'KEPT\n');

    const item = await w.captureOne();
    const worktree = await w.restoreWorktree(item);
    const branch = await w.restore(item);
    const undone = await w.undo(branch);

    expect(existsSync(trap)).toBe(false);
    expect(existsSync(join(worktree, 'new.txt'))).toBe(true);
    expect(undone.status).toBe('done');
  });

  it('leaves out what a filter encrypts, and saves what another filter converts as it stands', async () => {
    w.write('.gitattributes', '*.crypted filter=git-crypt\n*.dat filter=lfs\n');
    w.commitAll('attributes');
    w.git('config', 'filter.git-crypt.clean', 'cat');
    w.git('config', 'filter.lfs.clean', 'cat');
    w.write('a.crypted', 'canary\n');
    w.write('a.dat', 'data\n');

    const item = await w.captureOne();

    expect(item.attributes['leftOut']).toEqual([{ path: join(w.repo, 'a.crypted'), why: 'a filter encrypts it' }]);
    expect(patchOf(item, 'unstaged.patch')).not.toContain('canary');
    expect(patchOf(item, 'unstaged.patch')).toContain('+data');
  });

  it('leaves a repository that git works on alone, and one with an old lock not', async () => {
    w.write('edited.txt', 'edited\n');
    const lock = join(w.repo, '.git/index.lock');
    writeFileSync(lock, '');
    expect((await w.capture()).problems).toMatchObject([{ key: `git:${w.repo}`, reason: 'unreadable' }]);

    const minuteAgo = new Date(Date.now() - 60_000);
    utimesSync(lock, minuteAgo, minuteAgo);
    expect((await w.captureOne()).title).toBe('api (main ↑1 ~1)');
    expect(existsSync(lock)).toBe(true);
  });

  it('does not read again what did not change', async () => {
    withOrigin();
    w.write('local.txt', 'local\n');
    w.commitAll('local');
    w.write('edited.txt', 'dirty\n');
    const first = await w.captureOne();
    expect(contentTypes(first)).toEqual(['whole', 'whole']);

    const second = await w.captureOne(after([first]));
    expect(contentTypes(second)).toEqual(['unchanged', 'unchanged']);
    expect({ ...second, streams: [] }).toEqual({ ...first, streams: [] });

    w.write('edited.txt', 'DIRTY\n');
    const third = await w.captureOne(after([first]));
    expect(third.streams.map(({ name, content }) => [name, content.type])).toEqual([
      ['unstaged.patch', 'whole'],
      ['unpushed.bundle', 'unchanged'],
    ]);
    // The vault did not take the third: what it knows is still the first.
    expect(contentTypes(await w.captureOne(after([first])))).toEqual(['whole', 'unchanged']);
    expect(contentTypes(await w.captureOne())).toEqual(['whole', 'whole']);

    w.git('push', '-q', 'origin', 'main');
    expect((await w.captureOne(after([third]))).streams.map((stream) => stream.name)).toEqual(['unstaged.patch']);
  });

  it.each<[string, (w: GitWorkshop) => void]>([
    ['an untracked file changes', () => w.write('new.txt', 'NEW\n')],
    ['a file is staged', () => w.git('add', 'edited.txt')],
    ['a branch is switched', () => w.git('checkout', '-q', '-b', 'other')],
    ['a stash is made', () => w.git('stash')],
    ['a remote is added', () => w.git('remote', 'add', 'x', 'https://example.org/x')],
    ['a mode changes', () => w.git('update-index', '--chmod=+x', 'run.sh')],
    ['an operation begins', () => w.git('bisect', 'start')],
  ])('notices when %s', async (_name, change) => {
    w.write('edited.txt', 'dirty\n');
    w.write('new.txt', 'new\n');
    const first = await w.captureOne();

    change(w);

    const second = await w.captureOne(after([first]));
    expect(contentTypes(second).every((type) => type === 'unchanged') && second.streams.length > 0).toBe(false);
  });

  it('goes on with dirty repositories that nothing points to any more, and closes clean ones', async () => {
    w.write('edited.txt', 'dirty\n');
    const first = await w.captureOne();
    const later = { ...after([first]), pointedPaths: [] };

    expect((await w.capture(later)).items.map((item) => item.key)).toEqual([first.key]);
    w.git('checkout', '-q', '.');
    expect(await w.capture(later)).toMatchObject({ items: [], problems: [], closed: [first.key] });
    rmSync(w.repo, { recursive: true });
    expect(await w.capture(later)).toMatchObject({
      items: [],
      closed: [],
      problems: [{ reason: 'vanished', key: first.key }],
    });
  });

  it('captures work in nested repositories and submodules on its own', async () => {
    const library = join(w.path, 'library');
    mkdirSync(library);
    w.gitIn(library, 'init', '-q', '-b', 'main');
    w.write('lib.txt', '1\n', library);
    w.commitAll('lib', library);
    w.git('submodule', '--quiet', 'add', library, 'lib');
    w.commitAll('with a library');
    w.gitIn(w.path, 'clone', '-q', library, join(w.repo, 'nested'));
    w.gitIn(w.path, 'clone', '-q', library, join(w.repo, 'clean'));
    w.write('lib/lib.txt', 'edited in the submodule\n');
    w.write('nested/lib.txt', 'edited in the nested\n');
    const before = fingerprint(w.repo);

    const { items, problems } = await w.capture();

    expect(fingerprint(w.repo)).toEqual(before);
    expect(problems).toEqual([]);
    expect(items.map((item) => item.key)).toEqual(['', '/lib', '/nested'].map((path) => `git:${w.repo}${path}`));
    expect(items[0]?.attributes['nested']).toEqual(['clean', 'nested'].map((name) => ({ path: join(w.repo, name) })));
    expect(patchOf(items[1]!, 'unstaged.patch')).toContain('+edited in the submodule');
  });

  it('captures a linked work tree as one of its own', async () => {
    const linked = join(w.path, 'linked');
    w.git('worktree', 'add', '-q', '-b', 'side', linked);
    w.write('edited.txt', 'in the linked one\n', linked);
    const before = fingerprint(w.repo);

    const { items } = await w.capture({ pointedPaths: [linked] });

    expect(fingerprint(w.repo)).toEqual(before);
    expect(items.map((item) => item.title)).toEqual(['linked (side ↑1 ~1)']);
    expect(items[0]?.attributes['commonDir']).toBe(join(w.repo, '.git'));
  });

  it('reads a repository that hashes with SHA-256', async () => {
    const modern = join(w.path, 'modern');
    mkdirSync(modern);
    w.gitIn(modern, 'init', '-q', '-b', 'main', '--object-format=sha256');
    w.write('a.txt', 'a\n', modern);
    w.write('b.txt', 'b\n', modern);
    w.commitAll('first', modern);
    w.write('a.txt', 'A\n', modern);
    rmSync(join(modern, 'b.txt'));

    const item = await w.captureOne({ pointedPaths: [modern] });
    const worktree = await w.restoreWorktree(item);

    expect(w.trees(worktree)).toEqual(w.trees(modern));
  });

  it('fetches nothing from the remote of a partial clone', async () => {
    withOrigin();
    const origin = join(w.path, 'origin.git');
    w.gitIn(origin, 'config', 'uploadpack.allowFilter', 'true');
    const partial = join(w.path, 'partial');
    w.gitIn(w.path, 'clone', '-q', '--filter=blob:none', '--no-checkout', `file://${origin}`, partial);
    w.gitIn(partial, 'checkout', '-q', 'main', '--', 'kept.txt', 'edited.txt');
    w.gitIn(partial, 'read-tree', 'HEAD');
    w.write('edited.txt', 'edited\n', partial);
    const before = fingerprint(join(partial, '.git'));

    const { items, problems } = await w.capture({ pointedPaths: [partial] });

    expect(fingerprint(join(partial, '.git'))).toEqual(before);
    expect([...items, ...problems]).toHaveLength(1);
  });

  it('leaves a split or a sparse index as it is', async () => {
    w.git('update-index', '--split-index');
    w.write('edited.txt', 'edited\n');
    const names = (): string[] => listAll(join(w.repo, '.git')).toSorted();
    const before = names();
    const split = await w.captureOne();
    expect(names()).toEqual(before);
    expect(patchOf(split, 'unstaged.patch')).toContain('+edited');

    w.git('update-index', '--no-split-index');
    w.git('checkout', '-q', '.');
    w.git('sparse-checkout', 'set', '--cone', '--sparse-index', 'other');
    w.write('edited.txt', 'sparse\n');
    const sparseBefore = fingerprint(w.repo);
    const sparse = await w.captureOne();
    expect(fingerprint(w.repo)).toEqual(sparseBefore);
    expect(w.trees(await w.restoreWorktree(sparse)).work).toBe(w.trees().work);
  });

  it('says why where git refuses a repository', async () => {
    if (process.getuid?.() !== 0) return;
    for (const path of [w.repo, ...listAll(w.repo)]) chownSync(path, 12_345, 12_345);

    expect((await w.capture()).problems).toMatchObject([
      { reason: 'unreadable', message: expect.stringContaining('belongs to another user') },
    ]);
  });

  it('says so where the settings point elsewhere, or are broken', async () => {
    w.git('config', 'core.worktree', '/');
    expect((await w.capture()).problems).toMatchObject([{ message: expect.stringContaining('core.worktree') }]);

    writeFileSync(join(w.repo, '.git/config'), '[broken');
    expect((await w.capture()).problems).toMatchObject([{ reason: 'unreadable' }]);
  });

  it('reads the other repositories where one is damaged', async () => {
    w.write('edited.txt', 'edited\n');
    const other = w.clone(w.repo, 'other');
    w.write('edited.txt', 'edited\n', other);
    writeFileSync(join(w.repo, '.git/index'), 'not an index');

    const { items, problems } = await w.capture({ pointedPaths: [w.repo, other] });

    expect(items.map((item) => item.key)).toEqual([`git:${other}`]);
    expect(problems).toMatchObject([{ key: `git:${w.repo}`, reason: 'failed' }]);
  });

  it('carries what does not fit into the capture', async () => {
    w.write('new.txt', 'x'.repeat(10_000));

    const { items, problems } = await w.capture({ maxBytes: 5_000 });

    expect(items).toEqual([]);
    expect(problems).toMatchObject([{ reason: 'too-large', key: `git:${w.repo}` }]);
  });

  it('leaves a repository that was too slow twice alone for five minutes', async () => {
    const { run } = w.host;
    let runs = 0;
    const slow: typeof run = async (file, args, options) => {
      if (!args.includes('status')) return run(file, args, options);
      runs += 1;
      throw new AppError('EXEC_TIMEOUT', 'git did not answer within 3000 ms.');
    };
    const host = { ...w.host, run: slow };
    const at = (nowMs: number): ReturnType<GitWorkshop['capture']> => w.capture({ host, nowMs });

    expect((await at(0)).problems).toMatchObject([{ reason: 'timeout', key: `git:${w.repo}` }]);
    await at(30_000);
    expect(runs).toBe(2);
    expect((await at(329_999)).problems).toMatchObject([
      { reason: 'timeout', message: expect.stringContaining('later') },
    ]);
    expect(runs).toBe(2);
    await at(330_000);
    expect(runs).toBe(3);
  });

  it('takes commits out again that a new rule hides', async () => {
    w.write('private/a.txt', 'canary\n');
    w.commitAll('private');
    const first = await w.captureOne();
    expect(first.streams.map((stream) => stream.name)).toEqual(['unpushed.bundle']);

    const second = await w.captureOne({ ...after([first]), excludes: hides('/private') });

    expect(second.streams).toEqual([]);
  });

  it('keeps the work where a history without a remote is too large', async () => {
    w.write('noise.bin', randomBytes(9 * 1024 * 1024));
    w.commitAll('noise');
    w.write('noise.bin', randomBytes(9 * 1024 * 1024));
    w.commitAll('more noise');
    w.write('edited.txt', 'edited\n');

    const item = await w.captureOne();

    expect(item.streams.map((stream) => stream.name)).toEqual(['unstaged.patch']);
    expect(item.attributes).toMatchObject({
      unpushed: 3,
      unpushedNotKept: expect.stringContaining('larger than 16 MB'),
    });
  });

  it('removes its private folders, and those that a killed run left', async () => {
    const left = join(w.scratch, 'cairn-private-4194999-abc');
    const others = join(w.scratch, `cairn-private-${process.ppid}-abc`);
    mkdirSync(left);
    mkdirSync(others);
    w.write('edited.txt', 'edited\n');

    await w.captureOne();

    expect(readdirSync(w.scratch)).toEqual([`cairn-private-${process.ppid}-abc`]);
  });

  it('removes its private folder when it is cancelled', async () => {
    w.write('edited.txt', 'edited\n');
    const controller = new AbortController();
    const capturing = w.capture({ signal: controller.signal });
    const stop = setInterval(() => {
      if (readdirSync(w.scratch).length > 0) controller.abort();
    }, 1);

    await expect(capturing).rejects.toMatchObject({ code: 'CANCELLED' });

    clearInterval(stop);
    expect(readdirSync(w.scratch)).toEqual([]);
  });

  it('does not look at untracked files where the user told git not to', async () => {
    w.git('config', 'status.showUntrackedFiles', 'no');
    w.write('new.txt', 'new\n');

    const item = await w.captureOne();

    expect(item.attributes).toMatchObject({ untracked: 0, untrackedNotRead: expect.any(String) });
  });

  it('never keeps credentials of a remote’s address', async () => {
    w.git('remote', 'add', 'origin', 'https://user:s3cret@example.org/x.git');

    const item = await w.captureOne();

    expect(JSON.stringify(item.attributes)).not.toContain('s3cret');
    expect(item.attributes['remotes']).toEqual({ origin: 'https://example.org/x.git' });
  });

  it('keeps the attributes small whatever changed', async () => {
    for (let index = 0; index < 1_500; index += 1) w.write(`${'long-name-'.repeat(20)}${index}`, '');

    const item = await w.captureOne();

    expect(JSON.stringify(item.attributes).length).toBeLessThan(64 * 1024);
    const listed = item.attributes['files'] as unknown[]; // a list, by the test before
    expect(listed.length + Number(item.attributes['filesMore'])).toBe(1_500);
  });
});
