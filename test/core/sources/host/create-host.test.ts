import { describe, expect, it } from 'vitest';

import { createHost } from '../../../../src/core/sources/host/create-host.ts';

describe('createHost()', () => {
  it('passes on what locates files and programs, and nothing else of the environment', async () => {
    const secret = 'canary-4711';
    const host = createHost(
      {
        HOME: '/home/dev',
        PATH: process.env['PATH'],
        TMUX_TMPDIR: '/tmp/t',
        MY_TOKEN: secret,
        LD_PRELOAD: secret,
        CAIRN_PASSWORD: secret,
        LANG: '',
      },
      'linux',
    );

    const { stdout } = await host.run('env', []);

    expect(host.homeDir).toBe('/home/dev');
    expect(host.env).toMatchObject({ HOME: '/home/dev', TMUX_TMPDIR: '/tmp/t' });
    expect(JSON.stringify(host.env)).not.toContain(secret);
    expect(stdout.toString()).not.toContain(secret);
    expect(stdout.toString()).toContain('LC_ALL=C.UTF-8');
  });

  it('knows the user without an environment', () => {
    const host = createHost({}, 'linux');

    expect(host.homeDir).toMatch(/^\//);
    expect(host.env).toEqual({ PATH: '/usr/local/bin:/usr/bin:/bin', HOME: host.homeDir });
  });
});
