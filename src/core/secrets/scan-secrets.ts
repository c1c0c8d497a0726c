// Looks for secrets in all that was ever captured, and in stored sessions: first by the rules that also redact captures, then for every other place of the same
// values. The values stay in this process and are never part of what is told.

import { AppError } from '../../shared/model/app-error.ts';
import { maskSecret } from '../../shared/secrets/mask-secret.ts';
import { findSecrets, isTokenRule } from '../../shared/secrets/redact-text.ts';
import { MIN_VALUE_LENGTH, ValueFinder } from '../../shared/secrets/value-finder.ts';
import type { LongWorkOptions, Vault } from '../vault/vault.ts';
import type { CapturedText, TextPlace, TextSpot } from '../vault/vault-texts.ts';
import { eachSessionText, toLatin1, type MessageSpot, type SessionText } from './session-texts.ts';

const PAGE_BYTES = 2 * 1024 * 1024;
const MAX_VALUES = 5_000;
/** Places of one value that are counted. */
const MAX_SPOTS = 5_000;
const PLACES_BATCH = 2_000;
const TURN_TEXTS = 16;

export interface SecretFinding {
  readonly rule: string;
  /** True where the value is known by its own form; else only the name before it says so. */
  readonly isCertain: boolean;
  /** Equal for equal values, and of no use to anybody else. */
  readonly fingerprint: string;
  /** How it begins and how long it is. */
  readonly masked: string;
  /** Runs of bytes that hold it, each once however many snapshots have it. */
  readonly count: number;
  readonly places: readonly TextPlace[];
  /** Where it can be overwritten; those of lines that span chunks stand for the value, wherever it spans two. */
  readonly spots: readonly TextSpot[];
  /** Titles, addresses and commands that hold it: parts of the sealed log, which are not rewritten. */
  readonly facts: number;
  /** Messages of stored sessions that hold it, each once. */
  readonly messages: readonly MessageSpot[];
}

export interface SecretScan {
  readonly findings: readonly SecretFinding[];
  /** True where there were more values than are told. */
  readonly isCut: boolean;
}

interface Candidate {
  readonly rule: string;
  readonly value: string;
  readonly contents: TextSpot[];
  readonly facts: TextSpot[];
  /** Of lines that span chunks: told only where nothing else has it. */
  readonly borders: TextSpot[];
  readonly messages: MessageSpot[];
}

type ScannedVault = Pick<Vault, 'listTexts' | 'placesOf' | 'fingerprints' | 'listSessions' | 'readMessages'>;

/** @param options.sinceMs only values that were still there then @throws AppError CANCELLED */
export async function scanSecrets(
  vault: ScannedVault,
  options: LongWorkOptions & { readonly sinceMs?: number },
): Promise<SecretScan> {
  const candidates = new Map<string, Candidate>();
  const learn = (text: string): void => {
    for (const { rule, start, end } of findSecrets(text)) {
      const found = knownByForm(text.slice(start, end)) ?? { rule, value: text.slice(start, end) };
      if (candidates.size < MAX_VALUES && !candidates.has(found.value))
        candidates.set(found.value, { ...found, contents: [], facts: [], borders: [], messages: [] });
    }
  };
  await eachText(vault, options, 0, (_, text) => learn(text));
  await eachMessage(vault, options, (_, text) => learn(text));
  const list = [...candidates.values()];
  const finder = new ValueFinder(list.map(({ value }) => value));
  await eachText(vault, options, 1, (from, text) => {
    for (const { value, start, end } of finder.find(text)) note(list[value], from, start, end);
    // Too short to be looked for everywhere: where the rules find it.
    for (const { start, end } of findSecrets(text))
      if (end - start < MIN_VALUE_LENGTH) note(candidates.get(text.slice(start, end)), from, start, end);
  });
  await eachMessage(vault, options, (from, text) => {
    const found = new Set(finder.find(text).map(({ value }) => list[value]));
    for (const { start, end } of findSecrets(text)) found.add(candidates.get(text.slice(start, end)));
    for (const candidate of found) noteMessage(candidate, from);
  });
  const findings = await toFindings(vault, list, options);
  return { findings, isCut: candidates.size >= MAX_VALUES };
}

/** A value that only a name called secret may have a form of its own: then that is what it is. */
function knownByForm(text: string): { readonly rule: string; readonly value: string } | null {
  const own = findSecrets(text, { isShapesOnly: true }).find(({ rule }) => isTokenRule(rule));
  return own === undefined ? null : { rule: own.rule, value: text.slice(own.start, own.end) };
}

