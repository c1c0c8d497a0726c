// What holds for every source of conversations that lie in files, on genuine files of its tool.

import { existsSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, mkdirSync, renameSync } from 'node:fs';
import { dirname, join } from 'node:path';

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { ReadConversation } from '../../src/core/sources/conversation/message.ts';
import type { CaptureContext, Host, Source } from '../../src/core/sources/source.ts';
import type { CapturedItem, KnownStream } from '../../src/shared/model/item.ts';
import type { StepResult } from '../../src/shared/model/restore.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';
import {
  makeCaptureContext,
  makeRestoreContext,
  makeTestHost,
  toSnapshotItems,
  waitFor,
} from '../support/test-host.ts';

export interface ConversationCase {
  createSource(): Source;
  /** Puts a genuine conversation where its tool keeps it; gives its main file. */
  place(host: Host): string;
  readonly item: object;
  /** Role and text of the messages that a person sees. */
  readonly messages: readonly (readonly ['user' | 'assistant', string])[];
  /** Null for a tool that has no command. */
  readonly resumeArgv: readonly string[] | null;
  /** Adds a message as the tool does. */
  grow(path: string): void;
  readonly kind: 'append' | 'blob';
  /** The stream of the main file. */
  readonly stream: string;
  /** Values of the attribute `file` that must never be written to. */
  readonly evilFiles: readonly string[];
  /** True for a tool whose files tell nothing of what it called. */
  readonly isWithoutCalls?: boolean;
}

