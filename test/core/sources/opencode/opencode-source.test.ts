import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import BetterSqlite3 from 'better-sqlite3';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { createOpencodeSource } from '../../../../src/core/sources/opencode/opencode-source.ts';
import { databasePath } from '../../../../src/core/sources/opencode/opencode-paths.ts';
import { readSession } from '../../../../src/core/sources/opencode/read-session.ts';
import type { Host, Source } from '../../../../src/core/sources/source.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../../../support/temporary-folder.ts';
import { makeCaptureContext, makeRestoreContext, makeTestHost, toSnapshotItems } from '../../../support/test-host.ts';

const ID = 'ses_e056de16affeTE6PkvIti4HNg0';
type Row = Readonly<Record<string, string | number | null>>;

let folder: TemporaryFolder;
let host: Host;
let source: Source;
let db: BetterSqlite3.Database;

function fixture(name: string): string {
  return readFileSync(new URL(`../../../fixtures/opencode/${name}`, import.meta.url), 'utf8');
}

/** The genuine schema and rows. */
beforeEach(() => {
  folder = makeTemporaryFolder();
  host = makeTestHost(folder.path);
  source = createOpencodeSource();
  mkdirSync(dirname(databasePath(host)), { recursive: true });
  db = new BetterSqlite3(databasePath(host));
  db.pragma('journal_mode = WAL');
  db.pragma('foreign_keys = OFF');
  db.exec(fixture('opencode-db-schema.sql'));
  for (const [table, file] of [
    ['session', 'session-rows.json'],
    ['message', 'message-rows.json'],
    ['part', 'part-rows.json'],
  ] as const)
    for (const row of JSON.parse(fixture(file)) as Row[]) insert(table, row);
});
afterEach(() => {
  db.close();
  folder[Symbol.dispose]();
});

function insert(table: string, row: Row): void {
  const names = Object.keys(row);
  db.prepare(`INSERT INTO ${table} (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`).run(
    ...Object.values(row),
  );
}

async function captureOne() {
  const { items, problems } = await source.capture(makeCaptureContext(host));
  expect(problems).toEqual([]);
  expect(items).toHaveLength(1);
  return items[0]!;
}

describe('the OpenCode source', () => {
  it('captures a genuine session as the tool itself exports it', async () => {
    expect(await source.detect(host)).toEqual({ isPresent: true, summary: '1 conversation found' });
    const item = await captureOne();
    expect(item).toMatchObject({
      key: `opencode:${ID}`,
      kind: 'conversation',
      title: 'Fake answer to: "opencode turn one: look"',
    });
    expect(item.attributes).toMatchObject({
      id: ID,
      provider: 'fake',
      model: 'fake-model',
      cwd: '/home/dev/projects/proj/demo',
      version: '1.18.33',
      isLive: false,
      createdAtMs: 1_795_205_242_518,
    });
    const [stream] = item.streams;
    const content = stream?.content;
    const written = JSON.parse(Buffer.from(content?.type === 'whole' ? content.bytes : []).toString()) as object;
    const exported = JSON.parse(fixture('opencode-export.json')) as { info: object; messages: object[] };
    expect(written).toMatchObject({ messages: exported.messages });
    expect(written).toMatchObject({ info: { id: ID, time: (exported.info as { time: object }).time } });
  });

  it('reads its messages with calls and results', async () => {
    const { items, contents } = toSnapshotItems([await captureOne()]);
    const readStream = async (name: string) => contents.get(`opencode:${ID}\n${name}`) ?? new Uint8Array();
    const { messages, unreadableLines } = await source.readConversation!(items[0]!, { readStream });
    expect(unreadableLines).toBe(0);
    expect(messages[0]).toMatchObject({ role: 'user', text: '"opencode turn one: look"', model: null });
    const [call] = messages.flatMap(({ toolCalls }) => toolCalls);
    expect(call).toMatchObject({ name: 'bash', isError: false, result: expect.stringContaining('oc-tool') as string });
  });

  it('hands over nothing while the session stays as it is, and all of it once it changed', async () => {
    const first = await captureOne();
    const known = (_: string, stream: string) => {
      const found = first.streams.find(({ name }) => name === stream);
      return found === undefined ? undefined : { version: found.version, sizeBytes: 1 };
    };
    const again = await source.capture(makeCaptureContext(host, { known }));
    expect(again.items[0]?.streams.map(({ content }) => content.type)).toEqual(['unchanged']);
    expect(again.items[0]?.attributes).toEqual(first.attributes);

    db.prepare('UPDATE part SET data = ?, time_updated = time_updated + 1 WHERE id = (SELECT max(id) FROM part)').run(
      JSON.stringify({ type: 'text', text: 'said later' }),
    );
    const changed = await source.capture(makeCaptureContext(host, { known }));
    expect(changed.items[0]?.streams.map(({ content }) => content.type)).toEqual(['whole']);
  });

  it('keeps a session that was deleted, and writes what the tool itself takes in again', async () => {
    const item = await captureOne();
    db.exec('DELETE FROM part; DELETE FROM message; DELETE FROM session');
    const { streams: _, ...rest } = item;
    const previous = [{ ...rest, stale: false, streams: item.streams.map(({ name, kind }) => ({ name, kind })) }];
    const kept = await source.capture(
      makeCaptureContext(host, { previous, known: () => ({ version: 'v', sizeBytes: 1 }) }),
    );
    expect(kept.items[0]?.attributes).toMatchObject({ isOriginGone: true });

    const context = makeRestoreContext(host, folder.path, [item]);
    const plan = await source.planRestore(context.selected, context);
    expect(plan[0]).toMatchObject({ status: 'planned', detail: expect.stringContaining('opencode import ') as string });
    for await (const result of source.applyRestore(plan, context)) expect(result.status).toBe('done');
    const path = join(dirname(databasePath(host)), 'cairn', `${ID}.json`);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ info: { id: ID } });
  });

  it('leaves a session that is there to the tool', async () => {
    const context = makeRestoreContext(host, folder.path, [await captureOne()]);
    expect(await source.planRestore(context.selected, context)).toMatchObject([{ status: 'skipped' }]);
  });

  it('says what cannot be read, and never takes that for a deletion', async () => {
    const item = await captureOne();
    db.exec('DROP TABLE part');
    await expect(source.capture(makeCaptureContext(host))).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' });
    expect(item.streams).toHaveLength(1);
  });

  it('finds nothing where it was never used', async () => {
    using other = makeTemporaryFolder();
    const empty = makeTestHost(other.path);
    expect(await createOpencodeSource().detect(empty)).toMatchObject({ isPresent: false });
    expect((await createOpencodeSource().capture(makeCaptureContext(empty))).items).toEqual([]);
  });
});

describe('readSession()', () => {
  it('takes any bytes, and any JSON', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(readSession(bytes).messages).toEqual([]);
      }),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ info: fc.jsonValue(), parts: fc.jsonValue() })), (messages) => {
        const read = readSession(Buffer.from(JSON.stringify({ messages })));
        expect(read.messages.length + read.unreadableLines).toBeLessThanOrEqual(messages.length);
      }),
    );
  });

  it('survives a torn export', () => {
    const whole = Buffer.from(fixture('opencode-export.json').trimEnd());
    for (let length = 0; length < whole.length; length += 97)
      expect(readSession(whole.subarray(0, length)).unreadableLines).toBe(1);
  });
});
