// Huge and hostile files in the place of other programs' own: each is taken in within the limits, or refused with a reason, in less than
// 300 MB of memory beyond what the process had, and costs no other item anything.

import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';

import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { makeTemporaryFolder, type TemporaryFolder } from '../../support/temporary-folder.ts';
import {
  chromiumSession,
  claudeLine,
  codexLine,
  firefoxSession,
  geminiLine,
  MEGABYTE,
  toMozLz4,
  writeLines,
  writeWhole,
} from './huge-inputs.ts';
import { measureCapture, type CaptureResult, type MeasuredItem } from './measured-capture.ts';

const MAX_EXTRA_MB = 300;
const TIMEOUT_MS = 180_000;
/** More than may be taken; `npm run faults` makes them a gigabyte. */
const LOG_BYTES = Number(process.env['CAIRN_HUGE_MB'] ?? 384) * MEGABYTE;
const QUARTER_BYTES = 256 * MEGABYTE;
const UUID = '11111111-1111-4111-8111-111111111111';
const CLAUDE = `.claude/projects/api/${UUID}.jsonl`;
const CODEX = `.codex/sessions/2026/11/20/rollout-2026-11-20T12-00-00-${UUID}.jsonl`;
const GEMINI = '.gemini/tmp/api/chats/session-2026-11-20T12-00-11111111';
const FIREFOX = '.mozilla/firefox';
const CHROMIUM = '.config/chromium/Default';

let folder: TemporaryFolder;
const told: string[] = [];

beforeEach(() => {
  folder = makeTemporaryFolder();
});

afterEach(() => folder[Symbol.dispose]());
afterAll(() => process.stdout.write(told.join('')));

function at(place: string): string {
  return join(folder.path, 'home', place);
}

/** A conversation that is as small as they are. */
function aClaudeLine(uuid: string, content: unknown, parentUuid: string | null = null): string {
  return `${JSON.stringify({ type: 'user', uuid, parentUuid, cwd: '/work', message: { role: 'user', content } })}\n`;
}

async function measure(source: string, maxCaptures = 3, previewFile?: string): Promise<CaptureResult> {
  const emptyFolder = join(folder.path, 'empty');
  mkdirSync(emptyFolder);
  const result = await measureCapture({
    source,
    folder: folder.path,
    emptyFolder,
    maxCaptures,
    ...(previewFile === undefined ? {} : { previewFile }),
  });
  const shownMb = result.shown === null ? '' : `, ${Math.round(result.shown.extraMb)} MB to show it`;
  told.push(`${expect.getState().currentTestName}: ${Math.round(result.extraMb)} MB extra${shownMb}\n`);
  return result;
}

function last({ captures }: CaptureResult): { problems: string[]; items: readonly MeasuredItem[] } {
  const capture = captures.at(-1);
  const problems = capture?.problems.map(({ reason, message }) => `${reason}: ${message}`) ?? [];
  return { problems, items: capture?.items ?? [] };
}

function itemNamed(result: CaptureResult, key: string): MeasuredItem | undefined {
  return last(result).items.find((item) => item.key === key);
}

