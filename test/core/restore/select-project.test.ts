import { describe, expect, it } from 'vitest';

import { findMove, selectProject } from '../../../src/core/restore/select-project.ts';
import type { SnapshotItem } from '../../../src/shared/model/item.ts';
import { repositoryRoots } from '../../../src/shared/timeline/project.ts';
import { key } from '../../support/captures.ts';
import { aStoredItem } from '../../support/previews.ts';

function repository(path: string, origin: string): SnapshotItem {
  return aStoredItem({ key: key(`git:${path}`), kind: 'repository', attributes: { path, remotes: { origin } } });
}
const API = 'git@github.com:acme/api.git';
const items = [
  repository('/home/dev/api', API),
  repository('/home/dev/web', 'git@github.com:acme/web.git'),
  aStoredItem({ key: key('tmux:a'), attributes: { cwd: '/home/dev/api' } }),
  aStoredItem({ key: key('tmux:b'), attributes: { cwd: '/home/dev/notes' } }),
  aStoredItem({ key: key('firefox:t'), kind: 'tab', attributes: { url: 'https://github.com/acme/api/issues' } }),
];
const keysOf = (text: string): string[] => selectProject(items, text, items).items.map((item) => item.key);

describe('selectProject()', () => {
  it('takes what belongs to the repository, the pages of it too', () => {
    expect(keysOf('api')).toEqual(['git:/home/dev/api', 'tmux:a', 'firefox:t']);
    expect(keysOf('acme/web')).toEqual(['git:/home/dev/web']);
    expect(keysOf('notes')).toEqual(['tmux:b']);
  });

  it('names the projects there are where it knows none, and the folders where it knows several', () => {
    expect(() => keysOf('nothing')).toThrow(
      expect.objectContaining({ code: 'ITEM_NOT_FOUND', hint: 'It holds api, web, notes.' }),
    );
    const twice = [...items, repository('/tmp/api', 'git@github.com:fork/api.git')];
    expect(() => selectProject(twice, 'api', twice)).toThrow(
      expect.objectContaining({ code: 'ITEM_NOT_FOUND', hint: expect.stringContaining('/tmp/api') as string }),
    );
  });
});

describe('findMove()', () => {
  const [root] = repositoryRoots([repository('/home/dev/api', API)]);
  const elsewhere = repository('/work/api', 'https://github.com/acme/api');

  it('finds the repository by its remote where its folder is gone', () => {
    expect(findMove(root!, [elsewhere], () => false)).toEqual({ from: '/home/dev/api', to: '/work/api' });
  });

  it('moves nothing where the folder is there, where none is the same, and where several are', () => {
    expect(findMove(root!, [elsewhere], () => true)).toBeNull();
    expect(findMove(root!, [repository('/work/web', 'https://github.com/acme/web')], () => false)).toBeNull();
    expect(findMove(root!, [elsewhere, repository('/tmp/api', API)], () => false)).toBeNull();
  });
});
