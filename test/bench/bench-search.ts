// Search in much captured text: how long until the first results, until a capture is found, what opening costs, what is in memory.
// CAIRN_BENCH_SEARCH_MB says how much text (default 256); the figures in docs/performance.md are of 1,024.

import { spawnSync } from 'node:child_process';
import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import BetterSqlite3 from 'better-sqlite3';

import { openVault, createVault } from '../../src/core/vault/vault-client.ts';
import type { SearchAnswer, Vault } from '../../src/core/vault/vault.ts';
import { ARGON2_FLOOR } from '../../src/core/crypto/key-slot.ts';
import { parseItemKey, parseSourceId, type SourceId } from '../../src/shared/model/ids.ts';
import type { CapturedItem, StreamContent } from '../../src/shared/model/item.ts';
import { makeTemporaryFolder } from '../support/temporary-folder.ts';
import { TextMaker } from './made-text.ts';
import { atMost, peakMemoryMb, percentile, timeMs, type Figure } from './measure.ts';

const TEXT_MB = Number(process.env['CAIRN_BENCH_SEARCH_MB'] ?? 256);
const SAVE_MB = 4;
const CONVERSATIONS = 12;
const TERMINALS = 6;
const QUERIES = 200;
const OPENINGS = 9;
const START_MS = Date.UTC(2026, 10, 1);
const OVERLAP = 4096;
const password = 'correct horse battery staple';

const SOURCES: Readonly<Record<string, SourceId>> = {
  conversation: parseSourceId('claude-code'),
  terminal: parseSourceId('tmux'),
  repository: parseSourceId('git'),
};

interface Transcript {
  sizeBytes: number;
  tail: Buffer;
}

const maker = new TextMaker(7);
const transcripts = Array.from({ length: CONVERSATIONS }, (): Transcript => ({ sizeBytes: 0, tail: Buffer.alloc(0) }));
const figures: Figure[] = [];
let saves = 0;

// What asks runs in a process of its own: what it takes in memory is then its own.
const [, script = '', asked] = process.argv;
if (asked === undefined) await measure();
else await askAll(asked);
process.stdout.write(JSON.stringify(figures));

async function measure(): Promise<void> {
  using folder = makeTemporaryFolder();
  const path = join(folder.path, 'vault.db');
  const { vault } = await createVault({ path, password, nowMs: START_MS, argon2: ARGON2_FLOOR });
  await fill(vault);
  await measureFreshness(vault);
  await vault.close();
  await measureOpening(folder.path, path);
  const child = spawnSync(process.execPath, [...process.execArgv, script, path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
    maxBuffer: 64 * 1024 * 1024,
  });
  figures.push(...(JSON.parse(child.stdout) as Figure[])); // written below
}

async function askAll(path: string): Promise<void> {
  const vault = await open(path);
  await measureQueries(vault);
  const { search } = await vault.statistics({ inactiveDays: 7, nowMs: START_MS });
  const maxMb = search.maxMemoryBytes / 2 ** 20;
  figures.push(
    {
      name: `the index in memory (it may have ${maxMb.toFixed(0)})`,
      value: search.memoryBytes / 2 ** 20,
      unit: 'MB',
      ...atMost(maxMb),
    },
    { name: 'memory of the whole process that asked, at most', value: peakMemoryMb(), unit: 'MB' },
    { name: 'the index in the file, of the text', value: (search.storedBytes / 2 ** 20 / TEXT_MB) * 100, unit: '%' },
  );
  await vault.close();
}

function open(path: string): Promise<Vault> {
  return openVault({ path, secret: { type: 'password', text: password }, nowMs: START_MS, argon2: ARGON2_FLOOR });
}

async function fill(into: Vault): Promise<void> {
  const start = performance.now();
  for (let mb = 0; mb < TEXT_MB; mb += SAVE_MB) await save(into, SAVE_MB * 2 ** 20, '');
  const filledMs = performance.now() - start;
  const { ms } = await timeMs(() => untilLevel(into));
  figures.push(
    { name: `${TEXT_MB} MB of text saved, text made on the way`, value: filledMs / 1000, unit: 'count' },
    { name: 'all of it indexed, seconds after the last save', value: ms / 1000, unit: 'count' },
    { name: 'memory of the process while it is indexed, at most', value: peakMemoryMb(), unit: 'MB' },
  );
}

async function untilLevel(of: Vault): Promise<void> {
  for (;;) {
    const { search } = await of.statistics({ inactiveDays: 7, nowMs: START_MS });
    if (search.notIndexed === 0) return;
    await delay(200);
  }
}

/** One capture with new text everywhere: half in transcripts, a third in terminals, the rest in patches. */
async function save(into: Vault, sizeBytes: number, word: string): Promise<void> {
  saves += 1;
  const items: CapturedItem[] = [];
  for (const [at, transcript] of transcripts.entries()) {
    const isDue = at % 4 === saves % 4;
    const text = isDue ? maker.transcript(sizeBytes / 2 / (CONVERSATIONS / 4)) : '';
    items.push(anItem('conversation', `talk-${at}`, 'transcript', appended(transcript, text)));
  }
  for (let at = 0; at < TERMINALS; at += 1) {
    const isDue = at % 3 === saves % 3;
    const bytes = Uint8Array.from(
      Buffer.from(`${maker.terminal(isDue ? sizeBytes / 3 / (TERMINALS / 3) : 400)}${word}\n`),
    );
    items.push(anItem('terminal', `pane-${at}`, 'scrollback', { type: 'whole', bytes }));
  }
  const patch = Uint8Array.from(Buffer.from(maker.patch(sizeBytes / 6)));
  items.push(anItem('repository', `repo-${saves % 5}`, 'unstaged.patch', { type: 'whole', bytes: patch }));
  await into.save({
    takenAtMs: START_MS + saves * 30_000,
    kind: 'automatic',
    items,
    carried: [],
    gaps: [],
    goodSources: Object.values(SOURCES),
  });
}

