import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { parseGitConfig } from '../../../../src/core/sources/git/parse-config.ts';
import { withoutCredentials } from '../../../../src/core/sources/git/remote-address.ts';

describe('withoutCredentials()', () => {
  it.each([
    ['https://example.org/x.git', 'https://example.org/x.git'],
    ['https://user:s3cret@example.org/x.git', 'https://example.org/x.git'],
    ['https://s3cret@example.org:8443/x.git', 'https://example.org:8443/x.git'],
    ['https://user:p@s3cret@example.org/x.git', 'https://example.org/x.git'],
    ['https://example.org/x.git?private_token=s3cret', 'https://example.org/x.git'],
    ['https://example.org/x.git#s3cret', 'https://example.org/x.git'],
    ['HTTPS://s3cret@example.org/x', 'HTTPS://example.org/x'],
    ['ssh://git@example.org:22/x.git', 'ssh://git@example.org:22/x.git'],
    ['ssh://git:s3cret@example.org/x.git', 'ssh://git@example.org/x.git'],
    ['git+ssh://git:s3cret@example.org/x.git', 'git+ssh://git@example.org/x.git'],
    ['git@example.org:x.git', 'git@example.org:x.git'],
    ['git:s3cret@example.org:x.git', 'git@example.org:x.git'],
    ['ext::sh -c s3cret', 'ext::(left out)'],
    ['/srv/git/a:b@c.git', '/srv/git/a:b@c.git'],
    ['file:///srv/git/x.git', 'file:///srv/git/x.git'],
    ['../x', '../x'],
  ])('%s', (address, expected) => {
    expect(withoutCredentials(address)).toBe(expected);
  });

  it('never keeps what stands before the host of a web address', () => {
    const secret = fc.stringMatching(/^[A-Za-z0-9:@%+=._-]{1,30}$/);
    fc.assert(
      fc.property(secret, fc.constantFrom('https', 'http', 'ftp'), (userinfo, scheme) => {
        expect(withoutCredentials(`${scheme}://${userinfo}@host.example/x`)).toBe(`${scheme}://host.example/x`);
      }),
    );
  });
});

describe('parseGitConfig()', () => {
  it('gives filters and remotes, and drops everything else', () => {
    const records = [
      'http.extraheader\nAuthorization: s3cret',
      'filter.lfs.clean\ngit-lfs clean',
      'filter.lfs.required\ntrue',
      'filter.a=b.c.smudge\nx',
      'filter..clean\nx',
      'remote.origin.url\nhttps://s3cret@example.org/x',
      'remote.origin.url\nhttps://example.org/second',
      'remote.up.stream.url\ngit@example.org:x',
      'remote.origin.fetch\n+refs/*',
      'status.showuntrackedfiles\nno',
      'core.bare',
    ];

    expect(parseGitConfig(Buffer.from(records.map((record) => `${record}\0`).join('')))).toEqual({
      filters: ['lfs', 'a=b.c', ''],
      remotes: new Map([
        ['origin', 'https://example.org/x'],
        ['up.stream', 'git@example.org:x'],
      ]),
      hidesUntracked: true,
      workTree: null,
    });
  });

  it('takes any bytes', () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void parseGitConfig(bytes)));
  });
});
