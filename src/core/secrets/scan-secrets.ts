// Looks for secrets in all that was ever captured, here and on other devices as it is here, and in stored sessions: first by the rules that also redact captures,
// then for every other place of the same values. The values stay in this process and are never part of what is told.

import type { SyncDevice } from '../../shared/contract/sync.ts';
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
const STEPS_PER_PASS = 1_000;

export interface SecretFinding {
  readonly rule: string;
  /** True where the value is known by its own form; else only the name before it says so. */
  readonly isCertain: boolean;
  /** Equal for equal values, on every device of the vault, and of no use to anybody else. */
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
  /** What other devices captured that holds it, as it is here. What stands above is this device's alone. */
  readonly others: readonly OtherFinding[];
}

/** What one other device captured of a value. Only that device can overwrite it. */
export interface OtherFinding extends Pick<SecretFinding, 'count' | 'places' | 'facts' | 'messages'> {
  readonly device: OtherDevice;
}

export interface OtherDevice {
  readonly id: string;
  readonly name: string;
  readonly state: SyncDevice['state'];
  /** True of what this device was before its vault was put back, merged or copied. */
  readonly wasThis: boolean;
}

/** Another device's history, as it is here. */
export interface OtherHistory {
  readonly device: OtherDevice;
  readonly vault: ScannedVault;
}

export interface SecretScan {
  readonly findings: readonly SecretFinding[];
  /** True where there were more values than are told. */
  readonly isCut: boolean;
}

interface Candidate {
  readonly rule: string;
  readonly value: string;
  /** Where it lies, by history: the own one first. */
  readonly found: readonly Found[];
}

interface Found {
  readonly contents: TextSpot[];
  readonly facts: TextSpot[];
  /** Of lines that span chunks: told only where nothing else has it. */
  readonly borders: TextSpot[];
  readonly messages: MessageSpot[];
}

type ScannedVault = Pick<Vault, 'listTexts' | 'placesOf' | 'listSessions' | 'readMessages'>;
type ScanOptions = LongWorkOptions & { readonly sinceMs?: number; readonly others?: readonly OtherHistory[] };

/**
 * @param options.sinceMs only values that were still there then
 * @param options.others looked through too: a value that is known from one history is found in all
 * @throws AppError CANCELLED
 */
export async function scanSecrets(
  vault: ScannedVault & Pick<Vault, 'fingerprints'>,
  options: ScanOptions,
): Promise<SecretScan> {
  const histories = [vault, ...(options.others ?? []).map((other) => other.vault)];
  const passes = 2 * histories.length;
  const candidates = new Map<string, Candidate>();
  const learn = (text: string): void => {
    for (const { rule, start, end } of findSecrets(text)) {
      const own = knownByForm(text.slice(start, end)) ?? { rule, value: text.slice(start, end) };
      if (candidates.size < MAX_VALUES && !candidates.has(own.value))
        candidates.set(own.value, {
          ...own,
          found: histories.map(() => ({ contents: [], facts: [], borders: [], messages: [] })),
        });
    }
  };
  for (const [at, history] of histories.entries()) {
    await eachText(history, options, { number: at, passes }, (_, text) => learn(text));
    await eachMessage(history, options, (_, text) => learn(text));
  }
  const list = [...candidates.values()];
  const finder = new ValueFinder(list.map(({ value }) => value));
  for (const [at, history] of histories.entries()) {
    await eachText(history, options, { number: histories.length + at, passes }, (from, text) => {
      for (const { value, start, end } of finder.find(text)) note(list[value], at, from, start, end);
      // Too short to be looked for everywhere: where the rules find it.
      for (const { start, end } of findSecrets(text))
        if (end - start < MIN_VALUE_LENGTH) note(candidates.get(text.slice(start, end)), at, from, start, end);
    });
    await eachMessage(history, options, (from, text) => {
      const found = new Set(finder.find(text).map(({ value }) => list[value]));
      for (const { start, end } of findSecrets(text)) found.add(candidates.get(text.slice(start, end)));
      for (const candidate of found) noteMessage(candidate, at, from);
    });
  }
  const findings = await toFindings(vault, list, options);
  return { findings, isCut: candidates.size >= MAX_VALUES };
}

/** A value that only a name called secret may have a form of its own: then that is what it is. */
function knownByForm(text: string): { readonly rule: string; readonly value: string } | null {
  const own = findSecrets(text, { isShapesOnly: true }).find(({ rule }) => isTokenRule(rule));
  return own === undefined ? null : { rule: own.rule, value: text.slice(own.start, own.end) };
}

function note(
  candidate: Candidate | undefined,
  history: number,
  { anchor, type }: CapturedText,
  start: number,
  end: number,
): void {
  const found = candidate?.found[history];
  if (candidate === undefined || found === undefined) return;
  const lists = { content: found.contents, fact: found.facts, border: found.borders };
  if (lists[type].length < MAX_SPOTS)
    lists[type].push({ anchor, start, end, bytes: Uint8Array.from(Buffer.from(candidate.value, 'latin1')) });
}

