import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { findProjects, projectOf, remoteIdOf, repositoryRoots } from '../../../src/shared/timeline/project.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';

type Placed = Pick<SnapshotItem, 'kind' | 'attributes'>;

const api: Placed = {
  kind: 'repository',
  attributes: { path: '/home/dev/api', remotes: { origin: 'git@github.com:acme/api.git' } },
};
const inner: Placed = { kind: 'repository', attributes: { path: '/home/dev/api/vendor/lib', remotes: {} } };
const roots = repositoryRoots([api, inner]);

describe('projectOf()', () => {
  const tab = (url: string): Placed => ({ kind: 'tab', attributes: { url } });

  it.each<[string, Placed, string | undefined]>([
    ['a repository', api, 'api'],
    ['a terminal inside', { kind: 'terminal', attributes: { cwd: '/home/dev/api/src' } }, 'api'],
    ['a terminal in an inner repository', { kind: 'terminal', attributes: { cwd: '/home/dev/api/vendor/lib' } }, 'lib'],
    ['a terminal elsewhere', { kind: 'terminal', attributes: { cwd: '/home/dev/notes' } }, 'notes'],
    ['a folder whose name begins alike', { kind: 'terminal', attributes: { cwd: '/home/dev/api-old' } }, 'api-old'],
    ['a conversation', { kind: 'conversation', attributes: { cwd: '/home/dev/api' } }, 'api'],
    ['a file', { kind: 'document', attributes: { path: '/home/dev/api/src/a.ts', cwd: '/elsewhere' } }, 'api'],
    ['a file without a repository', { kind: 'document', attributes: { path: '/etc/hosts' } }, 'etc'],
    ['a page of the repository', tab('https://github.com/acme/api/pull/7?tab=files#x'), 'api'],
    ['the page itself', tab('https://github.com/acme/api'), 'api'],
    ['a page of a neighbour', tab('https://github.com/acme/api-docs'), undefined],
    ['another page', tab('https://example.com/'), undefined],
    ['nothing', { kind: 'terminal', attributes: {} }, undefined],
  ])('tells it of %s', (_, item, name) => {
    expect(projectOf(item, roots)).toBe(name);
  });
});

describe('remoteIdOf()', () => {
  it.each([
    ['git@github.com:acme/api.git', 'github.com/acme/api'],
    ['https://github.com/acme/api', 'github.com/acme/api'],
    ['https://token@github.com/Acme/API.git/', 'github.com/acme/api'],
    ['ssh://git@git.example.com:2222/team/sub/api.git', 'git.example.com/team/sub/api'],
    ['/srv/git/api.git', null],
    ['file:///srv/git/api.git', null],
    ['C:\\git\\api', null],
    ['', null],
  ])('reads %s', (address, id) => {
    expect(remoteIdOf(address)).toBe(id);
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const id = remoteIdOf(text);
        expect(id === null || id.includes('/')).toBe(true);
      }),
    );
  });
});

describe('findProjects()', () => {
  const other = repositoryRoots([
    api,
    { kind: 'repository', attributes: { path: '/tmp/api', remotes: { origin: 'https://github.com/fork/api' } } },
  ]);

  it.each([
    ['a name', 'api', ['/home/dev/api', '/tmp/api']],
    ['a folder', '/home/dev/api', ['/home/dev/api']],
    ['a folder inside', '/home/dev/api/src/deep', ['/home/dev/api']],
    ['an address', 'https://github.com/acme/api.git', ['/home/dev/api']],
    ['the end of an address', 'fork/api', ['/tmp/api']],
    ['nothing that there is', 'web', []],
  ])('finds by %s', (_, text, paths) => {
    expect(
      findProjects(text, other)
        .map(({ path }) => path)
        .toSorted(),
    ).toEqual(paths);
  });
});
