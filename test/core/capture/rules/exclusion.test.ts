import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { compileExclusion, type Exclusion } from '../../../../src/core/capture/rules/exclusion.ts';
import {
  NO_EXCLUSIONS,
  parseExclusionRules,
  type ExclusionRules,
} from '../../../../src/core/capture/rules/exclusion-rules.ts';
import { previewExclusion } from '../../../../src/core/capture/rules/preview-exclusion.ts';
import { matchesWildcard } from '../../../../src/core/capture/rules/wildcard.ts';
import type { JsonObject } from '../../../../src/shared/model/json.ts';
import { aTerminal } from '../../../support/captures.ts';

function exclude(
  rules: Partial<ExclusionRules>,
  platform: NodeJS.Platform = 'linux',
  links: Record<string, string> = {},
): Exclusion {
  const realPath = (path: string): string => links[path] ?? path;
  return compileExclusion({ ...NO_EXCLUSIONS, ...rules }, { homeDir: '/home/dev', platform, realPath });
}

describe('path rules', () => {
  it.each([
    { rule: '~/private', path: '/home/dev/private', isHidden: true },
    { rule: '~/private', path: '/home/dev/private/deep/file', isHidden: true },
    { rule: '~/private/', path: '/home/dev/private', isHidden: true },
    { rule: '~/private', path: '/home/dev/private2', isHidden: false },
    { rule: '~/private', path: '/home/dev/private (deleted)', isHidden: true },
    { rule: '/srv/keys', path: '/srv/x/../keys//a', isHidden: true },
    { rule: '/srv/keys', path: '/srv/Keys', isHidden: false },
    { rule: '~/clients/*/secrets', path: '/home/dev/clients/acme/secrets/a.txt', isHidden: true },
    { rule: '~/clients/*/secrets', path: '/home/dev/clients/acme/public', isHidden: false },
    { rule: '**/.ssh', path: '/home/dev/.ssh/id_ed25519', isHidden: true },
    { rule: '**/*.kdbx', path: '/home/dev/.x/passwords.kdbx', isHidden: true },
    { rule: '/a/{b,c}', path: '/a/c', isHidden: true },
  ])('$rule on $path: $isHidden', ({ rule, path, isHidden }) => {
    expect(exclude({ paths: [rule] }).path(path)).toBe(isHidden);
  });

  it('counts for where its symbolic links lead', () => {
    const exclusion = exclude({ paths: ['~/link'] }, 'linux', { '/home/dev/link': '/data/secret' });

    expect([exclusion.path('/data/secret/a'), exclusion.path('/home/dev/link/a')]).toEqual([true, true]);
  });

  it('takes names of different case for the same where the system does', () => {
    expect(exclude({ paths: ['~/Private'] }, 'darwin').path('/home/dev/private/a')).toBe(true);
  });

  it('hides file URLs and the files that a command was given', () => {
    const exclusion = exclude({ paths: ['/srv/keys'] });

    expect(exclusion.url('file:///srv/keys/a%20b.txt')).toBe(true);
    expect(exclusion.url('view-source:file:///srv/keys/a')).toBe(true);
    expect(exclusion.url('https://example.com/srv/keys')).toBe(false);
    expect(exclusion.apply(aTerminal('a', { attributes: { argv: ['vim', '/srv/keys/a'] } }))).toBeNull();
  });
});

describe('URL rules', () => {
  it.each([
    { rule: 'example.com', url: 'https://example.com/', isHidden: true },
    { rule: 'example.com', url: 'https://mail.EXAMPLE.com./a', isHidden: true },
    { rule: 'example.com', url: 'https://user:pw@example.com:8443/a', isHidden: true },
    { rule: 'example.com', url: 'https://notexample.com/', isHidden: false },
    { rule: 'example.com', url: 'https://example.com.evil.net/', isHidden: false },
    { rule: 'example.com', url: 'https://evil.net/?u=example.com', isHidden: false },
    { rule: '*.example.com', url: 'https://a.example.com/', isHidden: true },
    { rule: '*.example.com', url: 'https://example.com/', isHidden: false },
    { rule: 'bank*', url: 'https://bank.example/', isHidden: true },
    { rule: 'example.com/private', url: 'https://example.com/private/a', isHidden: true },
    { rule: 'example.com/private', url: 'https://example.com/Private?x=1', isHidden: true },
    { rule: 'example.com/private', url: 'https://example.com/%70rivate', isHidden: true },
    { rule: 'example.com/private', url: 'https://example.com/privateer', isHidden: false },
    { rule: 'example.com/*/private', url: 'https://example.com/u/private/a', isHidden: true },
    { rule: 'https://example.com', url: 'http://example.com/', isHidden: false },
    { rule: 'localhost:3000', url: 'http://localhost:3000/a', isHidden: true },
    { rule: 'localhost:3000', url: 'http://localhost:4000/a', isHidden: false },
    { rule: 'example.com:443', url: 'https://example.com/', isHidden: true },
    { rule: 'about:', url: 'about:config', isHidden: true },
    { rule: 'file:', url: 'file:///etc/passwd', isHidden: true },
    { rule: 'münchen.example', url: 'https://xn--mnchen-3ya.example/', isHidden: true },
    { rule: 'example.com', url: 'view-source:https://example.com/', isHidden: true },
    { rule: 'example.com', url: 'blob:https://example.com/5e3b', isHidden: true },
    { rule: 'example.com', url: 'about:reader?url=https%3A%2F%2Fexample.com%2Fa', isHidden: true },
    { rule: 'example.com', url: 'https://[broken example.com', isHidden: true },
  ])('$rule on $url: $isHidden', ({ rule, url, isHidden }) => {
    expect(exclude({ urls: [rule] }).url(url)).toBe(isHidden);
  });
});