function noteMessage(
  candidate: Candidate | undefined,
  history: number,
  { session, preview, message, atMs }: SessionText,
): void {
  const messages = candidate?.found[history]?.messages;
  if (candidate === undefined || messages === undefined || messages.length >= MAX_SPOTS) return;
  messages.push({ session, preview, messageId: message.id, atMs, value: candidate.value });
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
  { number, passes }: { readonly number: number; readonly passes: number },
  use: (from: CapturedText, text: string) => void,
): Promise<void> {
  let after: string | null = null;
  for (;;) {
    const page: Awaited<ReturnType<Vault['listTexts']>> = await vault.listTexts(after, PAGE_BYTES);
    for (const [at, from] of page.texts.entries()) {
      const { bytes } = from;
      if (at % TURN_TEXTS === 0) await turn(signal);
      use(from, Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
    }
    // Histories are of different sizes: each counts as a part of the whole.
    const share = page.total === 0 ? 1 : page.position / page.total;
    onProgress?.({ done: Math.round(STEPS_PER_PASS * (number + share)), total: STEPS_PER_PASS * passes });
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
  vault: ScannedVault & Pick<Vault, 'fingerprints'>,
  candidates: readonly Candidate[],
  { sinceMs = Number.NEGATIVE_INFINITY, signal, others = [] }: ScanOptions,
): Promise<SecretFinding[]> {
  const values = candidates.map(({ value }) => Uint8Array.from(Buffer.from(value, 'latin1')));
  const fingerprints = await vault.fingerprints(values);
  const own = await tellAll(vault, candidates, 0, signal);
  const elsewhere: { readonly device: OtherDevice; readonly told: readonly Told[] }[] = [];
  for (const [at, other] of others.entries())
    elsewhere.push({ device: other.device, told: await tellAll(other.vault, candidates, at + 1, signal) });
  return candidates
    .map((candidate, at) => ({
      rule: candidate.rule,
      isCertain: isTokenRule(candidate.rule),
      fingerprint: fingerprints[at] ?? '',
      masked: maskSecret(candidate),
      ...(own[at] ?? NOWHERE),
      spots: [...(candidate.found[0]?.contents ?? []), ...(candidate.found[0]?.borders ?? [])],
      others: elsewhere
        .map(({ device, told }) => ({ device, ...(told[at] ?? NOWHERE) }))
        .filter(({ count }) => count > 0),
    }))
    .filter((finding) => newest(finding) >= sinceMs)
    .toSorted((a, b) => Number(b.isCertain) - Number(a.isCertain) || newest(b) - newest(a));
}

type Told = Pick<SecretFinding, 'count' | 'places' | 'facts' | 'messages'>;

const NOWHERE: Told = { count: 0, places: [], facts: 0, messages: [] };

/** What one history has of each value, in their order. */
async function tellAll(
  vault: ScannedVault,
  candidates: readonly Candidate[],
  history: number,
  signal: AbortSignal | undefined,
): Promise<Told[]> {
  const found = candidates.map((candidate) => candidate.found[history]);
  const spots = found.flatMap((own, candidate) => allSpots(own).map((spot) => ({ candidate, spot })));
  const places = found.map(() => new Map<string, TextPlace>());
  for (let from = 0; from < spots.length; from += PLACES_BATCH) {
    await turn(signal);
    const batch = spots.slice(from, from + PLACES_BATCH);
    const there = await vault.placesOf(batch.map(({ spot: { anchor, start, end } }) => ({ anchor, start, end })));
    for (const [at, { candidate }] of batch.entries())
      for (const place of there[at] ?? []) addPlace(places[candidate], place);
  }
  return found.map((own, at) => ({
    count: allSpots(own).length + (own?.messages.length ?? 0),
    places: [...(places[at]?.values() ?? [])].toSorted((a, b) => b.lastSeenMs - a.lastSeenMs),
    facts: own?.facts.length ?? 0,
    messages: own?.messages ?? [],
  }));
}

function allSpots(found: Found | undefined): readonly TextSpot[] {
  if (found === undefined) return [];
  const { contents, facts, borders } = found;
  return contents.length + facts.length === 0 ? borders : [...contents, ...facts];
}

function addPlace(places: Map<string, TextPlace> | undefined, place: TextPlace): void {
  const name = `${place.key}\u0000${place.where}`;
  const known = places?.get(name);
  if (known === undefined) {
    places?.set(name, place);
    return;
  }
  places?.set(name, {
    ...(place.lastSeenMs > known.lastSeenMs ? place : known),
    firstSeenMs: Math.min(known.firstSeenMs, place.firstSeenMs),
    lastSeenMs: Math.max(known.lastSeenMs, place.lastSeenMs),
    isThereNow: known.isThereNow || place.isThereNow,
  });
}

function newest({ places, messages, others }: Told & Partial<Pick<SecretFinding, 'others'>>): number {
  return Math.max(places[0]?.lastSeenMs ?? 0, ...(others ?? []).map(newest), ...messages.map(({ atMs }) => atMs));
}
