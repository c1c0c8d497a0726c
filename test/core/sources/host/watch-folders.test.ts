import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { watchFolders } from '../../../../src/core/sources/host/watch-folders.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { waitFor } from '../../../support/test-host.ts';

let folder: TemporaryFolder;
let root: string;
let end: AbortController;
let changes: number;

beforeEach(() => {
  folder = makeTemporaryFolder();
  root = join(folder.path, 'tool', 'projects');
  end = new AbortController();
  changes = 0;
});
afterEach(() => {
  end.abort();
  folder[Symbol.dispose]();
});

function start(isRelevant?: (path: string) => boolean): void {
  watchFolders({
    roots: [root],
    ...(isRelevant === undefined ? {} : { isRelevant }),
    signal: end.signal,
    onChange: () => (changes += 1),
  });
}

/** Does something, and waits until it is heard of. */
async function heard(work: () => void): Promise<void> {
  // What came before is heard of first.
  await new Promise((resolve) => setTimeout(resolve, 60));
  changes = 0;
  work();
  await vi.waitFor(() => expect(changes).toBeGreaterThan(0), { timeout: 5_000 });
}

describe('watchFolders()', () => {
  it('hears of files in folders that were there', async () => {
    mkdirSync(join(root, 'api', 'deep'), { recursive: true });
    writeFileSync(join(root, 'api', 'deep', 'one.jsonl'), 'a');
    start();

    await heard(() => appendFileSync(join(root, 'api', 'deep', 'one.jsonl'), 'b'));
    await heard(() => writeFileSync(join(root, 'top.json'), 'b'));
  });

  it('hears of folders that come later, however deep, and of what happens in them', async () => {
    mkdirSync(root, { recursive: true });
    start();

    await heard(() => mkdirSync(join(root, 'new', 'session', 'subagents'), { recursive: true }));
    await heard(() => writeFileSync(join(root, 'new', 'session', 'subagents', 'agent.jsonl'), 'a'));
    await heard(() => appendFileSync(join(root, 'new', 'session', 'subagents', 'agent.jsonl'), 'b'));
  });

  it('waits for a root that is not there yet, and for one that was taken away', async () => {
    start();
    await heard(() => mkdirSync(root, { recursive: true }));
    await heard(() => writeFileSync(join(root, 'a.jsonl'), 'a'));
    rmSync(join(folder.path, 'tool'), { recursive: true });
    await heard(() => mkdirSync(join(root, 'again'), { recursive: true }));
    await heard(() => writeFileSync(join(root, 'again', 'a.jsonl'), 'a'));
  });

  it('follows a folder that was put in the place of another', async () => {
    mkdirSync(join(root, 'api'), { recursive: true });
    start();
    rmSync(join(root, 'api'), { recursive: true });
    await heard(() => mkdirSync(join(root, 'api')));
    await heard(() => writeFileSync(join(root, 'api', 'a.jsonl'), 'a'));
  });

  it('keeps quiet about what does not count, about what lies beside, and after its end', async () => {
    mkdirSync(root, { recursive: true });
    start((path) => path.endsWith('.jsonl'));
    writeFileSync(join(root, 'a.tmp'), 'a');
    writeFileSync(join(folder.path, 'tool', 'beside.jsonl'), 'a');
    await heard(() => writeFileSync(join(root, 'a.jsonl'), 'a'));
    await new Promise((resolve) => setTimeout(resolve, 100));
    const count = changes;
    writeFileSync(join(root, 'b.tmp'), 'a');
    end.abort();
    writeFileSync(join(root, 'b.jsonl'), 'a');
    await new Promise((resolve) => setTimeout(resolve, 200));

    expect(changes).toBe(count);
  });
});

describe('watchFolders() with roots that are found by looking', () => {
  it('hears of a root that came after it began, and of what is written there', { timeout: 20_000 }, async () => {
    using folder = makeTemporaryFolder();
    const end = new AbortController();
    let changes = 0;
    watchFolders({
      roots: () =>
        readdirSync(folder.path)
          .filter((name) => name.startsWith('profile'))
          .map((name) => join(folder.path, name, 'Sessions')),
      signal: end.signal,
      onChange: () => (changes += 1),
    });

    mkdirSync(join(folder.path, 'profile-2', 'Sessions'), { recursive: true });
    await waitFor('the new profile', () => changes > 0, 15_000);
    const before = changes;
    writeFileSync(join(folder.path, 'profile-2', 'Sessions', 'Session_1'), 'tabs');
    await waitFor('its tabs', () => changes > before);
    end.abort();
  });
});
