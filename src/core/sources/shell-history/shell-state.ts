// What is remembered of a shell between captures. What the vault has is told by the newest snapshot alone: the item's `lastNumber` is
// stored in one transaction with its streams, so a command is in both or in neither, whatever was killed in between.

import { z } from 'zod';

import type { CaptureContext, ForgottenTimes, PreviousItem } from '../source.ts';
import { isForgotten, isKept, type CommandEntry } from './command-entry.ts';
import { FULL_SEGMENT_CHARACTERS, nextSegment, weightOf, type Segment } from './command-streams.ts';
import type { SpoolHeader, SpoolRecord } from './parse-spool.ts';

export interface ShellFacts {
  readonly shell: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly tty: string;
  readonly pane: string;
}

/** Facts that grow with the commands. */
export interface Tally {
  readonly commands: number;
  readonly failed: number;
  /** Commands that were dropped because nobody took them in. */
  readonly missing: number;
  readonly lastNumber: number;
  readonly lastAtMs: number;
  readonly lastExitCode: number;
  readonly lastLine: string;
  readonly cwd: string;
}

const storedSchema = z.object({
  shell: z.string(),
  pid: z.int().catch(0),
  startedAtMs: z.number().catch(0),
  tty: z.string().catch(''),
  pane: z.string().catch(''),
  commands: z.int().catch(0),
  failed: z.int().catch(0),
  missing: z.int().catch(0),
  lastNumber: z.int().catch(0),
  lastAtMs: z.number().catch(0),
  lastExitCode: z.int().catch(0),
  lastLine: z.string().catch(''),
  cwd: z.string().catch(''),
});

const NOTHING: Tally = {
  commands: 0,
  failed: 0,
  missing: 0,
  lastNumber: 0,
  lastAtMs: 0,
  lastExitCode: 0,
  lastLine: '',
  cwd: '',
};

export class ShellState {
  readonly facts: ShellFacts;
  tally: Tally;
  #segment: { index: number; entries: CommandEntry[]; weight: number; lastNumber: number };
  /** The `lastNumber`s under which this state may find itself in the newest snapshot. */
  #offered: Set<number>;
  #confirmed: number;

  private constructor(facts: ShellFacts, tally: Tally, segmentIndex: number) {
    this.facts = facts;
    this.tally = tally;
    this.#segment = { index: segmentIndex, entries: [], weight: 0, lastNumber: tally.lastNumber };
    this.#offered = new Set([tally.lastNumber]);
    this.#confirmed = tally.lastNumber;
  }

  /** Goes on from what the newest snapshot holds; null where neither it nor a spool says what shell it is. */
  static begin(previous: PreviousItem | undefined, header: SpoolHeader | null): ShellState | null {
    const stored = storedSchema.safeParse(previous?.attributes).data;
    if (stored === undefined) return header === null ? null : new ShellState(header, NOTHING, 1);
    return new ShellState(stored, stored, nextSegment(previous));
  }

  get segment(): Segment {
    return this.#segment;
  }

  /** What the vault has for certain. */
  get confirmed(): number {
    return this.#confirmed;
  }

  /**
   * Compares with the newest snapshot. The state to go on with: this one, or another one where somebody else has captured, or where
   * what this one captured was forgotten; what was safe once is never taken in again.
   */
  follow(previous: PreviousItem | undefined): ShellState {
    const stored = storedSchema.safeParse(previous?.attributes).data;
    const storedNumber = stored?.lastNumber ?? 0;
    if (this.#offered.has(storedNumber) && this.#isOurs(previous)) {
      this.#confirmed = storedNumber;
      this.#offered = new Set([storedNumber]);
      this.#beginNextIfFull();
      return this;
    }
    const lastNumber = Math.max(storedNumber, this.#confirmed);
    return new ShellState(this.facts, { ...(stored ?? NOTHING), lastNumber }, nextSegment(previous));
  }

  /** Takes in what is new of these records; the others are known. */
  take(records: readonly SpoolRecord[], context: CaptureContext, forgotten: readonly ForgottenTimes[]): void {
    for (const record of records) {
      const { number, ...entry } = record;
      if (number <= this.tally.lastNumber) continue;
      const missing = this.tally.missing + (number - this.tally.lastNumber - 1);
      this.tally = { ...this.tally, missing, lastNumber: number };
      if (!isKept(entry, context) || isForgotten(entry, forgotten)) continue;
      this.tally = {
        ...this.tally,
        commands: this.tally.commands + 1,
        failed: this.tally.failed + (entry.exitCode === 0 ? 0 : 1),
        lastAtMs: entry.atMs,
        lastExitCode: entry.exitCode,
        lastLine: entry.command,
        cwd: entry.cwd,
      };
      this.#append(entry, number);
    }
  }

  /** What was taken in so far is not handed over again. */
  forget(): void {
    this.#confirmed = this.tally.lastNumber;
    this.#offered = new Set();
  }

  /** Notes under which number the next snapshot may hold this state. */
  offer(): void {
    this.#offered.add(this.tally.lastNumber);
  }

  /** Another Cairn may have captured the same notes, into a segment of its own. */
  #isOurs(previous: PreviousItem | undefined): boolean {
    if (previous === undefined) return this.#confirmed === 0;
    const stored = nextSegment(previous) - 1;
    return stored === this.#segment.index || stored === this.#segment.index - 1;
  }

  /** What is safe need not be remembered. */
  #beginNextIfFull(): void {
    const { index, weight, lastNumber } = this.#segment;
    if (weight <= FULL_SEGMENT_CHARACTERS || lastNumber > this.#confirmed) return;
    this.#segment = { index: index + 1, entries: [], weight: 0, lastNumber };
  }

  #append(entry: CommandEntry, number: number): void {
    this.#segment.entries.push(entry);
    this.#segment.weight += weightOf(entry);
    this.#segment.lastNumber = number;
  }
}