function note(candidate: Candidate | undefined, { anchor, type }: CapturedText, start: number, end: number): void {
  if (candidate === undefined) return;
  const lists = { content: candidate.contents, fact: candidate.facts, border: candidate.borders };
  if (lists[type].length < MAX_SPOTS)
    lists[type].push({ anchor, start, end, bytes: Uint8Array.from(Buffer.from(candidate.value, 'latin1')) });
}

function noteMessage(candidate: Candidate | undefined, { session, preview, message, atMs }: SessionText): void {
  if (candidate === undefined || candidate.messages.length >= MAX_SPOTS) return;
  candidate.messages.push({ session, preview, messageId: message.id, atMs, value: candidate.value });
}

async function eachMessage(
  vault: Pick<Vault, 'listSessions' | 'readMessages'>,
  { signal }: LongWorkOptions,
  use: (from: SessionText, text: string) => void,
): Promise<void> {
  let number = 0;
  for await (const from of eachSessionText(vault)) {
    if (number % TURN_TEXTS === 0) await turn(signal);
    number += 1;
    use(from, toLatin1(from.message.text));
  }
}

/** Every text as one byte a character, so that positions are bytes. */
async function eachText(
  vault: Pick<Vault, 'listTexts'>,
  { signal, onProgress }: LongWorkOptions,
  pass: 0 | 1,
  use: (from: CapturedText, text: string) => void,
): Promise<void> {
  let after: string | null = null;
  for (;;) {
    const page: Awaited<ReturnType<Vault['listTexts']>> = await vault.listTexts(after, PAGE_BYTES);
    for (const [number, from] of page.texts.entries()) {
      const { bytes } = from;
      if (number % TURN_TEXTS === 0) await turn(signal);
      use(from, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    }
    onProgress?.({ done: pass * page.total + page.position, total: 2 * page.total });
    if (page.next === null) return;
    after = page.next;
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
  if (signal?.aborted === true)
    throw new AppError('CANCELLED', 'Cancelled; nothing was changed.', { isRetryable: true });
}

async function toFindings(
  vault: Pick<Vault, 'placesOf' | 'fingerprints'>,
  candidates: readonly Candidate[],
  { sinceMs = Number.NEGATIVE_INFINITY, signal }: LongWorkOptions & { readonly sinceMs?: number },
): Promise<SecretFinding[]> {
  const spots = candidates.flatMap((candidate) => allSpots(candidate).map((spot) => ({ candidate, spot })));
  const places = new Map<Candidate, Map<string, TextPlace>>();
  for (let from = 0; from < spots.length; from += PLACES_BATCH) {
    await turn(signal);
    const batch = spots.slice(from, from + PLACES_BATCH);
    const found = await vault.placesOf(batch.map(({ spot: { anchor, start, end } }) => ({ anchor, start, end })));
    for (const [at, { candidate }] of batch.entries()) {
      const own = places.get(candidate) ?? new Map<string, TextPlace>();
      places.set(candidate, own);
      for (const place of found[at] ?? []) addPlace(own, place);
    }
  }
  const values = candidates.map(({ value }) => Uint8Array.from(Buffer.from(value, 'latin1')));
  const fingerprints = await vault.fingerprints(values);
  return candidates
    .map((candidate, at) => ({
      rule: candidate.rule,
      isCertain: isTokenRule(candidate.rule),
      fingerprint: fingerprints[at] ?? '',
      masked: maskSecret(candidate),
      count: allSpots(candidate).length + candidate.messages.length,
      places: [...(places.get(candidate)?.values() ?? [])].toSorted((a, b) => b.lastSeenMs - a.lastSeenMs),
      spots: [...candidate.contents, ...candidate.borders],
      facts: candidate.facts.length,
      messages: candidate.messages,
    }))
    .filter((finding) => newest(finding) >= sinceMs)
    .toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain) || newest(b) - newest(a));
}

function allSpots({ contents, facts, borders }: Candidate): TextSpot[] {
  return contents.length + facts.length === 0 ? borders : [...contents, ...facts];
}

function addPlace(places: Map<string, TextPlace>, place: TextPlace): void {
  const name = `${place.key}\u0000${place.where}`;
  const known = places.get(name);
  if (known === undefined) {
    places.set(name, place);
    return;
  }
  places.set(name, {
    ...(place.lastSeenMs > known.lastSeenMs ? place : known),
    firstSeenMs: Math.min(known.firstSeenMs, place.firstSeenMs),
    lastSeenMs: Math.max(known.lastSeenMs, place.lastSeenMs),
    isThereNow: known.isThereNow || place.isThereNow,
  });
}

function newest({ places, messages }: SecretFinding): number {
  return messages.reduce((most, { atMs }) => Math.max(most, atMs), places[0]?.lastSeenMs ?? 0);
}
