import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, expect, it } from 'vitest';

import { readEarlyStatuses } from '../../../../src/core/sources/git/early-statuses.ts';
import { parseGitConfig } from '../../../../src/core/sources/git/parse-config.ts';
import { parseGitStatus } from '../../../../src/core/sources/git/parse-status.ts';
import { statusArguments } from '../../../../src/core/sources/git/status-arguments.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { describeWith } from '../../../support/programs.ts';
import { makeCaptureContext } from '../../../support/test-host.ts';
import { GitWorkshop } from './git-workshop.ts';

const EXCLUDES = { path: () => false, url: () => false, command: () => false };

describeWith(['git'], 'statuses of several repositories through one shell', () => {
  let workshop: GitWorkshop;
  let roots: readonly string[];
  let runs: string[];
  let last: readonly CapturedItem[];
  let shellFails: boolean;

  beforeEach(() => {
    workshop = GitWorkshop.withCommit();
    roots = [workshop.repo, workshop.clone(workshop.repo, "it's a $(clone); `x`"), workshop.clone(workshop.repo, 'c')];
    last = [];
    shellFails = false;
    return () => workshop[Symbol.dispose]();
  });

  const host = () => ({
    ...workshop.host,
    run: (program: string, args: readonly string[], options?: Parameters<typeof workshop.host.run>[2]) => {
      runs.push(program === 'sh' ? 'sh' : (args.find((arg) => ['config', 'status'].includes(arg)) ?? 'another'));
      if (program === 'sh' && shellFails) return workshop.host.run('false', []);
      return workshop.host.run(program, args, options);
    },
  });

  /** A capture long after the last write: files that were written just now are not trusted yet. */
  async function capture(): Promise<readonly CapturedItem[]> {
    runs = [];
    const context = makeCaptureContext(host(), {
      nowMs: Date.now() + 60_000,
      excludes: EXCLUDES,
      pointedPaths: roots,
      known: (key, name) => {
        const stream = last.find((item) => item.key === key)?.streams.find((candidate) => candidate.name === name);
        return stream === undefined ? undefined : { version: stream.version, sizeBytes: 1 };
      },
    });
    const { items, problems } = await workshop.source.capture(context);
    expect(problems).toEqual([]);
    last = items;
    return items;
  }

  const withoutStreams = (items: readonly CapturedItem[]) => items.map((item) => ({ ...item, streams: [] }));

  it('start one process where nothing changed, and give the same', async () => {
    workshop.write('edited.txt', 'changed\n');
    const first = await capture();

    const second = await capture();

    expect(runs).toEqual(['sh']);
    expect(withoutStreams(second)).toEqual(withoutStreams(first));
    const streams = second.flatMap((item) => item.streams);
    expect(streams.length).toBeGreaterThan(0);
    expect(streams.filter(({ content }) => content.type !== 'unchanged')).toEqual([]);
  });

  it('have git asked again where something changed, and nowhere else', async () => {
    await capture();
    workshop.write('new.txt', 'new\n', roots[1]);

    const items = await capture();

    expect(runs.filter((run) => run === 'status')).toHaveLength(1);
    expect(items.map(({ attributes }) => attributes['untracked'])).toEqual(
      roots.toSorted().map((root) => (root === roots[1] ? 1 : 0)),
    );
  });

  it('are not needed: without them each repository is asked by itself', async () => {
    const first = await capture();
    shellFails = true;

    expect(withoutStreams(await capture())).toEqual(withoutStreams(first));
    expect(runs.filter((run) => run === 'status')).toHaveLength(3);
  });

  it('run no filter of a repository, not even one with a name of blanks and quotes', async () => {
    const trap = join(workshop.path, 'trap');
    workshop.write('.gitattributes', '*.txt filter=x\n');
    workshop.commitAll('attributes');
    workshop.git('config', 'filter.x.clean', `touch ${trap}; cat`);
    workshop.git('config', "filter.it's = ${HOME}.clean", `touch ${trap}; cat`);
    const config = parseGitConfig(Buffer.from(workshop.git('config', '--list', '-z')));
    // Same size, another time: git must look into the file to know.
    workshop.write('kept.txt', 'KEPT\n');
    writeFileSync(join(roots[1] ?? '', 'kept.txt'), 'KEPT\n');
    runs = [];

    const signal = AbortSignal.timeout(20_000);
    const asked = roots.map((root) => ({ root, config }));
    const statuses = await readEarlyStatuses(host(), asked, signal);

    expect(runs).toEqual(['sh']);
    expect([...statuses.keys()]).toEqual(roots);
    expect(existsSync(trap)).toBe(false);
    for (const root of roots) {
      const alone = workshop.gitIn(root, '-c', 'filter.x.clean=', ...statusArguments(config));
      expect(statuses.get(root)?.bytes.toString()).toBe(alone);
      expect(parseGitStatus(statuses.get(root)?.bytes ?? Buffer.alloc(0)).ok).toBe(true);
    }
  });

  it('leave out what no shell should read, and what git refuses', async () => {
    const config = parseGitConfig(Buffer.alloc(0));
    const asked = ['/nowhere', `${workshop.path}/line\nbreak`, workshop.repo].map((root) => ({ root, config }));

    runs = [];
    const statuses = await readEarlyStatuses(host(), asked, AbortSignal.timeout(20_000));

    expect([...statuses.keys()]).toEqual([workshop.repo]);
  });
});
