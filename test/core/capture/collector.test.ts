import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { beforeEach, describe, expect, it } from 'vitest';

import { Collector, type CaptureOutcome, type CaptureSettings } from '../../../src/core/capture/collector.ts';
import { compileExclusion, type Exclusion } from '../../../src/core/capture/rules/exclusion.ts';
import { NO_EXCLUSIONS, type ExclusionRules } from '../../../src/core/capture/rules/exclusion-rules.ts';
import type { CaptureContext, Source } from '../../../src/core/sources/source.ts';
import { AppError } from '../../../src/shared/model/app-error.ts';
import type { CapturedItem } from '../../../src/shared/model/item.ts';
import type { Gap, Snapshot, SnapshotKind } from '../../../src/shared/model/snapshot.ts';
import { aStream, text, utf8 } from '../../support/captures.ts';
import { aProblem, fakeHost, FakeSource } from '../../support/fake-source.ts';
import { FakeVault } from '../../support/fake-vault.ts';
import { ManualClock, settle } from '../../support/manual-clock.ts';
import { makeTemporaryFolder } from '../../support/temporary-folder.ts';

const DAY_MS = 86_400_000;
const SECRET = `ghp_${'aB3d'.repeat(9)}`;

let vault: FakeVault;
let clock: ManualClock;
let tmux: FakeSource;
let firefox: FakeSource;
let git: FakeSource;
let settings: {
  sources: Source[];
  exclusion: Exclusion;
  isRedactionOn: boolean;
  scrollbackLines: number;
  inactiveDays: number;
};
let collector: Collector;

function rules(overrides: Partial<ExclusionRules>): Exclusion {
  return compileExclusion(
    { ...NO_EXCLUSIONS, ...overrides },
    { homeDir: '/home/dev', platform: 'linux', realPath: (path) => path },
  );
}

function newCollector(): Collector {
  return new Collector({
    vault,
    clock,
    host: fakeHost(),
    loadSettings: async (): Promise<CaptureSettings> => settings,
  });
}

beforeEach(() => {
  vault = new FakeVault();
  clock = new ManualClock();
  tmux = new FakeSource('tmux');
  firefox = new FakeSource('firefox', { kinds: ['tab'] });
  git = new FakeSource('git', { kinds: ['repository'], readsPaths: true });
  settings = {
    sources: [tmux, firefox, git],
    exclusion: rules({}),
    isRedactionOn: true,
    scrollbackLines: 10_000,
    inactiveDays: 7,
  };
  collector = newCollector();
});

async function capture(kind: SnapshotKind = 'automatic'): Promise<CaptureOutcome & { snapshot: Snapshot }> {
  const outcome = await collector.capture({ kind });
  return { ...outcome, snapshot: await vault.readSnapshot(outcome.summary.id) };
}

function shown({ snapshot }: { snapshot: Snapshot }): string[] {
  return snapshot.itemList.map(({ key, stale }) => (stale ? `${key} (stale)` : key));
}

function reasons(gaps: readonly Gap[]): string[] {
  return gaps.map(({ source, reason, key }) => [source, reason, ...(key === undefined ? [] : [key])].join(' '));
}