// The peak is told by Linux only.
describe.skipIf(!existsSync('/proc/self/clear_refs'))('a log that is larger than memory may be', () => {
  it.each([
    ['claude-code', CLAUDE, claudeLine],
    ['codex', CODEX, codexLine],
  ] as const)(
    'of %s arrives over several captures, to the byte, and its end is shown',
    async (source, place, toLine) => {
      writeLines(at(place), LOG_BYTES, toLine);

      const result = await measure(source, 80, at(place));

      expect(result.captures[0]).toMatchObject({ storedBytes: 16 * MEGABYTE, problems: [{ reason: 'partial' }] });
      expect(last(result).problems).toEqual([]);
      expect(itemNamed(result, `${source}:${UUID}`)).toMatchObject({
        sizeBytes: LOG_BYTES,
        attributes: { messageCount: LOG_BYTES / 1024, isLive: false },
      });
      expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
      // Of its last 32 MB, less the line that was cut.
      expect(result.shown).toMatchObject({ messageCount: 32 * 1024 - 1, isCut: true });
      expect(result.shown?.extraMb).toBeLessThan(MAX_EXTRA_MB);
    },
    TIMEOUT_MS,
  );

  it(
    'of Gemini CLI arrives with all its messages counted',
    async () => {
      const sizeBytes = QUARTER_BYTES;
      writeLines(at(`${GEMINI}.jsonl`), sizeBytes, geminiLine);

      const result = await measure('gemini', 30);

      const [item] = last(result).items;
      expect(item).toMatchObject({ sizeBytes, attributes: { messageCount: sizeBytes / 1024 } });
      expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
    },
    TIMEOUT_MS,
  );
});

describe.skipIf(!existsSync('/proc/self/clear_refs'))('a transcript that means harm', () => {
  /** Beside it lies one that is well. */
  async function measureTranscript(content: string | Uint8Array, captures?: number): Promise<CaptureResult> {
    writeWhole(at(CLAUDE), content);
    writeWhole(at('.claude/projects/api/well.jsonl'), aClaudeLine('1', 'all is well'));
    const result = await measure('claude-code', captures);
    expect(itemNamed(result, 'claude-code:well')).toMatchObject({ title: 'all is well' });
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
    return result;
  }

  it('has its lines around one of 100 MB read, and that one kept', async () => {
    const start = `${aClaudeLine('1', 'before')}{"type":"user","uuid":"2","message":{"role":"user","content":"`;
    const end = `"}}\n${aClaudeLine('3', 'after')}`;
    const content = Buffer.concat([Buffer.from(start), Buffer.alloc(100 * MEGABYTE, 'a'), Buffer.from(end)]);

    const result = await measureTranscript(content, 12);

    expect(last(result).problems).toEqual([]);
    expect(itemNamed(result, `claude-code:${UUID}`)).toMatchObject({
      sizeBytes: content.length,
      attributes: { firstMessage: 'before', lastMessage: 'after', messageCount: 2, unreadableLines: 1 },
    });
  });

  it.each([
    ['empty objects', '{}'],
    ['lists in lists', '[[]]'],
    ['tiny texts', '{"type":"text","text":"a"}'],
  ])('has lines of millions of %s passed over', async (_, value) => {
    const values = `${`${value},`.repeat(Math.floor((15 * MEGABYTE) / (value.length + 1)))}${value}`;
    const line = `{"type":"user","uuid":"2","message":{"role":"user","content":[${values}]}}\n`;

    const result = await measureTranscript(`${aClaudeLine('1', 'before')}${line}${line}${aClaudeLine('3', 'after')}`);

    expect(itemNamed(result, `claude-code:${UUID}`)).toMatchObject({
      attributes: { firstMessage: 'before', lastMessage: 'after', messageCount: 2, unreadableLines: 2 },
    });
  });

  it('has cyclic parents, invalid UTF-8 and spliced lines counted, and the rest read', async () => {
    const torn = aClaudeLine('4', 'torn').slice(0, 40);
    const result = await measureTranscript(
      Buffer.concat([
        Buffer.from(aClaudeLine('1', 'before', '2') + aClaudeLine('2', 'between', '1') + torn + aClaudeLine('5', 'x')),
        Buffer.from([0xff, 0xfe, 0x00, 0xc0, 0x0a]),
        Buffer.from(aClaudeLine('3', 'after', '3')),
      ]),
    );

    expect(itemNamed(result, `claude-code:${UUID}`)).toMatchObject({
      attributes: { firstMessage: 'before', lastMessage: 'after', messageCount: 3, unreadableLines: 2 },
    });
  });
});