describe('command rules', () => {
  it.each([
    { rule: 'pass', line: 'pass show mail', isHidden: true },
    { rule: 'pass', line: '/usr/bin/pass show mail', isHidden: true },
    { rule: 'pass', line: 'sudo -E FOO=1 pass show mail', isHidden: true },
    { rule: 'pass', line: 'echo a | pass insert mail', isHidden: true },
    { rule: 'pass', line: 'passwd', isHidden: false },
    { rule: 'pass', line: 'vim pass', isHidden: false },
    { rule: 'ssh *prod*', line: '/usr/bin/ssh db.prod.example', isHidden: true },
    { rule: 'ssh *prod*', line: 'ssh db.test.example', isHidden: false },
    { rule: 'kubectl get secret', line: 'kubectl get secret a', isHidden: true },
    { rule: 'kubectl get secret', line: 'kubectl get secrets', isHidden: false },
    { rule: '*--token*', line: 'deploy --token=1', isHidden: true },
  ])('$rule on $line: $isHidden', ({ rule, line, isHidden }) => {
    expect(exclude({ commands: [rule] }).command(line)).toBe(isHidden);
  });
});

describe('Exclusion.apply()', () => {
  const rules = { paths: ['/secret'], urls: ['hidden.example'], commands: ['pass'], sources: ['firefox'] };

  it('gives the very item where nothing is hidden', () => {
    const item = aTerminal('a', { attributes: { cwd: '/ok', history: [{ url: 'https://ok.example' }], argv: ['ls'] } });

    expect(exclude(rules).apply(item)).toBe(item);
  });

  it('hides elements of lists, and the item for everything else', () => {
    const exclusion = exclude(rules);
    const url = 'https://hidden.example/a';
    const apply = (attributes: JsonObject): JsonObject | null =>
      exclusion.apply(aTerminal('a', { attributes }))?.attributes ?? null;

    expect(apply({ entries: [{ url }, { url: 'https://ok.example' }] })).toEqual({
      entries: [{ url: 'https://ok.example' }],
    });
    expect(apply({ windows: [{ panes: [{ cwd: '/secret' }, { cwd: '/ok' }] }] })).toEqual({
      windows: [{ panes: [{ cwd: '/ok' }] }],
    });
    expect(apply({ windows: [{ page: { url } }, 1] })).toEqual({ windows: [1] });
    expect(apply({ pane: { cwd: '/secret/a' } })).toBeNull();
    expect(apply({ url })).toBeNull();
    expect(apply({ argv: ['pass', 'show'] })).toBeNull();
    expect(apply({ command: 'pass show' })).toBeNull();
    expect(apply({ commandCwd: '/secret' })).toBeNull();
    expect(apply({ faviconUrl: url })).toBeNull();
    expect(apply({ pathology: '/secret' })).not.toBeNull();
    expect(exclusion.apply({ ...aTerminal('a'), source: 'firefox' as never })).toBeNull();
  });

  it('hides what is nested deeper than it looks', () => {
    let nested: JsonObject = { cwd: '/secret' };
    for (let at = 0; at < 40; at += 1) nested = { nested };

    expect(exclude(rules).apply(aTerminal('a', { attributes: nested }))).toBeNull();
  });

  it('never throws, whatever the attributes', () => {
    const exclusion = exclude({ ...rules, paths: ['**/x*', '/secret'] });
    const facts = fc.oneof(fc.string(), fc.webUrl(), fc.array(fc.string()), fc.jsonValue());
    const attributes = fc.dictionary(fc.constantFrom('cwd', 'path', 'url', 'argv', 'command', 'other'), facts);
    fc.assert(
      fc.property(attributes, (value) => {
        exclusion.apply(aTerminal('a', { attributes: value }));
      }),
    );
  });

  it('asks for markers too', () => {
    const environment = { homeDir: '/home/dev', platform: 'linux' as const, realPath: (path: string) => path };
    const exclusion = compileExclusion(NO_EXCLUSIONS, {
      ...environment,
      isMarkedPath: (path) => path.startsWith('/marked'),
    });

    expect(exclusion.apply(aTerminal('a', { attributes: { cwd: '/marked/a' } }))).toBeNull();
    expect(exclusion.isEmpty).toBe(false);
  });

  it('remembers what it made of a list, but not where it asked a marker: a link may lead elsewhere by now', () => {
    const asked: string[] = [];
    let marked = '';
    const exclusion = compileExclusion(
      { ...NO_EXCLUSIONS, urls: ['hidden.example'] },
      {
        homeDir: '/home/dev',
        platform: 'linux',
        realPath: (path) => path,
        isMarkedPath: (path) => (asked.push(path), path === marked),
      },
    );
    const pages = [{ url: 'https://a.example' }, { url: 'https://hidden.example' }];
    const files = [{ url: 'file:///srv/a' }, { url: 'https://a.example' }];
    const apply = () => exclusion.apply(aTerminal('a', { attributes: { pages, files } }))?.attributes;

    const first = apply();
    const second = apply();

    expect(first).toEqual({ pages: pages.slice(0, 1), files });
    expect(second?.['pages']).toBe(first?.['pages']);
    expect(asked).toEqual(['/srv/a', '/srv/a']);
    marked = '/srv/a';
    expect(apply()).toEqual({ pages: pages.slice(0, 1), files: files.slice(1) });
  });
});