describe('Collector.capture()', () => {
  it('saves what all sources gave, in the order of the sources', async () => {
    tmux.answer({ items: [tmux.item('a'), tmux.item('b')] });
    firefox.answer({ items: [firefox.item('t')] });

    const outcome = await capture('manual');

    expect(shown(outcome)).toEqual(['tmux:a', 'tmux:b', 'firefox:t']);
    expect(outcome.summary).toMatchObject({ kind: 'manual', items: 3, changed: 3, gaps: 0 });
    expect(vault.saved[0]?.goodSources).toEqual(['tmux', 'firefox']);
  });

  it('asks the sources in parallel and those that read paths after them', async () => {
    const order: string[] = [];
    const slow = Promise.withResolvers<void>();
    tmux.answer(async () => {
      order.push('tmux begins');
      await slow.promise;
      order.push('tmux ends');
      return {
        items: [
          tmux.item('a', {
            attributes: { cwd: '/src/api', panes: [{ path: '/src/web' }, { cwd: '/src/api' }, { cwd: 'relative' }] },
          }),
        ],
      };
    });
    firefox.answer(async () => {
      order.push('firefox');
      slow.resolve();
      return {};
    });
    git.answer(async () => {
      order.push('git');
      return {};
    });

    await capture();

    expect(order).toEqual(['tmux begins', 'firefox', 'tmux ends', 'git']);
    expect(git.contexts[0]?.pointedPaths).toEqual(['/src/api', '/src/web']);
    expect(tmux.contexts[0]?.pointedPaths).toEqual([]);
  });

  it('tells a source what is known and what it had', async () => {
    tmux.answer({ items: [tmux.item('a', { title: 'shell', streams: [aStream({ text: 'abc', version: 'v1' })] })] });
    await capture();
    await capture();

    const context = tmux.contexts[1] as CaptureContext;
    expect(context.known(tmux.key('a'), 'scrollback')).toEqual({ version: 'v1', sizeBytes: 3 });
    expect(context.known(tmux.key('b'), 'scrollback')).toBeUndefined();
    expect(context.previous).toMatchObject([{ key: 'tmux:a', title: 'shell', stale: false }]);
    expect(firefox.contexts[1]?.previous).toEqual([]);
  });

  it('stores nothing when it is cancelled', async () => {
    const controller = new AbortController();
    tmux.answer(async () => {
      controller.abort();
      return { items: [tmux.item('a')] };
    });

    await expect(collector.capture({ kind: 'automatic', signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
    expect(vault.saved).toEqual([]);
  });

  it('captures nothing where the rules cannot be read', async () => {
    const failure = new AppError('CONFIG_INVALID', 'no');
    collector = new Collector({ vault, clock, host: fakeHost(), loadSettings: () => Promise.reject(failure) });

    await expect(collector.capture({ kind: 'automatic' })).rejects.toBe(failure);
    expect(vault.saved).toEqual([]);
  });
});

describe('Collector.look()', () => {
  it('gives what is open now, under the same rules, and stores nothing', async () => {
    tmux.answer({ items: [tmux.item('a', { streams: [aStream({ text: 'four' })] }), tmux.item('hidden')] });
    settings.exclusion = rules({ commands: ['vim'] });
    await capture();
    firefox.answer({ items: [firefox.item('t')] });
    const before = await vault.listSnapshots({ limit: 10 });

    const items = await collector.look(new AbortController().signal);

    expect(items.map(({ key, stale }) => [key, stale])).toEqual([
      ['tmux:a', false],
      ['tmux:hidden', false],
      ['firefox:t', false],
    ]);
    expect(await vault.listSnapshots({ limit: 10 })).toEqual(before);
    await expect(collector.look(AbortSignal.abort())).rejects.toThrow();
  });
});

describe('deadlines', () => {
  it('gives a hanging source up after 5 s, with a gap, its items carried, the others saved', async () => {
    tmux.answer({ items: [tmux.item('a')] });
    firefox.answer({ items: [firefox.item('t')] });
    await capture();
    tmux.hang();

    const outcome = capture();
    await clock.advance(5_000);

    const { snapshot } = await outcome;
    expect(shown({ snapshot })).toEqual(['firefox:t', 'tmux:a (stale)']);
    expect(reasons(snapshot.gapList)).toEqual(['tmux timeout']);
    expect(tmux.contexts[1]?.signal.aborted).toBe(true);
    expect(clock.timerCount).toBe(0);
  });

  it('drops what comes late, and does not ask a stuck source on top of itself until a minute has passed', async () => {
    const late = Promise.withResolvers<{ items: CapturedItem[] }>();
    tmux.answer(() => late.promise, { items: [tmux.item('b')] });
    const first = capture();
    await clock.advance(5_000);
    await first;

    const second = await capture();
    expect([tmux.contexts.length, reasons(second.gaps)]).toEqual([1, ['tmux timeout']]);

    late.resolve({ items: [tmux.item('late')] });
    await settle();
    expect(shown(await capture())).toEqual(['tmux:b']);
  });

  it('asks a source anew that has been stuck for a minute', async () => {
    tmux.answer(() => new Promise(() => {}), { items: [tmux.item('b')] });
    const first = capture();
    await clock.advance(5_000);
    await first;
    await clock.advance(60_000);

    expect(shown(await capture())).toEqual(['tmux:b']);
  });

  it('survives a late rejection', async () => {
    const late = Promise.withResolvers<never>();
    tmux.answer(() => late.promise);
    const first = capture();
    await clock.advance(5_000);
    await first;

    late.reject(new Error('too late'));
    await settle();
  });
});

describe('gaps', () => {
  it('carries the items of a source that fails, and says only the kind of an unexpected error', async () => {
    tmux.answer(
      { items: [tmux.item('a')] },
      new AppError('SOURCE_FAILED', 'tmux does not answer.'),
      new TypeError('secret text'),
    );
    await capture();

    const second = await capture();
    const third = await capture();

    expect([shown(second), shown(third)]).toEqual([['tmux:a (stale)'], ['tmux:a (stale)']]);
    expect(second.gaps.map(({ message }) => message)).toEqual(['tmux does not answer.']);
    expect(third.gaps.map(({ message }) => message)).toEqual(['tmux ended with an unexpected TypeError.']);
  });

  it('takes a source that throws at once for failed', async () => {
    tmux.capture = () => {
      throw new AppError('SOURCE_UNREADABLE', 'No access.');
    };

    expect(reasons((await capture()).gaps)).toEqual(['tmux unreadable']);
  });

  it('takes a group that vanished for a gap, unless it was closed', async () => {
    const one = tmux.item('a', { group: 'one' });
    const two = tmux.item('b', { group: 'two' });
    tmux.answer({ items: [one, two] }, { items: [two] }, { items: [two], closed: [one.key] });
    await capture();

    const second = await capture();
    const third = await capture();

    expect([shown(second), reasons(second.gaps)]).toEqual([['tmux:b', 'tmux:a (stale)'], ['tmux vanished']]);
    expect([shown(third), reasons(third.gaps)]).toEqual([['tmux:b'], []]);
  });

  it('misses nothing of a group whose items are all in another one now', async () => {
    tmux.answer({ items: [tmux.item('a', { group: 'one' })] }, { items: [tmux.item('a', { group: 'two' })] });
    await capture();

    const second = await capture();

    expect([shown(second), second.gaps]).toEqual([['tmux:a'], []]);
  });

  it('lets single items of a living group go', async () => {
    tmux.answer({ items: [tmux.item('a'), tmux.item('b')] }, { items: [tmux.item('b')] });
    await capture();

    const second = await capture();

    expect([shown(second), second.gaps]).toEqual([['tmux:b'], []]);
  });

  it('carries an item that is named as unreadable, never over one that was read', async () => {
    const problems = [
      aProblem({ key: tmux.key('a') }),
      aProblem({ key: tmux.key('b') }),
      aProblem({ key: tmux.key('new') }),
    ];
    tmux.answer({ items: [tmux.item('a'), tmux.item('b')] }, { items: [tmux.item('b', { title: 'read' })], problems });
    await capture();

    const second = await capture();

    expect(shown(second)).toEqual(['tmux:b', 'tmux:a (stale)']);
    expect(second.snapshot.itemList[0]?.title).toBe('read');
    expect(vault.saved[1]?.carried).toEqual(['tmux:a']);
    expect(reasons(second.gaps)).toEqual([
      'tmux unreadable tmux:a',
      'tmux unreadable tmux:b',
      'tmux unreadable tmux:new',
    ]);
  });

  it('carries a group that is named as unreadable, with that one gap, as long as a lost one', async () => {
    const one = [tmux.item('a', { group: 'one' }), tmux.item('b', { group: 'one' })];
    const two = tmux.item('c', { group: 'two' });
    tmux.answer(
      { items: [...one, two] },
      { items: [two], problems: [aProblem({ group: 'one' })] },
      { items: [two, tmux.item('b', { group: 'one' })], problems: [aProblem({ group: 'one' })] },
      { items: [two], problems: [aProblem({ group: 'one' })] },
    );
    await capture();

    const second = await capture();
    const third = await capture();
    clock.jumpWall(7 * DAY_MS);
    await capture();
    clock.jumpWall(1);
    const last = await capture();

    expect(shown(second)).toEqual(['tmux:c', 'tmux:a (stale)', 'tmux:b (stale)']);
    expect(shown(third)).toEqual(['tmux:c', 'tmux:b', 'tmux:a (stale)']);
    expect(shown(last)).toEqual(['tmux:c']);
    expect([second, third, last].map(({ gaps }) => reasons(gaps))).toEqual([
      ['tmux unreadable'],
      ['tmux unreadable'],
      ['tmux unreadable'],
    ]);
  });

  it('tells since when a gap lasts, across a restart of Cairn too', async () => {
    tmux.answer({ items: [tmux.item('a')] }, {});
    await capture();
    const beganMs = clock.nowMs() + 30_000;
    await clock.advance(30_000);
    await capture();
    await clock.advance(30_000);
    collector = newCollector();

    const third = await capture();

    expect(third.gaps.map(({ sinceMs }) => sinceMs)).toEqual([beganMs]);
    expect(third.snapshot.itemList[0]).toMatchObject({ stale: true, goodAtMs: beganMs - 30_000 });
  });

  it('carries a lost group no longer than a source may be silent, counted from the gap', async () => {
    tmux.answer({ items: [tmux.item('a')] }, {});
    await capture();
    clock.jumpWall(30 * DAY_MS);
    const afterHoliday = await capture();
    clock.jumpWall(7 * DAY_MS);
    const stillKept = await capture();
    clock.jumpWall(1);
    const gone = await capture();

    expect([afterHoliday, stillKept, gone].map(shown)).toEqual([['tmux:a (stale)'], ['tmux:a (stale)'], []]);
    expect(gone.gaps).toEqual([]);
  });

  it('never calls a source good that showed nothing, so that its last good snapshot stays', async () => {
    tmux.answer({ items: [tmux.item('a')] }, {});
    await capture();
    await capture();

    expect(vault.saved.map(({ goodSources }) => goodSources)).toEqual([['tmux'], []]);
  });

  it('points the git source at what is carried too', async () => {
    tmux.answer({ items: [tmux.item('a', { attributes: { cwd: '/src/api' } })] }, {});
    await capture();
    await capture();

    expect(git.contexts[1]?.pointedPaths).toEqual(['/src/api']);
  });

  it('keeps nothing of a source that is turned off', async () => {
    tmux.answer({ items: [tmux.item('a')] });
    firefox.answer({ items: [firefox.item('t')] });
    await capture();
    settings.sources = [firefox, git];

    const second = await capture();

    expect([shown(second), second.gaps, tmux.contexts.length]).toEqual([['firefox:t'], [], 1]);
  });
});

describe('what breaks the contract', () => {
  it('keeps the first of two items with one key and refuses names of other sources', async () => {
    tmux.answer({
      items: [tmux.item('a', { title: 'first' }), tmux.item('a', { title: 'second' }), firefox.item('stolen')],
    });

    const outcome = await capture();

    expect(outcome.snapshot.itemList.map(({ title }) => title)).toEqual(['first']);
    expect(reasons(outcome.gaps)).toEqual(['tmux failed tmux:a', 'tmux failed']);
  });

  it('leaves out facts and contents that are too large, and carries what was there', async () => {
    const big = tmux.item('big', { attributes: { facts: 'x'.repeat(70_000) } });
    const huge = (): CapturedItem =>
      tmux.item('huge', {
        streams: [aStream({ content: { type: 'whole', bytes: new Uint8Array(65 * 1024 * 1024) } })],
      });
    tmux.answer({ items: [tmux.item('huge', { title: 'small' })] }, { items: [big, huge(), tmux.item('a')] });
    await capture();

    const second = await capture();

    expect(shown(second)).toEqual(['tmux:a', 'tmux:huge (stale)']);
    expect(reasons(second.gaps)).toEqual(['tmux too-large tmux:big', 'tmux too-large tmux:huge']);
  });

  it('takes an answer without form for a failure', async () => {
    tmux.answer(async () => ({ items: null }) as never);

    expect(reasons((await capture()).gaps)).toEqual(['tmux failed']);
  });
});

describe('exclusion', () => {
  it('stores nothing that is excluded, and takes effect on what would be carried', async () => {
    const hidden = tmux.item('a', { attributes: { cwd: '/secret' } });
    const trimmed = firefox.item('t', {
      attributes: { url: 'https://ok.example', entries: [{ url: 'https://hidden.example' }] },
    });
    tmux.answer({ items: [hidden] }, new AppError('SOURCE_FAILED', 'no'));
    firefox.answer({ items: [trimmed] }, new AppError('SOURCE_FAILED', 'no'));
    await capture();
    settings.exclusion = rules({ paths: ['/secret'], urls: ['hidden.example'] });

    const second = await capture();
    tmux.answer({ items: [hidden] });
    firefox.answer({ items: [trimmed] });
    const third = await capture();

    expect(shown(second)).toEqual([]);
    expect(shown(third)).toEqual(['firefox:t']);
    expect(JSON.stringify([third.snapshot, vault.saved.slice(1)])).not.toMatch(/secret|hidden/);
    expect(git.contexts[2]?.pointedPaths).toEqual([]);
  });

  it('does not take a group for lost whose last item became hidden, nor tells of its troubles', async () => {
    tmux.answer({ items: [tmux.item('a', { attributes: { cwd: '/ok' } })] });
    await capture();
    settings.exclusion = rules({ paths: ['/secret'] });
    tmux.answer({
      items: [tmux.item('a', { attributes: { cwd: '/secret' } })],
      problems: [aProblem({ key: tmux.key('a') })],
    });

    const second = await capture();

    expect([shown(second), second.gaps]).toEqual([[], []]);
  });

  it('does not ask a source that a rule names, and hands the rules to the others', async () => {
    settings.exclusion = rules({ sources: ['tmux'], urls: ['hidden.example'] });

    await capture();

    expect(tmux.contexts).toEqual([]);
    expect(firefox.contexts[0]?.excludes.url('https://hidden.example/a')).toBe(true);
  });
});

describe('redaction', () => {
  it('takes secrets out of what is stored, and can be turned off', async () => {
    tmux.answer({ items: [tmux.item('a', { streams: [aStream({ text: `$ ${SECRET}`, version: 'v1' })] })] });
    const read = async ({ summary }: CaptureOutcome): Promise<string> =>
      text(await vault.readStream(summary.id, tmux.key('a'), 'scrollback'));

    expect(await read(await capture())).toBe('$ [REDACTED:github-token]');
    settings.isRedactionOn = false;
    expect(await read(await capture())).toBe(`$ ${SECRET}`);
  });

  it('asks for the whole content when the setting was turned', async () => {
    const asked: (string | undefined)[] = [];
    tmux.answer(async (context) => {
      asked.push(context.known(tmux.key('a'), 'scrollback')?.version);
      return { items: [tmux.item('a', { streams: [aStream({ version: 'v1' })] })] };
    });
    await capture();
    await capture();
    settings.isRedactionOn = false;
    await capture();
    await capture();

    expect(asked).toEqual([undefined, 'v1', undefined, 'v1']);
  });
});

describe('scrollback', () => {
  it.each([
    { lines: 10_000, kept: 'one\ntwo\nthree\n' },
    { lines: 3, kept: 'one\ntwo\nthree\n' },
    { lines: 2, kept: 'two\nthree\n' },
    { lines: 0, kept: '' },
  ])('keeps the last $lines lines', async ({ lines, kept }) => {
    settings.scrollbackLines = lines;
    tmux.answer({ items: [tmux.item('a', { streams: [aStream({ text: 'one\ntwo\nthree\n' })] })] });

    const { summary } = await capture();

    expect(text(await vault.readStream(summary.id, tmux.key('a'), 'scrollback'))).toBe(kept);
  });
});

describe('joins', () => {
  it('gives a conversation the terminal it runs in, and never a guess', async () => {
    const claude = new FakeSource('claude-code', { kinds: ['conversation'] });
    settings.sources = [tmux, claude];
    tmux.answer({
      items: [
        tmux.item('a', { attributes: { tty: '/dev/pts/1' } }),
        tmux.item('b', { attributes: { tty: '/dev/pts/1' } }),
      ],
    });
    claude.answer({
      items: [
        claude.item('here', { attributes: { tty: '/dev/pts/1' } }),
        claude.item('away', { attributes: { tty: '/dev/pts/9' } }),
        claude.item('off'),
      ],
    });

    const { snapshot } = await capture();

    const joined = snapshot.itemList
      .filter(({ kind }) => kind === 'conversation')
      .map(({ attributes }) => attributes['terminal']);
    expect(joined).toEqual(['tmux:a', undefined, undefined]);
  });

  it('gives a document the terminal of its editor', async () => {
    const vim = new FakeSource('vim', { kinds: ['document'] });
    settings.sources = [tmux, vim];
    tmux.answer({ items: [tmux.item('a', { attributes: { tty: '/dev/pts/1' } })] });
    vim.answer({ items: [vim.item('/w/x', { attributes: { tty: '/dev/pts/1' } })] });

    const { snapshot } = await capture();

    const document = snapshot.itemList.find(({ kind }) => kind === 'document');
    expect(document?.attributes['terminal']).toBe('tmux:a');
  });
});

describe('hints that do not hold', () => {
  it('captures again at once with the whole content, and names the snapshot that has it', async () => {
    tmux.answer({ items: [tmux.item('a', { streams: [aStream({ text: 'old' })] })] });
    await capture();
    const wrong = aStream({ content: { type: 'appended', fromByte: 99, overlap: utf8('?'), bytes: utf8('!') } });
    tmux.answer({ items: [tmux.item('a', { streams: [wrong] })] }, async (context) => ({
      items: [
        tmux.item('a', {
          streams: [aStream({ text: context.known(tmux.key('a'), 'scrollback') === undefined ? 'whole' : 'known' })],
        }),
      ],
    }));

    const checkpoint = { name: 'here', description: '', tags: [], priority: 'normal', pinned: false } as const;
    const outcome = await collector.capture({ kind: 'checkpoint', checkpoint });

    expect(text(await vault.readStream(outcome.summary.id, tmux.key('a'), 'scrollback'))).toBe('whole');
    expect(outcome.gaps).toEqual([]);
    expect(await vault.listCheckpoints()).toMatchObject([{ name: 'here', snapshotId: outcome.summary.id }]);
  });

  it('says so where the second try does not hold either', async () => {
    const wrong = aStream({ content: { type: 'unchanged' } });
    tmux.answer({ items: [tmux.item('a', { streams: [wrong] })] });

    const outcome = await capture();

    expect([vault.saved.length, reasons(outcome.gaps)]).toEqual([2, ['tmux partial tmux:a']]);
  });
});

describe('two processes', () => {
  it('reads the newest snapshot anew after another process saved one', async () => {
    tmux.answer({ items: [tmux.item('a')] });
    await capture();
    const other = newCollector();
    tmux.answer({ items: [tmux.item('a'), tmux.item('b')] }, {});
    await other.capture({ kind: 'manual' });

    expect(shown(await capture())).toEqual(['tmux:a (stale)', 'tmux:b (stale)']);
  });
});

describe("what the user's word leaves out", () => {
  const PTS_5 = (136 << 8) + 5;

  /** A machine on which one process has a terminal and this environment. */
  function procWith(folder: string, environ: string): string {
    mkdirSync(join(folder, '10'));
    const zeros = Array.from({ length: 30 }, () => 0);
    writeFileSync(join(folder, '10/stat'), `10 (bash) ${['S', 1, 10, 10, PTS_5, 10, ...zeros].join(' ')}`);
    writeFileSync(join(folder, '10/environ'), environ);
    return folder;
  }

  it('is a terminal with CAIRN_OFF and what runs in it, also what was captured before, and is told without a name', async () => {
    using folder = makeTemporaryFolder();
    const inIt = { cwd: '/srv/api', tty: '/dev/pts/5' };
    const claude = new FakeSource('claude-code', { kinds: ['conversation'] });
    settings.sources = [tmux, claude];
    tmux.answer({
      items: [tmux.item('off', { attributes: inIt }), tmux.item('on', { attributes: { tty: '/dev/pts/6' } })],
    });
    claude.answer({ items: [claude.item('talk', { attributes: inIt })] });
    expect(shown(await capture())).toHaveLength(3);
    const host = { ...fakeHost(), procDir: procWith(folder.path, 'CAIRN_OFF=1') };
    collector = new Collector({ vault, clock, host, loadSettings: async () => settings });

    const outcome = await capture();

    expect(shown(outcome)).toEqual(['tmux:on']);
    expect(outcome.leftOut).toEqual([
      { source: 'claude-code', reason: 'CAIRN_OFF', items: 1 },
      { source: 'tmux', reason: 'CAIRN_OFF', items: 1 },
    ]);
  });

  it('is told apart: a rule, a marker, a source that is not asked', async () => {
    settings.exclusion = compileExclusion(
      { ...NO_EXCLUSIONS, paths: ['/ruled'], sources: ['firefox'] },
      {
        ...{ homeDir: '/home/dev', platform: 'linux', realPath: (path: string) => path },
        isMarkedPath: (path) => path.startsWith('/marked') || path.startsWith('/ruled/and/marked'),
      },
    );
    const items = ['/ruled', '/ruled/and/marked', '/marked', '/open'].map((cwd) =>
      tmux.item(cwd, { attributes: { cwd } }),
    );
    tmux.answer({ items });

    const outcome = await capture();

    expect(shown(outcome)).toEqual(['tmux:/open']);
    expect(outcome.leftOut).toEqual([
      { source: 'firefox', reason: 'rule', items: null },
      { source: 'tmux', reason: 'cairnignore', items: 1 },
      { source: 'tmux', reason: 'rule', items: 2 },
    ]);
  });
});