describe.skipIf(!existsSync('/proc/self/clear_refs'))('a conversation in one large file', () => {
  const text = 'a line of code or two, and words about it. '.repeat(20);

  it.each([
    ['continue', '.continue/sessions/one.json', 'history'],
    ['gemini', `${GEMINI}.json`, 'messages'],
  ] as const)('of %s is taken in up to its limit', async (source, place, list) => {
    const message =
      source === 'gemini' ? { type: 'user', content: text } : { message: { role: 'user', content: text } };
    const count = Math.floor((31 * MEGABYTE) / (JSON.stringify(message).length + 30));
    const messages = Array.from({ length: count }, (_, at) => ({ ...message, id: `message ${at}` }));
    writeWhole(at(place), JSON.stringify({ sessionId: UUID, [list]: messages }));

    const result = await measure(source);

    expect(last(result)).toMatchObject({ problems: [], items: [{ attributes: { messageCount: count } }] });
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
  });

  it.each([
    ['continue', '.continue/sessions/one.json', '{"history":['],
    ['gemini', `${GEMINI}.json`, '{"messages":['],
  ] as const)('of %s is kept unread where it holds millions of empty objects', async (source, place, start) => {
    const content = `${start}${'{},'.repeat(10 * MEGABYTE)}{}]}`;
    writeWhole(at(place), content);

    const result = await measure(source);

    expect(last(result)).toMatchObject({
      problems: [],
      items: [{ sizeBytes: content.length, attributes: { messageCount: 0, unreadableLines: 1 } }],
    });
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
  });

  it('is refused above it, and costs its neighbour nothing', async () => {
    writeWhole(at('.continue/sessions/large.json'), Buffer.alloc(33 * MEGABYTE, ' '));
    writeWhole(at('.continue/sessions/well.json'), '{"title":"all is well","history":[]}');

    const result = await measure('continue');

    expect(last(result)).toMatchObject({
      problems: ['unreadable: sessions/large.json could not be read: it is larger than 32 MB.'],
      items: [{ title: 'all is well' }],
    });
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
  });
});

describe.skipIf(!existsSync('/proc/self/clear_refs'))('a browser', () => {
  function placeFirefox(profile: string, session: Uint8Array): void {
    writeWhole(at(`${FIREFOX}/${profile}/sessionstore.jsonlz4`), session);
  }

  it.each(['firefox', 'chromium'])('%s with 10,000 tabs of ten pages has them all captured', async (source) => {
    writeWhole(at(`${FIREFOX}/profiles.ini`), '[Profile0]\nName=work\nIsRelative=1\nPath=work\n');
    writeWhole(at(`${CHROMIUM}/Preferences`), '{}');
    if (source === 'firefox') placeFirefox('work', firefoxSession(10_000));
    else writeWhole(at(`${CHROMIUM}/Sessions/Session_13300000000000000`), chromiumSession(10_000));

    const result = await measure(source);

    expect(last(result).problems).toEqual([]);
    expect(last(result).items).toHaveLength(10_000);
    expect(last(result).items[7]?.title).toBe('Page 9 of tab 7');
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
  });

  it('Firefox with millions of empty tabs in one profile has the other one captured', async () => {
    const profiles = ['bad', 'well'].map((name, at) => `[Profile${at}]\nName=${name}\nIsRelative=1\nPath=${name}\n`);
    writeWhole(at(`${FIREFOX}/profiles.ini`), profiles.join('\n'));
    placeFirefox('bad', toMozLz4(Buffer.from(`{"windows":[{"tabs":[${'{},'.repeat(18 * MEGABYTE)}{}]}]}`)));
    placeFirefox('well', firefoxSession(1));

    const result = await measure('firefox');

    expect(last(result)).toMatchObject({
      problems: [
        'unreadable: The session file of the Firefox profile bad cannot be read: it holds more than fits into memory.',
      ],
      items: [{ title: 'Page 9 of tab 0' }],
    });
    expect(result.extraMb).toBeLessThan(MAX_EXTRA_MB);
  });
});