describe('previewExclusion()', () => {
  it('tells what is hidden as a whole and in part', () => {
    const entries = [{ url: 'https://hidden.example' }, { url: 'https://ok.example' }];
    const items = [
      aTerminal('a', { attributes: { cwd: '/secret' } }),
      aTerminal('b', { attributes: { entries } }),
      aTerminal('c'),
    ].map((item) => ({ ...item, streams: [], stale: false }));

    const preview = previewExclusion(exclude({ paths: ['/secret'], urls: ['hidden.example'] }), items);

    expect(preview).toEqual({ hidden: ['tmux:a'], trimmed: ['tmux:b'] });
  });
});

describe('parseExclusionRules()', () => {
  it('takes null for no rules and gives stored rules back', () => {
    const rules = { sources: ['tmux'], paths: ['~/a'], urls: ['a.example'], commands: ['pass'] };

    expect(parseExclusionRules(null)).toEqual(NO_EXCLUSIONS);
    expect(parseExclusionRules(rules)).toEqual(rules);
    expect(parseExclusionRules({ paths: [' ~/a ', '~/a'] }).paths).toEqual(['~/a']);
  });

  it.each([
    { name: 'an unknown kind', stored: { hosts: ['a'] } },
    { name: 'no list', stored: { urls: 'a.example' } },
    { name: 'a number', stored: { urls: [1] } },
    { name: 'an empty rule', stored: { paths: [' '] } },
    { name: 'a control character', stored: { commands: ['a\nb'] } },
    { name: 'a blank in a URL', stored: { urls: ['a b'] } },
    { name: 'no source id', stored: { sources: ['Fire Fox'] } },
    { name: 'an endless rule', stored: { paths: ['/'.repeat(600)] } },
  ])('refuses $name', ({ stored }) => {
    expect(() => parseExclusionRules(stored)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
  });
});

describe('compileExclusion()', () => {
  it.each([
    { rules: { paths: ['ok', '~/a'] }, place: 'exclude.paths, rule 1,' },
    { rules: { paths: ['/a', 'relative/path'] }, place: 'exclude.paths, rule 2,' },
    { rules: { paths: ['/'] }, place: 'exclude.paths, rule 1,' },
    { rules: { paths: ['~other/a'] }, place: 'exclude.paths, rule 1,' },
    { rules: { paths: ['/a/[b'] }, place: 'exclude.paths, rule 1,' },
    { rules: { urls: ['https://'] }, place: 'exclude.urls, rule 1,' },
    { rules: { urls: ['user@host'] }, place: 'exclude.urls, rule 1,' },
    { rules: { commands: ['* *'] }, place: 'exclude.commands, rule 1,' },
  ])('names the place of a rule it cannot use, not its text: $rules', ({ rules, place }) => {
    const error = expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(place) });
    expect(() => exclude(rules)).toThrow(error);
  });
});

describe('matchesWildcard()', () => {
  it('agrees with the regular expression that means the same', () => {
    const letters = fc.constantFrom('a', 'b', '*', '?', '.');
    const texts = fc.string({ unit: fc.constantFrom('a', 'b', '.') });
    fc.assert(
      fc.property(texts, fc.string({ unit: letters }), (text, pattern) => {
        const regex = pattern
          .replaceAll('.', String.raw`\.`)
          .replaceAll('*', '.*')
          .replaceAll('?', '.');
        expect(matchesWildcard(text, pattern)).toBe(new RegExp(`^${regex}$`, 's').test(text));
      }),
    );
  });
});
