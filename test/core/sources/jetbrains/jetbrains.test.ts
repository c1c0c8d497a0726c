import { mkdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createJetBrainsSource, ideCalls } from '../../../../src/core/sources/jetbrains/jetbrains-source.ts';
import { parseOpenFiles, parseProjects } from '../../../../src/core/sources/jetbrains/parse-settings.ts';
import { findElements, parseXml } from '../../../../src/core/sources/jetbrains/parse-xml.ts';
import type { CaptureContext, Host, Source, SourceCapture } from '../../../../src/core/sources/source.ts';
import type { CapturedItem } from '../../../../src/shared/model/item.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../../../support/test-host.ts';
import { makeFakeProgram, type FakeProgram } from '../documents/fake-program.ts';

/** As IntelliJ IDEA writes it, shortened. */
function projectsXml(...projects: readonly (readonly [key: string, opened: boolean, id: string])[]): string {
  const entries = projects.map(
    ([key, opened, id]) => `
        <entry key="${key}">
          <value>
            <RecentProjectMetaInfo frameTitle="api – Main.java"${opened ? ' opened="true"' : ''} projectWorkspaceId="${id}">
              <option name="activationTimestamp" value="1795208092000" />
              <option name="build" value="IU-241.14494.240" />
              <frame x="10" y="20" width="1200" height="900" />
            </RecentProjectMetaInfo>
          </value>
        </entry>`,
  );
  return `<application>
  <component name="RecentProjectsManager">
    <option name="additionalInfo">
      <map>${entries.join('')}
      </map>
    </option>
    <option name="lastOpenedProject" value="$USER_HOME$/api" />
  </component>
</application>`;
}

const WORKSPACE = `<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="FileEditorManager">
    <splitter split-orientation="horizontal" split-proportion="0.5">
      <split-first>
        <leaf SIDE_TABS_SIZE_LIMIT_KEY="300">
          <file pinned="true" current-in-tab="false">
            <entry file="file://$PROJECT_DIR$/src/Main.java">
              <provider selected="true" editor-type-id="text-editor">
                <state relative-caret-position="374">
                  <caret line="22" column="5" selection-start-line="22" selection-end-line="22" />
                  <folding><element signature="imports" expanded="true" /></folding>
                </state>
              </provider>
            </entry>
          </file>
          <file pinned="false" current-in-tab="true">
            <entry file="file://$PROJECT_DIR$/a &amp; b &#252;.txt">
              <provider selected="true" editor-type-id="text-editor" />
            </entry>
          </file>
        </leaf>
      </split-first>
      <split-second>
        <leaf>
          <file current-in-tab="true">
            <entry file="file://$USER_HOME$/notes.md"><provider editor-type-id="text-editor"><state><caret column="3" /></state></provider></entry>
          </file>
          <file><entry file="jar://$MAVEN_REPOSITORY$/x.jar!/X.class" /></file>
          <file><entry file="file://$MODULE_DIR$/unknown.txt" /></file>
        </leaf>
      </split-second>
    </splitter>
  </component>
  <component name="ProjectId" id="2aBcD" />
</project>`;

describe('parseXml()', () => {
  it('reads elements and attributes, and leaves out everything else', () => {
    const root = parseXml(
      `<?xml version="1.0"?><!-- a <b> --><a x='1' y="&lt;&quot;&#65;&#x42;&nope;&#0;"><![CDATA[<c>]]>text<b/><b z=">"></b ></a>\n`,
    );

    expect(root?.attributes).toEqual(
      new Map([
        ['x', '1'],
        ['y', '<"AB&nope;&#0;'],
      ]),
    );
    expect(root?.children.map(({ name, attributes }) => [name, attributes.get('z')])).toEqual([
      ['b', undefined],
      ['b', '>'],
    ]);
  });

  it.each([
    '',
    'text',
    '<a>',
    '</a>',
    '<a></b>',
    '<a/><b/>',
    '<a x=1/>',
    '<a x="<"/>',
    '<a x="1"y="2"/>',
    '<!-- <a/>',
    '<a',
    `${'<a>'.repeat(500)}${'</a>'.repeat(500)}`,
    '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><a x="&c;"/>',
    '<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
  ])('refuses %s', (text) => {
    expect(parseXml(text)).toBeNull();
  });

  it('takes any text, also such as looks like XML', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '/',
      '<a',
      '</a>',
      ' x="',
      '"',
      "'",
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<?',
      '?>',
      '&#',
      ';',
      '&lt;',
      ' ',
      'b',
      '<leaf>',
      '<file ',
      '<entry file="file:///x">',
    );
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(text, (xml) => {
        parseXml(xml);
        parseProjects(xml, '/home/dev');
        parseOpenFiles(xml, '/w', '/home/dev');
        parseOpenFiles(`<project><component name="FileEditorManager">${xml}</component></project>`, '/w', '/home/dev');
      }),
      { numRuns: 2_000 },
    );
  });

  it('gives back the attributes that were written', () => {
    const escape = (value: string) => value.replaceAll(/[&<>"\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        expect(parseXml(`<a v="${escape(value)}"/>`)?.attributes.get('v')).toBe(value);
      }),
    );
  });

  it('finds elements among very many', () => {
    const root = parseXml(`<a>${'<b/>'.repeat(200_000)}</a>`);
    expect(root === null ? 0 : findElements(root, 'b').length).toBe(200_000);
    expect(parseXml(`<a>${'<b/>'.repeat(300_000)}</a>`)).toBeNull();
  });

  it('finds elements in their order', () => {
    const root = parseXml('<a><b n="1"><b n="2"/></b><c><b n="3"/></c></a>');
    expect(root === null ? [] : findElements(root, 'b').map(({ attributes }) => attributes.get('n'))).toEqual([
      '1',
      '2',
      '3',
    ]);
  });
});

