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
import { addHook, findHook, removeHook } from '../../../../src/core/sessions/hooks/hook-settings.ts';
import { fakeHost } from '../../../support/fake-source.ts';
import { makeTemporaryFolder } from '../../../support/temporary-folder.ts';

const COMMAND = "node '/opt/cairn/resources/hooks/cairn-hook.mjs' claude-code /data";
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

const FILES: Readonly<Record<HookTool, string>> = {
  'claude-code': '.claude/settings.json',
  codex: '.codex/hooks.json',
};

function write(tool: HookTool, text: string): string {
  const file = join(folder.path, FILES[tool]);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o640 });
  chmodSync(file, 0o640);
  return file;
}

describe.each<HookTool>(['claude-code', 'codex'])('the entry in the settings of %s', (tool) => {
  it('makes the file where there is none, and removes it again', () => {
    const change = planInstall(tool, place);
    expect(existsSync(join(folder.path, FILES[tool]))).toBe(false);

    applyHookChange(change);

    const file = join(folder.path, FILES[tool]);
    const settings = JSON.parse(readFileSync(file, 'utf8')) as { hooks: { Stop: { hooks: object[] }[] } };
    const [hook] = settings.hooks.Stop[0]?.hooks ?? [];
    expect(hook).toMatchObject({ type: 'command', timeout: 5 });
    expect(JSON.stringify(hook)).toContain(`cairn-hook.mjs ${tool} '${join(folder.path, 'my data')}'`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readHookStatus(tool, place.host)).toMatchObject({ isInstalled: true, isWhole: true });
    expect(planInstall(tool, place)).toMatchObject({ action: 'none' });

    applyHookChange(planUninstall(tool, place));
    expect(existsSync(file)).toBe(false);
    expect(readdirSync(dirname(file))).toEqual([]);
    expect(planUninstall(tool, place)).toMatchObject({ action: 'none' });
    expect(readHookStatus(tool, place.host)).toMatchObject({ isInstalled: false });
  });

  it('leaves everything else as it is, and comes out to the byte', () => {
    const file = write(tool, SETTINGS);

    const change = planInstall(tool, place);
    applyHookChange(change);

    const text = readFileSync(file, 'utf8');
    expect(text.replace(`,\n${change.added.slice(change.added.indexOf('\n') + 1)}`, '')).toBe(SETTINGS);
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

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ model: 'y', hooks: { Stop: [] } });
  });

  it('follows a link to where the file lies, and leaves the link', () => {
    const real = join(folder.path, 'dotfiles.json');
    writeFileSync(real, SETTINGS);
    mkdirSync(dirname(join(folder.path, FILES[tool])));
    symlinkSync(real, join(folder.path, FILES[tool]));

    applyHookChange(planInstall(tool, place));
    expect(findHook(readFileSync(real, 'utf8'))).not.toBeNull();
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

  it('leaves an entry alone that holds a command of somebody else too', () => {
    const both = { hooks: { Stop: [{ hooks: [{ command: COMMAND }, { command: 'mine' }] }] } };
    const file = write(tool, JSON.stringify(both));

    expect(() => planUninstall(tool, place)).toThrow('Something else');

    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(both);
  });
});

describe('addHook() and removeHook()', () => {
  it('mean the same as changing the object, in any layout, and undo each other', () => {
    const value = fc.jsonValue();
    const hooks = fc.oneof(
      fc.constant(undefined),
      fc.dictionary(fc.constantFrom('Stop', 'SessionStart', 'x'), fc.array(value, { maxLength: 3 })),
    );
    const layout = fc.constantFrom(undefined, 1, 2, 4, '\t');
    fc.assert(
      fc.property(fc.dictionary(fc.string(), value), hooks, layout, (rest, own, space) => {
        const settings = { ...rest, ...(own === undefined ? {} : { hooks: own }) };
        fc.pre(own !== undefined || !Object.hasOwn(rest, 'hooks'));
        const text = JSON.stringify(settings, null, space);

        const added = addHook(text, COMMAND) ?? '';

        const before = JSON.parse(text) as { hooks?: { Stop?: unknown[] } };
        const stop = before.hooks?.Stop ?? [];
        const expected = { ...before, hooks: { ...before.hooks, Stop: [...stop, expect.objectContaining({})] } };
        expect(JSON.parse(added)).toEqual(expected);
        expect(findHook(added)).toBe(COMMAND);
        expect(addHook(added, COMMAND)).toBe(added);
        const removed = removeHook(added);
        expect(JSON.parse(removed ?? '')).toEqual({ ...before, hooks: { ...before.hooks, Stop: stop } });
        if (stop.length > 0) expect(removed).toBe(text);
      }),
    );
  });

  it('take any text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        addHook(text, COMMAND);
        removeHook(text);
        findHook(text);
      }),
    );
  });
});
