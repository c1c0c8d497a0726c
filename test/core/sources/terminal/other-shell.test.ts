import { describe, expect, it } from 'vitest';

import { otherShell } from '../../../../src/core/sources/terminal/other-shell.ts';

describe('otherShell()', () => {
  it.each([
    ['a known shell that is not the user’s own', 'fish', '/bin/bash', 'fish'],
    ['the user’s own shell', 'zsh', '/usr/bin/zsh', ''],
    ['a program that is no shell', 'python3', '/bin/bash', ''],
    ['a path, which could lead anywhere', '/tmp/zsh', '/bin/bash', ''],
    ['more than a name', 'zsh -c reboot', '/bin/bash', ''],
    ['nothing captured', undefined, '/bin/bash', ''],
    ['no shell set', 'bash', undefined, 'bash'],
  ])('%s', (_, captured, own, expected) => {
    expect(otherShell(captured, { env: own === undefined ? {} : { SHELL: own } })).toBe(expected);
  });
});
