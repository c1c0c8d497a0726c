import { expect, it } from 'vitest';

import { EXIT_FAILED, EXIT_DONE } from '../../src/cli/exit-code.ts';
import { FakeCore } from './fake-core.ts';
import { openSpawnedCairn } from './spawned-cli.ts';
import { runCairn } from './test-shell.ts';

it('waits and then opens, so that a script with the right password does not fail for the wrong ones of others', async () => {
  const core = new FakeCore();
  core.waitMs = 1_500;

  const { exitCode, stderr } = await runCairn(['list'], { core });

  expect(exitCode).toBe(EXIT_DONE);
  expect(stderr).toContain('the next attempt waits 2 seconds');
  expect(core.opened).toHaveLength(1);
});

it('ends at a signal without having tried the password', async () => {
  const core = new FakeCore();
  core.waitMs = 60_000;
  const stop = new AbortController();
  setImmediate(() => stop.abort());

  const { exitCode } = await runCairn(['list'], { core, signal: stop.signal });

  expect(exitCode).toBe(EXIT_FAILED);
  expect(core.opened).toEqual([]);
});

it('counts wrong passwords over processes, tells the right user of them, and is then over', async () => {
  using cairn = openSpawnedCairn();
  await cairn.run(['init', '--sources', 'none']);
  const wrong = { env: { CAIRN_PASSWORD: 'not the password' } };
  for (let made = 0; made < 3; made += 1) expect((await cairn.run(['list'], wrong)).exitCode).toBe(3);

  const right = await cairn.run(['list']);
  const after = await cairn.run(['list']);

  expect(right.exitCode).toBe(EXIT_DONE);
  expect(right.stderr).toMatch(/3 wrong passwords were tried/);
  expect(after.stderr).not.toMatch(/wrong password/);
});