function appended(transcript: Transcript, text: string): StreamContent {
  const bytes = Uint8Array.from(Buffer.from(text));
  const overlap = Uint8Array.from(transcript.tail);
  const fromByte = transcript.sizeBytes;
  transcript.sizeBytes += bytes.length;
  transcript.tail = Buffer.concat([transcript.tail, bytes]).subarray(-OVERLAP);
  return fromByte === 0 ? { type: 'whole', bytes } : { type: 'appended', fromByte, overlap, bytes };
}

function anItem(
  kind: 'conversation' | 'terminal' | 'repository',
  name: string,
  stream: string,
  content: StreamContent,
): CapturedItem {
  const source = SOURCES[kind] ?? parseSourceId('shell');
  return {
    key: parseItemKey(`${source}:${name}`),
    kind,
    source,
    group: 'bench',
    title: `${name} ${maker.word()}`,
    attributes: { cwd: `/home/dev/${maker.word()}` },
    streams: [
      {
        name: stream,
        kind: kind === 'conversation' ? 'append' : kind === 'terminal' ? 'ring' : 'blob',
        version: '',
        content,
      },
    ],
  };
}

/** Opening with and without the index, in turn. */
async function measureOpening(folder: string, path: string): Promise<void> {
  const bare = join(folder, 'bare.db');
  for (const suffix of ['', '.keys']) copyFileSync(path + suffix, bare + suffix);
  const db = new BetterSqlite3(bare);
  db.exec('DELETE FROM search_segments; DELETE FROM search_pages;');
  db.close();
  const times: [number[], number[]] = [[], []];
  for (let at = 0; at < OPENINGS * 2; at += 1)
    times[at % 2 === 0 ? 0 : 1].push(await openingMs(at % 2 === 0 ? path : bare));
  figures.push(
    { name: 'the vault', value: statSync(path).size / 2 ** 20, unit: 'MB' },
    {
      name: 'unlock, beyond the same vault without an index',
      value: percentile(times[0], 0.5) - percentile(times[1], 0.5),
      unit: 'ms',
      ...atMost(300),
    },
  );
}

async function openingMs(path: string): Promise<number> {
  const { ms, result } = await timeMs(() => open(path));
  await result.close();
  return ms;
}

async function measureQueries(of: Vault): Promise<void> {
  const queries = Array.from({ length: QUERIES }, (_, at) => aQuery(at));
  const { ms: coldMs } = await timeMs(() => ask(of, queries[0] ?? ''));
  const foundMs: number[] = [];
  const absentMs: number[] = [];
  for (const query of queries) {
    const { ms, result } = await timeMs(() => ask(of, query));
    (result.matches.length > 0 ? foundMs : absentMs).push(ms);
    if (process.env['CAIRN_BENCH_EACH'] !== undefined) process.stderr.write(`${ms.toFixed(0)} ${query}\n`);
  }
  figures.push(
    { name: 'the first search after opening', value: coldMs, unit: 'ms' },
    { name: 'first results, p50', value: percentile(foundMs, 0.5), unit: 'ms', ...atMost(50) },
    { name: 'first results, p99', value: percentile(foundMs, 0.99), unit: 'ms' },
    { name: `of ${QUERIES} questions, found`, value: foundMs.length, unit: 'count' },
    { name: 'nothing there, read through for at most 3 s, p50', value: percentile(absentMs, 0.5), unit: 'ms' },
  );
}

/** What people type: a common word, a rare one, two, a phrase, a beginning, a name, a path, something that is not there. */
function aQuery(at: number): string {
  const common = maker.words[maker.number(200)] ?? '';
  const rare = maker.words[2_000 + maker.number(20_000)] ?? '';
  switch (at % 8) {
    case 0:
      return common;
    case 1:
      return rare;
    case 2:
      return `${common} ${maker.words[maker.number(2_000)] ?? ''}`;
    case 3:
      return `"const ${common}"`;
    case 4:
      return rare.slice(0, 5);
    case 5:
      return `npm run ${common}`;
    case 6:
      return `src/${common}/`;
    default:
      return `zq${maker.hash().slice(0, 10)}`;
  }
}

function ask(of: Vault, text: string): Promise<SearchAnswer> {
  // As the window asks while somebody types.
  return of.search({ text, limit: 20, budgetMs: 3_000, firstWithinMs: 40 });
}

/** From the commit until a word of that capture is found. */
async function measureFreshness(of: Vault): Promise<void> {
  const times: number[] = [];
  for (let at = 0; at < 20; at += 1) {
    const word = `fresh${maker.hash().slice(0, 12)}`;
    await save(of, 256 * 1024, word);
    const start = performance.now();
    for (;;) {
      const { matches } = await of.search({ text: word, limit: 1, budgetMs: 900 });
      if (matches.length > 0) break;
      await delay(10);
    }
    times.push(performance.now() - start);
  }
  figures.push({
    name: 'from the commit until it is found, p99',
    value: percentile(times, 0.99),
    unit: 'ms',
    ...atMost(1_000),
  });
}
