import { describe, expect, it } from 'vitest';

import { aStream, aTerminal } from '../../support/captures.ts';
import { FakeCore } from '../fake-core.ts';
import { runCairn } from '../test-shell.ts';

async function withTwo(): Promise<FakeCore> {
  const core = new FakeCore();
  core.items = [aTerminal('a', { streams: [aStream({ text: 'one' })] }), aTerminal('b')];
  await runCairn(['checkpoint', 'then'], { core });
  core.items = [
    aTerminal('a', { attributes: { cwd: '/elsewhere' }, streams: [aStream({ text: 'two and more' })] }),
    aTerminal('c\x1b[2J'),
  ];
  core.nowMs += 60_000;
  await runCairn(['capture'], { core });
  return core;
}

describe('cairn diff', () => {
  it('says what came, went and changed, to the newest by default', async () => {
    const { stdout } = await runCairn(['diff', 'then'], { core: await withTwo() });

    expect(stdout).toMatch(/From [0-9a-f]{8}, 1 minute ago \(\S+\), to [0-9a-f]{8}, just now/);
    expect(stdout).toContain('Added (1)\n  +  tmux:c  c\n');
    expect(stdout).toContain('Removed (1)\n  -  tmux:b  b\n');
    expect(stdout).toContain('Changed (1)\n  ~  tmux:a  scrollback +9 bytes, cwd\n');
    expect(stdout).not.toContain('\x1b');
  });

  it('gives the document of the contract', async () => {
    const { json } = await runCairn(['diff', 'then', 'latest', '--json'], { core: await withTwo() });

    expect(json()).toMatchObject({
      added: [{ key: 'tmux:c\x1b[2J', kind: 'terminal' }],
      removed: [{ key: 'tmux:b' }],
      changed: [
        {
          key: 'tmux:a',
          attributes: ['cwd'],
          streams: [{ name: 'scrollback', sizeBytesBefore: 3, sizeBytesAfter: 12 }],
        },
      ],
    });
  });

  it('says when nothing changed', async () => {
    expect((await runCairn(['diff', 'latest'], { core: await withTwo() })).stdout).toContain('Nothing changed.');
  });
});