describe('parseProjects()', () => {
  it('gives the open ones, with an id only where it is one', () => {
    const xml = projectsXml(
      ['$USER_HOME$/api', true, '2aBcD'],
      ['/w/closed', false, 'x'],
      ['/w/odd/', true, '../../etc'],
      ['relative', true, 'x'],
    );

    expect(parseProjects(xml, '/home/dev')).toEqual([
      { path: '/home/dev/api', workspaceId: '2aBcD' },
      { path: '/w/odd', workspaceId: null },
    ]);
  });
});

describe('parseOpenFiles()', () => {
  it('reads files, carets, pins and splits, and leaves out what is no file here', () => {
    expect(parseOpenFiles(WORKSPACE, '/w/api', '/home/dev')).toEqual([
      { path: '/w/api/src/Main.java', line: 23, column: 6, isPinned: true, isShown: false, split: 1 },
      { path: '/w/api/a & b ü.txt', line: null, column: null, isPinned: false, isShown: true, split: 1 },
      { path: '/home/dev/notes.md', line: null, column: 4, isPinned: false, isShown: true, split: 2 },
    ]);
  });

  it('has none where the file has no editors', () => {
    expect(parseOpenFiles('<project version="4"/>', '/w', '/h')).toEqual([]);
  });
});

describe('the JetBrains source', () => {
  let folder: TemporaryFolder;
  let program: FakeProgram;
  let host: Host;
  let source: Source;
  let settings: string;
  let project: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    program = makeFakeProgram(folder.path, 'idea');
    host = makeTestHost(folder.path, { PATH: `${program.folder}:${process.env['PATH'] ?? ''}`, DISPLAY: ':7' });
    source = createJetBrainsSource();
    settings = join(host.homeDir, '.config/JetBrains/IntelliJIdea2024.1');
    project = join(host.homeDir, 'api');
    write(join(settings, 'options/recentProjects.xml'), projectsXml(['$USER_HOME$/api', true, '2aBcD']));
    write(join(settings, 'workspace/2aBcD.xml'), WORKSPACE);
    write(join(project, 'src/Main.java'), 'class Main {}\n');
    write(join(project, 'a & b ü.txt'), '');
    write(join(host.homeDir, 'notes.md'), '');
  });
  afterEach(() => folder[Symbol.dispose]());

  function write(path: string, content: string): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }

  function capture(overrides: Partial<CaptureContext> = {}): Promise<SourceCapture> {
    return source.capture(makeCaptureContext(host, overrides));
  }

  function after({ items }: SourceCapture): Partial<CaptureContext> {
    return { previous: items.map((item) => ({ ...item, stale: false })) };
  }

  async function restore(items: readonly CapturedItem[], present: readonly CapturedItem[] = []) {
    const context = makeRestoreContext(host, folder.path, items, { present: toSnapshotItems(present).items });
    const plan = await source.planRestore(context.selected, context);
    const results = [];
    for await (const result of source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  it('reads the files of open projects', async () => {
    const { items, problems } = await capture();

    expect(problems).toEqual([]);
    expect(items.map(({ title }) => title)).toEqual(['Main.java', 'a & b ü.txt', 'notes.md']);
    expect(items[0]).toMatchObject({
      key: `jetbrains:${project}/src/Main.java`,
      group: `IntelliJIdea2024.1: ${project}`,
      attributes: {
        path: `${project}/src/Main.java`,
        line: 23,
        column: 6,
        cwd: project,
        editor: 'IntelliJ IDEA',
        isPinned: true,
        isRunning: false,
      },
    });
    expect((await source.detect(host)).summary).toBe('IntelliJ IDEA');
  });

  it('reads older projects, which keep their editors themselves', async () => {
    rmSync(join(settings, 'workspace/2aBcD.xml'));
    write(join(project, '.idea/workspace.xml'), WORKSPACE);

    expect((await capture()).items).toHaveLength(3);
  });

  it('takes the settings of the version that was used last', async () => {
    const older = join(host.homeDir, '.config/JetBrains/IntelliJIdea2023.3/options/recentProjects.xml');
    write(older, projectsXml(['/w/old', true, 'x']));
    utimesSync(older, 1, 1);
    write(join(host.homeDir, '.config/JetBrains/IdeaLight/options/recentProjects.xml'), 'not one of ours');

    const { items, problems } = await capture();

    expect(problems).toEqual([]);
    expect(new Set(items.map(({ attributes }) => attributes['ide']))).toEqual(new Set(['IntelliJIdea2024.1']));
  });

  it('knows a running IDE by its process', async () => {
    const procDir = join(folder.path, 'proc');
    write(join(procDir, '7/stat'), `7 (java) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 55 0 0`);
    write(
      join(procDir, '7/cmdline'),
      ['java', '-Xmx2g', '-Didea.paths.selector=IntelliJIdea2024.1', 'Main', ''].join('\0'),
    );
    host = { ...host, procDir };

    const { items } = await capture();

    expect(items.map(({ attributes }) => attributes['isRunning'])).toEqual([true, true, true]);
    expect((await restore(items, items)).plan.map(({ status }) => status)).toEqual(['skipped', 'skipped', 'skipped']);
  });

  it('says what cannot be read, and keeps what was there', async () => {
    const before = await capture();
    write(join(settings, 'workspace/2aBcD.xml'), '<project>');
    const torn = await capture(after(before));
    write(join(settings, 'options/recentProjects.xml'), '<!DOCTYPE x><application/>');
    const refused = await capture(after(before));

    const group = `IntelliJIdea2024.1: ${project}`;
    expect(torn).toEqual({
      items: [],
      closed: [],
      problems: [
        {
          reason: 'unreadable',
          group,
          message: `The files open in IntelliJ IDEA, project ${project}, cannot be read: it is not well formed.`,
        },
      ],
    });
    expect(refused.problems).toEqual([
      { reason: 'unreadable', group, message: 'The projects of IntelliJ IDEA cannot be read: it is not well formed.' },
    ]);
    expect(refused.closed).toEqual([]);
  });

  it('knows what was closed, and does not take settings that are gone for that', async () => {
    const before = await capture();
    write(join(settings, 'options/recentProjects.xml'), projectsXml(['$USER_HOME$/api', false, '2aBcD']));
    expect((await capture(after(before))).closed).toHaveLength(3);

    rmSync(settings, { recursive: true });
    expect(await capture(after(before))).toEqual({ items: [], problems: [], closed: [] });
  });

  it('reads nothing that is excluded, and no file that a link puts in its place', async () => {
    const hides = (part: string): Partial<CaptureContext> => ({
      excludes: { path: (path) => path.endsWith(part), url: () => false, command: () => false },
    });
    expect((await capture(hides('notes.md'))).items).toHaveLength(2);
    expect((await capture(hides('/api'))).items).toEqual([]);

    rmSync(join(settings, 'workspace/2aBcD.xml'));
    symlinkSync('/dev/zero', join(settings, 'workspace/2aBcD.xml'));
    expect((await capture()).problems).toHaveLength(1);
  });

  it('opens files at their lines in their project, what was in front last', async () => {
    const { items } = await capture();

    const { plan, results } = await restore(items);

    expect(plan[0]?.detail).toBe(
      `${project}/src/Main.java at line 23, opened in IntelliJ IDEA, in the project ${project}.`,
    );
    expect(results.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
    await waitFor('the call', () => program.calls().length === 1);
    expect(program.calls()).toEqual([
      [project, '--line', '23', `${project}/src/Main.java`, join(host.homeDir, 'notes.md'), `${project}/a & b ü.txt`],
    ]);
  });

  it('opens nothing where the program is not installed', async () => {
    const { items } = await capture();
    host = makeTestHost(folder.path, { PATH: '/nowhere', DISPLAY: ':7' });

    expect((await restore(items)).plan[0]).toMatchObject({
      status: 'skipped',
      detail: 'IntelliJ IDEA is not installed here.',
    });
  });
});

describe('ideCalls()', () => {
  it('opens files without their project where that is gone', () => {
    expect(ideCalls([{ path: '/w/a', isActive: true, line: 3, cwd: '/not/there' }])).toEqual([['--line', '3', '/w/a']]);
  });
});
