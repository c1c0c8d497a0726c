// The entry in another tool's settings: nothing else changes, and it comes out to the byte.

import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  applyHookChange,
  planInstall,
  planUninstall,
  readHookStatus,
  type HookPlace,
  type HookTool,
} from '../../../../src/core/sessions/hooks/hook-files.ts';
import { addHooks, createEntries, findHooks, removeHooks } from '../../../../src/core/sessions/hooks/hook-settings.ts';
import { fakeHost } from '../../../support/fake-source.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

const COMMAND = "node '/opt/cairn/resources/hooks/cairn-hook.mjs' claude-code /data";
const ENTRIES = createEntries(() => COMMAND);
const SETTINGS = `{
    "model": "x",   "odd":[1,2,
 3],
    "hooks": {
        "Stop": [
            { "hooks": [ { "type": "command", "command": "say done" } ] }
        ],
        "SessionStart": []
    },
    "env": { "A": "\\u00fc \\"]" }
}
`;

let folder: ReturnType<typeof makeTemporaryFolder>;
let place: HookPlace;

beforeEach(() => {
  folder = makeTemporaryFolder();
  place = {
    host: fakeHost({ homeDir: folder.path, env: {} }),
    home: join(folder.path, 'my data'),
    node: '/usr/bin/node',
  };
});
afterEach(() => folder[Symbol.dispose]());

type AiTool = Exclude<HookTool, 'git'>;
const FILES: Readonly<Record<AiTool, string>> = {
  'claude-code': '.claude/settings.json',
  codex: '.codex/hooks.json',
};

function write(tool: AiTool, text: string): string {
  const file = join(folder.path, FILES[tool]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o640 });
  chmodSync(file, 0o640);
  return file;
}

describe.each<AiTool>(['claude-code', 'codex'])('the entry in the settings of %s', (tool) => {
  it('makes the file where there is none, and removes it again', () => {
    const change = planInstall(tool, place);
    expect(existsSync(join(folder.path, FILES[tool]))).toBe(false);

    applyHookChange(change);

    const file = join(folder.path, FILES[tool]);
    const end = `${tool} '${join(folder.path, 'my data')}'`;
    const hook = (script: string) => [
      { type: 'command', timeout: 5, command: expect.stringContaining(`${script} ${end}`) as string },
    ];
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      hooks: {
        Stop: [{ hooks: hook('cairn-hook.mjs') }],
        UserPromptSubmit: [{ hooks: hook('cairn-checkpoint.mjs') }],
        PreToolUse: [{ matcher: 'Bash', hooks: hook('cairn-checkpoint.mjs') }],
      },
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readHookStatus(tool, place)).toMatchObject({ isInstalled: true, isWhole: true });
    expect(planInstall(tool, place)).toMatchObject({ action: 'none' });

    applyHookChange(planUninstall(tool, place));
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(dirname(file))).toEqual([]);
    expect(planUninstall(tool, place)).toMatchObject({ action: 'none' });
    expect(readHookStatus(tool, place)).toMatchObject({ isInstalled: false });
  });

  it('leaves everything else as it is, and comes out to the byte', () => {
    const file = write(tool, SETTINGS);

    const change = planInstall(tool, place);
    applyHookChange(change);

    const text = readFileSync(file, 'utf8');
    for (const line of SETTINGS.split('\n')) expect(text).toContain(line.replace(/(?<=[}\]])$/, ''));
    expect(change.added.match(/cairn-(?:hook|checkpoint)\.mjs/g)).toHaveLength(3);
    for (const line of change.added.split('\n')) expect(text).toContain(line);
    expect(text).toContain('"command": "say done"');
    expect(statSync(file).mode & 0o777).toBe(0o640);
    expect(readFileSync(`${file}.before-cairn`, 'utf8')).toBe(SETTINGS);

    applyHookChange(planUninstall(tool, place));
    expect(readFileSync(file, 'utf8')).toBe(SETTINGS);
    expect(readdirSync(dirname(file))).toEqual([file.slice(file.lastIndexOf('/') + 1)]);
  });

  it('comes out of what was changed since, which stays', () => {
    const file = write(tool, '{\n  "model": "x"\n}\n');
    applyHookChange(planInstall(tool, place));
    writeFileSync(file, readFileSync(file, 'utf8').replace('"x"', '"y"'));

    applyHookChange(planUninstall(tool, place));

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({
      model: 'y',
      hooks: { Stop: [], UserPromptSubmit: [], PreToolUse: [] },
    });
  });

  it('follows a link to where the file lies, and leaves the link', () => {
    const real = join(folder.path, 'dotfiles.json');
    writeFileSync(real, SETTINGS);
    mkdirSync(dirname(join(folder.path, FILES[tool])));
    symlinkSync(real, join(folder.path, FILES[tool]));

    applyHookChange(planInstall(tool, place));
    expect(findHooks(readFileSync(real, 'utf8'))).toHaveLength(3);
    expect(lstatSync(join(folder.path, FILES[tool])).isSymbolicLink()).toBe(true);

    applyHookChange(planUninstall(tool, place));
    expect(readFileSync(real, 'utf8')).toBe(SETTINGS);
  });

  it('writes nothing over what has changed since it was shown', () => {
    const file = write(tool, SETTINGS);
    const change = planInstall(tool, place);
    writeFileSync(file, '{"mine":1}');

    expect(() => applyHookChange(change)).toThrow('changed in the meantime');

    expect(readFileSync(file, 'utf8')).toBe('{"mine":1}');
  });

  it.each(['', '[]', '{"hooks":[]}', '{"hooks":{"Stop":{}}}', '{"a":1', '\u0000'])(
    'refuses settings of another shape: %j',
    (text) => {
      const file = write(tool, text);

      expect(() => planInstall(tool, place)).toThrow('left as it is');

      expect(readFileSync(file, 'utf8')).toBe(text);
    },
  );

  it('adds what an older Cairn has not put there, and takes all of it out', () => {
    const file = write(tool, JSON.stringify({ hooks: { Stop: [{ hooks: [{ command: COMMAND }] }] } }, null, 2));

    applyHookChange(planInstall(tool, place));
    expect(findHooks(readFileSync(file, 'utf8')).map(({ event }) => event)).toEqual([
      'Stop',
      'UserPromptSubmit',
      'PreToolUse',
    ]);
    applyHookChange(planUninstall(tool, place));
    expect(findHooks(readFileSync(file, 'utf8'))).toEqual([]);
  });

  it('leaves an entry alone that holds a command of somebody else too', () => {
    const both = { hooks: { Stop: [{ hooks: [{ command: COMMAND }, { command: 'mine' }] }] } };
    const file = write(tool, JSON.stringify(both));

    expect(() => planUninstall(tool, place)).toThrow('Something else');

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(both);
  });
});