export function describeConversationSource(name: string, tool: ConversationCase): void {
  describe(`the ${name} source, as every source of conversations`, () => {
    let folder: TemporaryFolder;
    let host: Host;
    let source: Source;
    let path: string;

    beforeEach(() => {
      folder = makeTemporaryFolder();
      // Without processes: what runs beside the tests is none of theirs.
      host = { ...makeTestHost(folder.path), procDir: join(folder.path, 'proc') };
      source = tool.createSource();
      path = tool.place(host);
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

    async function read(item: CapturedItem): Promise<ReadConversation> {
      const { items, contents } = toSnapshotItems([item]);
      const readStream = async (stream: string) => contents.get(`${item.key}\n${stream}`) ?? new Uint8Array();
      const conversation = await source.readConversation?.(items[0]!, { readStream });
      if (conversation === undefined) throw new Error('no conversations here');
      return conversation;
    }

    async function restore(item: CapturedItem): Promise<StepResult[]> {
      const context = makeRestoreContext(host, folder.path, [item]);
      const plan = await source.planRestore(context.selected, context);
      const results: StepResult[] = [];
      for await (const result of source.applyRestore(plan, context)) results.push(result);
      return results;
    }

    it('captures a genuine one to the byte, with what is worth knowing of it', async () => {
      const { items, problems } = await capture();

      expect(problems).toEqual([]);
      expect(items).toMatchObject([{ kind: 'conversation', ...tool.item }]);
      const stream = items[0]?.streams.find(({ name }) => name === tool.stream);
      if (stream?.content.type !== 'whole') throw new Error('not whole');
      expect(stream.kind).toBe(tool.kind);
      expect(Buffer.from(stream.content.bytes).equals(readFileSync(path))).toBe(true);
      expect(items[0]?.attributes).toMatchObject({ isLive: false, messageCount: tool.messages.length });
    });

    it('reads its messages in order, and hides what only the program said', async () => {
      const { messages, unreadableLines } = await read(await captureOne());

      const shown = messages.filter(({ isMeta }) => !isMeta);
      expect(shown.map(({ role, text }) => [role, text])).toEqual(tool.messages);
      expect(unreadableLines).toBe(0);
      expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
      const calls = messages.flatMap(({ toolCalls }) => toolCalls);
      const isAnswered = calls.some(({ result }) => result !== null && result.length > 0);
      expect(isAnswered).toBe(tool.isWithoutCalls !== true);
    });

    it('hands over only what is new, and nothing where nothing is', async () => {
      const first = await captureOne();
      const sizeBytes = statSync(path).size;
      const streams = new Map<string, KnownStream>(
        first.streams.map((stream) => [stream.name, { version: stream.version, sizeBytes: sizeOf(stream) }]),
      );
      const known: CaptureContext['known'] = (_key, name) => streams.get(name);

      const unchanged = await captureOne({ known });
      tool.grow(path);
      const grown = await captureOne({ known });

      expect(unchanged.streams.map(({ content }) => content.type)).toEqual(unchanged.streams.map(() => 'unchanged'));
      expect(unchanged.attributes).toEqual(first.attributes);
      expect(grown.streams.find(({ name }) => name === tool.stream)?.content).toMatchObject(
        tool.kind === 'blob' ? { type: 'whole' } : { type: 'appended', fromByte: sizeBytes },
      );
      expect(grown.attributes['messageCount']).toBe(tool.messages.length + 1);
    });

    it('keeps one that the tool has deleted', async () => {
      const item = await captureOne();
      rmSync(path);

      const { items, problems } = await capture({ previous: toSnapshotItems([item]).items });

      expect(problems).toEqual([]);
      expect(items).toMatchObject([{ key: item.key, title: item.title, attributes: { isOriginGone: true } }]);
      expect(items[0]?.streams.every(({ content }) => content.type === 'unchanged')).toBe(true);
    });

    it('never takes one for deleted that cannot be read', async () => {
      const item = await captureOne();
      rmSync(path);
      symlinkSync(path, path);

      const { items, problems } = await capture({ previous: toSnapshotItems([item]).items });

      expect(items).toEqual([]);
      expect(problems).toMatchObject([{ reason: 'unreadable', key: item.key }]);
    });

    it('tells what there is before anything is captured', async () => {
      expect(await source.detect(host)).toEqual({ isPresent: true, summary: '1 conversation found' });

      const empty = makeTestHost(join(folder.path, 'nobody'));
      expect(await source.detect(empty)).toEqual({ isPresent: false, summary: 'no conversations found' });
      expect(await source.capture(makeCaptureContext(empty))).toEqual({ items: [], problems: [], closed: [] });
    });

    it('names the exact command that goes on with it', async () => {
      const item = await captureOne();

      const command = source.resumeCommand?.(toSnapshotItems([item]).items[0]!);

      expect(command).toEqual(
        tool.resumeArgv === null ? undefined : { argv: tool.resumeArgv, cwd: item.attributes['cwd'] },
      );
    });

    it('writes a deleted one back, private and to the byte, and undo takes it away', async () => {
      const item = await captureOne();
      const original = readFileSync(path);
      rmSync(path);

      const [result] = await restore(item);

      expect(result).toMatchObject({ status: 'done' });
      expect(readFileSync(path).equals(original)).toBe(true);
      expect(statSync(path).mode & 0o777).toBe(0o600);
      const context = { host, signal: AbortSignal.timeout(1000), nowMs: 0, readBefore: async () => new Uint8Array() };
      expect(await source.undoRestore(result!, context)).toMatchObject({ status: 'done' });
      expect(existsSync(path)).toBe(false);
    });

    it('does nothing where it is there and was closed', async () => {
      expect(await restore(await captureOne())).toEqual([]);
    });

    it('leaves other content in its place alone', async () => {
      const item = await captureOne();
      writeFileSync(path, 'x');

      expect(await restore(item)).toEqual([]);
      expect(readFileSync(path, 'utf8')).toBe('x');
    });

    it.each([...tool.evilFiles, '../evil.jsonl', '/etc/evil.jsonl', ''])('never writes to "%s"', async (file) => {
      const item = await captureOne();
      rmSync(path);

      expect(await restore({ ...item, attributes: { ...item.attributes, file } })).toEqual([]);
      expect(existsSync(path)).toBe(false);
    });

    it('never writes through a link that leads out', async () => {
      const item = await captureOne();
      rmSync(path);
      const outside = join(folder.path, 'outside');
      mkdirSync(outside);
      renameSync(dirname(path), join(folder.path, 'moved'));
      symlinkSync(outside, dirname(path));

      const results = await restore(item);

      expect(results.map(({ status }) => status)).not.toContain('done');
      expect(existsSync(join(outside, path.slice(dirname(path).length + 1)))).toBe(false);
    });

    it('hears of what is said, also in a folder that comes later', async () => {
      if (source.watch === undefined) return;
      const ended = new AbortController();
      let changes = 0;
      rmSync(dirname(path), { recursive: true });
      try {
        await source.watch({ host, signal: ended.signal, onChange: () => (changes += 1) });
        tool.place(host);
        await waitFor('the conversation', () => changes > 0);
        await new Promise((resolve) => setTimeout(resolve, 100)); // what belongs to the same change
        const before = changes;
        tool.grow(path);
        await waitFor('the message', () => changes > before);
      } finally {
        ended.abort();
      }
    });

    it('takes any bytes in its place, and counts and reads the same', async () => {
      const genuine = readFileSync(path);
      await fc.assert(
        fc.asyncProperty(
          fc.oneof(
            fc.uint8Array({ maxLength: 300 }),
            fc.json().map((text) => Buffer.from(text)),
          ),
          fc.nat(genuine.length),
          fc.nat(genuine.length),
          async (noise, at, cut) => {
            const damaged = [genuine.subarray(0, at), noise, genuine.subarray(at + cut), Buffer.from('\n')];
            writeFileSync(path, Buffer.concat(damaged));
            const { items, problems } = await tool.createSource().capture(makeCaptureContext(host));
            expect(problems).toEqual([]);
            for (const item of items) {
              const { messages, unreadableLines } = await read(item);
              expect(messages.filter(({ isMeta }) => !isMeta).length).toBe(item.attributes['messageCount']);
              expect(unreadableLines).toBe(item.attributes['unreadableLines'] ?? 0);
              expect(new Set(messages.map(({ id }) => id)).size).toBe(messages.length);
            }
          },
        ),
        { numRuns: 80 },
      );
    });
  });
}

function sizeOf({ content }: CapturedItem['streams'][number]): number {
  return content.type === 'whole' ? content.bytes.length : 0;
}
