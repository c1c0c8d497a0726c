import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createClaudeCodeSource } from '../../../../src/core/sources/claude-code/claude-source.ts';
import { parseRegistryEntry } from '../../../../src/core/sources/claude-code/live-registry.ts';
import { newTranscriptFacts, readTranscriptLines } from '../../../../src/core/sources/claude-code/parse-transcript.ts';
import { readProcess } from '../../../../src/core/sources/host/proc.ts';
import type { CaptureContext, Host, RestoreContext, Source } from '../../../../src/core/sources/source.ts';
import type { CapturedItem, KnownStream } from '../../../../src/shared/model/item.ts';
import type { PlannedStep, StepResult } from '../../../../src/shared/model/restore.ts';
import { text } from '../../../support/captures.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';

const FIXTURES = fileURLToPath(new URL('../../../fixtures/claude-code/', import.meta.url));
const ID = '11111111-2222-3333-4444-555555555555';

describe('the Claude Code source', () => {
  let source: Source;
  let folder: TemporaryFolder;
  let host: Host;
  let project: string;
  let transcript: string;

  beforeEach(() => {
    folder = makeTemporaryFolder();
    host = makeTestHost(folder.path);
    source = createClaudeCodeSource();
    project = join(host.homeDir, '.claude/projects/-home-dev-api');
    mkdirSync(project, { recursive: true });
    transcript = join(project, `${ID}.jsonl`);
    copyFileSync(join(FIXTURES, 'claude-code__multi-turn-tool-resumed-continue.jsonl'), transcript);
  });

  afterEach(() => folder[Symbol.dispose]());

  async function capture(overrides: Partial<CaptureContext> = {}) {
    return source.capture(makeCaptureContext(host, overrides));
  }

  async function captureOne(overrides: Partial<CaptureContext> = {}): Promise<CapturedItem> {
    const { items } = await capture(overrides);
    if (items[0] === undefined) throw new Error('nothing captured');
    return items[0];
  }

  function knownFrom(items: readonly CapturedItem[], sizes: ReadonlyMap<string, number>): CaptureContext['known'] {
    const known = new Map<string, KnownStream>();
    for (const item of items)
      for (const stream of item.streams)
        known.set(`${item.key} ${stream.name}`, { version: stream.version, sizeBytes: sizes.get(stream.name) ?? 0 });
    return (key, name) => known.get(`${key} ${name}`);
  }

  async function restore(
    item: CapturedItem,
    overrides: Partial<RestoreContext> = {},
  ): Promise<{ plan: readonly PlannedStep[]; results: StepResult[] }> {
    const context = makeRestoreContext(host, folder.path, [item], overrides);
    const plan = await source.planRestore(context.selected, context);
    const results: StepResult[] = [];
    for await (const result of source.applyRestore(plan, context)) results.push(result);
    return { plan, results };
  }

  async function undo(result: StepResult): Promise<StepResult> {
    return source.undoRestore(result, {
      host,
      signal: AbortSignal.timeout(1000),
      nowMs: 0,
      readBefore: async () => new Uint8Array(),
    });
  }

  /** A registry entry of a process that really runs: this one. */
  function register(sessionId = ID, startTime = readProcess('/proc', process.pid)?.startTime): void {
    const entry = {
      ...JSON.parse(readFileSync(join(FIXTURES, 'sessions-registry-live-idle.json'), 'utf8')),
      pid: process.pid,
      procStart: String(startTime),
      sessionId,
    };
    const sessions = join(host.homeDir, '.claude/sessions');
    mkdirSync(sessions, { recursive: true });
    writeFileSync(join(sessions, `${process.pid}.json`), JSON.stringify(entry));
    writeFileSync(join(sessions, `${process.pid}.key`), 'canary-key');
  }

  it('reads a genuine transcript to the byte, with what is worth knowing of it', async () => {
    const item = await captureOne();

    expect(item).toMatchObject({
      key: `claude-code:${ID}`,
      kind: 'conversation',
      attributes: { id: ID, provider: 'anthropic', isLive: false },
    });
    expect(Number(item.attributes['messageCount'])).toBeGreaterThan(2);
    expect(item.attributes['cwd']).toMatch(/^\//);
    expect(item.attributes['firstMessage']).toBeTruthy();
    const content = item.streams[0]?.content;
    expect(content?.type === 'whole' && Buffer.from(content.bytes).equals(readFileSync(transcript))).toBe(true);
  });

  it.each(readdirSync(FIXTURES).filter((name) => name.endsWith('.jsonl') && !name.includes('history')))(
    'reads %s',
    (name) => {
      const facts = newTranscriptFacts();
      const used = readTranscriptLines(readFileSync(join(FIXTURES, name)), facts);

      expect(used).toBeGreaterThan(0);
      if (!name.includes('subagents')) expect(facts.messages).toBeGreaterThan(0);
      expect(facts.unreadableLines > 0).toBe(name.includes('torn'));
      expect(facts.openToolCalls.size > 0).toBe(name.includes('dangling'));
    },
  );

  it('hands over only what is new, and nothing where nothing is', async () => {
    const size = statSync(transcript).size;
    const first = await captureOne();
    const known = knownFrom([first], new Map([['transcript', size]]));

    expect((await captureOne({ known })).streams[0]?.content.type).toBe('unchanged');
    appendFileSync(transcript, '{"type":"user","uuid":"x","message":{"role":"user","content":"one more"}}\n');
    const grown = (await captureOne({ known })).streams[0]?.content;
    expect(grown).toMatchObject({ type: 'appended', fromByte: size });
    expect(grown?.type === 'appended' && text(grown.bytes)).toContain('one more');
    expect(grown?.type === 'appended' && grown.overlap.length).toBe(4096);
  });

  it('goes on after a restart without reading everything again', async () => {
    const size = statSync(transcript).size;
    const content = (await captureOne({ known: () => ({ version: '', sizeBytes: size }) })).streams[0]?.content;

    expect(content).toMatchObject({ type: 'appended', fromByte: size });
    expect(content?.type === 'appended' && content.bytes.length).toBe(0);
  });

  it('takes a file that was replaced whole', async () => {
    const known: CaptureContext['known'] = () => ({ version: '1:1:10:1', sizeBytes: 10 });

    expect((await captureOne({ known })).streams[0]?.content.type).toBe('whole');
  });

  it('takes a long transcript in over several captures, and says how far it is', async () => {
    const first = await capture({ maxBytes: 20_000 });

    expect(first.problems).toMatchObject([{ reason: 'partial' }]);
    const known = knownFrom(first.items, new Map([['transcript', 20_000]]));
    const second = await capture({ known, maxBytes: 1_000_000 });
    expect(second.items[0]?.streams[0]?.content).toMatchObject({ type: 'appended', fromByte: 20_000 });
    expect(second.problems).toEqual([]);
  });

  it('never puts a shorter beginning in the place of what is saved, only because there is no room left', async () => {
    const known: CaptureContext['known'] = () => ({ version: '1:1:10:1', sizeBytes: 10 });

    const { items, problems } = await capture({ known, maxBytes: 0 });

    expect(items[0]?.streams[0]).toMatchObject({ version: '1:1:10:1', content: { type: 'unchanged' } });
    expect(problems).toMatchObject([{ reason: 'partial' }]);
  });

  it('says how many conversations wait, newest first, instead of saving them empty', async () => {
    const older = join(project, `${ID.replaceAll('1', '9')}.jsonl`);
    copyFileSync(transcript, older);
    utimesSync(older, 1_000_000, 1_000_000);

    const { items, problems } = await capture({ maxBytes: statSync(transcript).size });

    expect(items.map((item) => item.attributes['id'])).toEqual([ID]);
    expect(problems).toMatchObject([{ reason: 'partial', message: expect.stringContaining('1 older') }]);
  });

  it('passes over a line that is longer than one reading, and a pipe in the place of a subagent', async () => {
    appendFileSync(transcript, Buffer.alloc(18 * 1024 * 1024, 'x'));
    appendFileSync(transcript, '\n{"type":"user","uuid":"x","message":{"role":"user","content":"after it"}}\n');
    mkdirSync(join(project, ID, 'subagents'), { recursive: true });

    const item = await captureOne();
    expect(item.attributes).toMatchObject({ lastMessage: 'after it', unreadableLines: 1, isPartial: true });

    execFileSync('/usr/bin/env', ['mkfifo', join(project, ID, 'subagents/agent-1.jsonl')]);
    const { items, problems } = await capture({ previous: toSnapshotItems([item]).items });
    expect(items).toHaveLength(1);
    expect(problems).toMatchObject([{ reason: 'unreadable' }, { reason: 'partial' }]);
  });

  it.each([
    { name: 'the transcript', place: () => transcript, why: 'A transcript in -home-dev-api could not be read' },
    { name: 'its project folder', place: () => project, why: 'The project folder -home-dev-api could not be read' },
  ])('never takes $name for deleted that cannot be read', async ({ place, why }) => {
    const item = await captureOne();
    rmSync(place(), { recursive: true });
    symlinkSync(place(), place());

    const { items, problems } = await capture({ previous: toSnapshotItems([item]).items });

    expect(items).toEqual([]);
    expect(problems).toEqual([{ reason: 'unreadable', key: item.key, message: `${why}: reading it failed (ELOOP).` }]);
  });

  it('says of a project folder that was never read that it cannot be', async () => {
    symlinkSync(`${project}-2`, `${project}-2`);

    const { items, problems } = await capture();

    expect(items).toHaveLength(1);
    expect(problems).toMatchObject([{ reason: 'unreadable', message: expect.stringContaining('-home-dev-api-2') }]);
    expect(problems[0]?.key).toBeUndefined();
  });

  it('cannot tell what there is where the folder of all projects cannot be read', async () => {
    rmSync(dirname(project), { recursive: true });
    symlinkSync(dirname(project), dirname(project));

    await expect(capture()).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
  });

  it('takes subagents with their conversation', async () => {
    const agents = join(project, ID, 'subagents');
    mkdirSync(agents, { recursive: true });
    copyFileSync(
      join(FIXTURES, 'claude-code__subagent-parent.subagents__agent-a171f9e404059eeaf.jsonl'),
      join(agents, 'agent-a171f9e404059eeaf.jsonl'),
    );
    writeFileSync(join(agents, 'other.txt'), 'not one');

    const item = await captureOne();

    expect(item.streams.map((stream) => stream.name)).toEqual([
      'transcript',
      'subagents/agent-a171f9e404059eeaf.jsonl',
    ]);
    expect(item.attributes['subagents']).toBe(1);
  });

  it('keeps a subagent that was deleted', async () => {
    const agent = join(project, ID, 'subagents/agent-1.jsonl');
    mkdirSync(dirname(agent), { recursive: true });
    writeFileSync(agent, '{}\n');
    const item = await captureOne();
    rmSync(agent);
    const known = knownFrom([item], new Map());

    const [kept] = (await capture({ known, previous: toSnapshotItems([item]).items })).items;

    expect(kept?.streams[1]).toMatchObject({ name: 'subagents/agent-1.jsonl', content: { type: 'unchanged' } });
  });

  it('joins a conversation to the process that runs it, and to nothing after a kill', async () => {
    register();
    expect((await captureOne()).attributes).toMatchObject({ isLive: true, pid: process.pid });
    expect(JSON.stringify(await captureOne())).not.toContain('canary-key');

    register(ID, 1);
    expect((await captureOne()).attributes).toMatchObject({ isLive: false });
  });

  it('keeps a conversation whose transcript was deleted', async () => {
    const item = await captureOne();
    rmSync(transcript);

    const { items, problems } = await capture({ previous: toSnapshotItems([item]).items });

    expect(problems).toEqual([]);
    expect(items[0]).toMatchObject({
      key: item.key,
      attributes: { isOriginGone: true, isLive: false },
      streams: [{ name: 'transcript', content: { type: 'unchanged' } }],
    });
  });

  describe('restore', () => {
    it('writes a deleted transcript back, private and to the byte, and undo takes it away', async () => {
      const item = await captureOne();
      const original = readFileSync(transcript);
      rmSync(dirname(transcript), { recursive: true });

      const { results } = await restore(item);

      expect(results).toMatchObject([{ status: 'done' }]);
      expect(readFileSync(transcript).equals(original)).toBe(true);
      expect(statSync(transcript).mode & 0o777).toBe(0o600);
      const undone = await source.undoRestore(results[0]!, {
        host,
        signal: AbortSignal.timeout(1000),
        nowMs: 0,
        readBefore: async () => new Uint8Array(),
      });
      expect(undone.status).toBe('done');
      expect(existsSync(transcript)).toBe(false);
    });

    it('completes a transcript of which only the beginning is there, and undo cuts it again', async () => {
      const item = await captureOne();
      const original = readFileSync(transcript);
      writeFileSync(transcript, original.subarray(0, 5000));

      const { results } = await restore(item);

      expect(results).toMatchObject([{ status: 'done' }]);
      expect(readFileSync(transcript).equals(original)).toBe(true);
      await undo(results[0]!);
      expect(readFileSync(transcript).equals(original.subarray(0, 5000))).toBe(true);
    });

    it('leaves a shorter transcript with other content alone', async () => {
      const item = await captureOne();
      writeFileSync(transcript, 'something else\n');

      expect((await restore(item)).plan).toMatchObject([{ status: 'skipped' }]);
      expect(readFileSync(transcript, 'utf8')).toBe('something else\n');
    });

    it('writes a subagent back whose conversation is there', async () => {
      const agent = join(project, ID, 'subagents/agent-1.jsonl');
      mkdirSync(dirname(agent), { recursive: true });
      writeFileSync(agent, '{}\n');
      const item = await captureOne();
      rmSync(agent);

      expect((await restore(item)).results).toMatchObject([{ status: 'done' }]);
      expect(readFileSync(agent, 'utf8')).toBe('{}\n');
    });

    it('looks again whether it runs before it writes', async () => {
      const item = await captureOne();
      rmSync(transcript);
      const context = makeRestoreContext(host, folder.path, [item]);
      const plan = await source.planRestore(context.selected, context);
      register();

      const results: StepResult[] = [];
      for await (const result of source.applyRestore(plan, context)) results.push(result);

      expect(plan).toMatchObject([{ status: 'planned' }]);
      expect(results).toMatchObject([{ status: 'skipped', detail: expect.stringContaining(`process ${process.pid}`) }]);
      expect(existsSync(transcript)).toBe(false);
    });

    it('leaves a written transcript that was changed without changing its size', async () => {
      const item = await captureOne();
      rmSync(transcript);
      const { results } = await restore(item);
      const bytes = readFileSync(transcript);
      bytes[bytes.length - 3] = 0x20;
      writeFileSync(transcript, bytes);
      utimesSync(transcript, 1_900_000_000, 1_900_000_000);

      expect((await undo(results[0]!)).status).toBe('skipped');
      expect(existsSync(transcript)).toBe(true);
    });

    it('leaves a written transcript that was continued since', async () => {
      const item = await captureOne();
      rmSync(transcript);
      const { results } = await restore(item);
      appendFileSync(transcript, 'more\n');

      expect(
        (
          await source.undoRestore(results[0]!, {
            host,
            signal: AbortSignal.timeout(1000),
            nowMs: 0,
            readBefore: async () => new Uint8Array(),
          })
        ).status,
      ).toBe('skipped');
      expect(existsSync(transcript)).toBe(true);
    });

    it('never resumes what is running, and does nothing for what is on disk and was closed', async () => {
      const item = await captureOne();
      expect((await restore(item)).plan[0]).toMatchObject({
        status: 'skipped',
        detail: expect.stringContaining(`claude --resume ${ID}`),
      });

      register();
      const live = await captureOne();
      expect((await restore(live)).plan[0]).toMatchObject({
        status: 'skipped',
        detail: expect.stringContaining('running already'),
      });
    });

    it('opens a terminal with the exact command for one that was live', async () => {
      register();
      const live = await captureOne();
      rmSync(join(host.homeDir, '.claude/sessions'), { recursive: true });
      const opened: unknown[] = [];

      const { results } = await restore(live, {
        openTerminal: async (request) => {
          opened.push(request);
          return { where: 'tmux', undo: null };
        },
      });

      expect(results).toMatchObject([{ status: 'done' }]);
      expect(opened).toMatchObject([{ command: { argv: ['claude', '--resume', ID] }, shouldRun: false }]);
      expect((await restore(live)).plan[0]?.detail).toContain(`Resume it in `);
    });

    it.each([
      ['a path that leads out', 'projects/../../evil.jsonl'],
      ['an absolute path', '/etc/evil.jsonl'],
      ['a deeper path', 'projects/a/b/evil.jsonl'],
    ])('refuses %s', async (_name, file) => {
      const item = await captureOne();
      rmSync(transcript);

      const { plan, results } = await restore({ ...item, attributes: { ...item.attributes, file } });

      expect(plan[0]?.status).toBe('skipped');
      expect(results).toEqual([]);
    });

    it('refuses to write through a link', async () => {
      const item = await captureOne();
      rmSync(project, { recursive: true });
      const outside = join(folder.path, 'outside');
      mkdirSync(outside);
      symlinkSync(outside, project);

      expect((await restore(item)).results).toMatchObject([{ status: 'failed' }]);
      expect(readdirSync(outside)).toEqual([]);
    });
  });
});

describe('parsers', () => {
  const genuine = readFileSync(join(FIXTURES, 'claude-code__subagent-parent.jsonl'));

  it('take arbitrary bytes and damaged transcripts', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), fc.nat(genuine.length - 1), fc.nat(400), (noise, at, cut) => {
        const damaged = Buffer.concat([genuine.subarray(0, at), noise, Buffer.from('\n'), genuine.subarray(at + cut)]);
        const facts = newTranscriptFacts();
        expect(readTranscriptLines(damaged, facts)).toBeLessThanOrEqual(damaged.length);
        readTranscriptLines(noise, facts);
      }),
      { numRuns: 60 },
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        parseRegistryEntry(text);
      }),
    );
  });

  it('tell the same whether the bytes come at once or in pieces', () => {
    const whole = newTranscriptFacts();
    readTranscriptLines(genuine, whole);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (size) => {
        const pieces = newTranscriptFacts();
        let offset = 0;
        for (let end = size; offset < genuine.length; end += size) {
          offset += readTranscriptLines(genuine.subarray(offset, end), pieces);
          if (end > genuine.length) break;
        }
        expect(pieces).toEqual(whole);
      }),
      { numRuns: 20 },
    );
  });
});