describe('the script that shells ask before git throws work away', () => {
  it('is written for this data folder only, can be run, and goes', () => {
    expect(readHookStatus('git', place)).toMatchObject({ isInstalled: false, isWhole: false });
    const change = planInstall('git', place);
    applyHookChange(change);

    expect(change.file).toBe(join(place.home, 'shell-integration', 'before-git'));
    expect(statSync(change.file).mode & 0o777).toBe(0o700);
    expect(readHookStatus('git', place)).toMatchObject({ isInstalled: true, isWhole: true });
    expect(planInstall('git', place)).toMatchObject({ action: 'none' });
    writeFileSync(change.file, 'exec node /gone/cairn-checkpoint.mjs');
    expect(readHookStatus('git', place)).toMatchObject({ isInstalled: true, isWhole: false });

    applyHookChange(planInstall('git', place));
    applyHookChange(planUninstall('git', place));
    expect(existsSync(change.file)).toBe(false);
    expect(planUninstall('git', place)).toMatchObject({ action: 'none' });
  });
});

describe('addHooks() and removeHooks()', () => {
  it('mean the same as changing the object, in any layout, and undo each other', () => {
    const value = fc.jsonValue();
    const events = fc.constantFrom('Stop', 'SessionStart', 'PreToolUse', 'UserPromptSubmit', 'x');
    const hooks = fc.oneof(fc.constant(undefined), fc.dictionary(events, fc.array(value, { maxLength: 3 })));
    const layout = fc.constantFrom(undefined, 1, 2, 4, '\t');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), hooks, layout, (rest, own, space) => {
        const settings = { ...rest, ...(own === undefined ? {} : { hooks: own }) };
        fc.pre(own !== undefined || !Object.hasOwn(rest, 'hooks'));
        const text = JSON.stringify(settings, null, space);

        const added = addHooks(text, ENTRIES) ?? '';

        const before = JSON.parse(text) as { hooks?: Record<string, unknown[]> };
        const lists = ENTRIES.map(({ event }) => [event, before.hooks?.[event] ?? []] as const);
        const withEach = lists.map(([event, list]) => [event, [...list, expect.objectContaining({})]] as const);
        expect(JSON.parse(added)).toEqual({ ...before, hooks: { ...before.hooks, ...Object.fromEntries(withEach) } });
        expect(findHooks(added)).toEqual(ENTRIES);
        expect(addHooks(added, ENTRIES)).toBe(added);
        const removed = removeHooks(added);
        expect(JSON.parse(removed ?? '')).toEqual({
          ...before,
          hooks: { ...before.hooks, ...Object.fromEntries(lists) },
        });
        if (lists.every(([, list]) => list.length > 0)) expect(removed).toBe(text);
      }),
    );
  });

  it('take any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        addHooks(text, ENTRIES);
        removeHooks(text);
        findHooks(text);
      }),
    );
  });
});
