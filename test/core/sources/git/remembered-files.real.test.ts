import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, it } from 'vitest';

import { findRepositories, type Repository } from '../../../../src/core/sources/git/find-repositories.ts';
import { captureRepository, type RememberedRepository } from '../../../../src/core/sources/git/capture-repository.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { makeCaptureContext } from '../../../support/test-host.ts';
import { GitWorkshop } from './git-workshop.ts';

const EXCLUDES = { path: () => false, url: () => false, command: () => false };

describeWith(['git'], 'what is remembered of a repository between captures', () => {
  let workshop: GitWorkshop;
  let runs: string[];
  let remembered: RememberedRepository | undefined;

  beforeEach(() => {
    workshop = GitWorkshop.withCommit();
    runs = [];
    remembered = undefined;
    return () => workshop[Symbol.dispose]();
  });

  /** A capture long after the last write: files that were written just now are not trusted yet. */
  async function capture(): Promise<CapturedItem> {
    const [repository] = findRepositories([workshop.repo]) as [Repository];
    runs = [];
    const host = {
      ...workshop.host,
      run: (program: string, args: readonly string[], options?: Parameters<typeof workshop.host.run>[2]) => {
        runs.push(args.find((arg) => ['config', 'status', 'for-each-ref'].includes(arg)) ?? 'another');
        return workshop.host.run(program, args, options);
      },
    };
    const context = makeCaptureContext(host, { nowMs: Date.now() + 60_000, excludes: EXCLUDES });
    const known: typeof context.known = (_key, stream) => {
      const version = remembered?.streams.find(({ name }) => name === stream)?.version;
      return version === undefined ? undefined : { version, sizeBytes: 1 };
    };
    const deps = {
      context: { ...context, known },
      signal: context.signal,
      privateParents: [workshop.scratch],
      remembered,
    };
    const result = await captureRepository(deps, repository);
    remembered = result.remembered;
    return result.item;
  }

  it('runs git once where nothing changed', async () => {
    await capture();
    expect(runs).toEqual(expect.arrayContaining(['config', 'status', 'for-each-ref']));
    await capture();
    expect(runs).toEqual(['status']);
  });

  it.each([
    ['its own settings', () => workshop.git('config', 'remote.mirror.url', 'https://example.org/mirror.git')],
    [
      'the settings of its user',
      () =>
        writeFileSync(
          join(workshop.host.homeDir, '.gitconfig'),
          '[remote "mirror"]\n\turl = https://example.org/m.git\n',
        ),
    ],
    [
      'a file that is included and was not there before',
      () =>
        writeFileSync(
          join(workshop.repo, '.git', 'later.inc'),
          '[remote "mirror"]\n\turl = https://example.org/m.git\n',
        ),
    ],
  ])('reads %s again when they change', async (_what, change) => {
    workshop.git('config', 'include.path', 'later.inc');
    await capture();
    expect(JSON.stringify((await capture()).attributes)).not.toContain('mirror');
    change();

    expect(JSON.stringify((await capture()).attributes)).toContain('mirror');
    expect(runs).toContain('config');
    await capture();
    expect(runs).toEqual(['status']);
  });

  it('reads settings again that depend on the branch', async () => {
    writeFileSync(join(workshop.repo, '.git', 'topic.inc'), '[remote "mirror"]\n\turl = https://example.org/m.git\n');
    workshop.git('config', 'includeIf.onbranch:topic.path', 'topic.inc');
    await capture();
    workshop.git('checkout', '-q', '-b', 'topic');

    expect(JSON.stringify((await capture()).attributes)).toContain('mirror');
  });

  it.each([
    ['a branch', () => workshop.git('branch', 'new/one')],
    ['a packed branch', () => workshop.git('pack-refs', '--all')],
    ['a remote branch', () => workshop.git('update-ref', 'refs/remotes/origin/main', 'HEAD')],
  ])('reads the refs again when %s comes', async (_what, change) => {
    await capture();
    await capture();
    expect(runs).toEqual(['status']);
    change();

    await capture();
    expect(runs).toContain('for-each-ref');
  });

  it('does not trust a file that was written a moment ago', async () => {
    await capture();
    const config = join(workshop.repo, '.git', 'config');
    mkdirSync(join(workshop.repo, '.git', 'info'), { recursive: true });
    const soon = new Date(Date.now() + 59_500);
    utimesSync(config, soon, soon);
    await capture();
    await capture();

    expect(runs).toContain('config');
  });
});
