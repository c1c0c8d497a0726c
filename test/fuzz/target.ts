// What a fuzz target is: a parser with samples of what it reads.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { AppError } from '../../src/shared/model/app-error.ts';

const MAX_SAMPLE_BYTES = 13 * 1024;

export interface FuzzTarget {
  readonly name: string;
  /** What it must be told for whatever bytes; an error that `allows` does not name is a fault, and so is a broken promise about the result. */
  readonly run: (bytes: Buffer) => unknown;
  readonly samples: readonly Buffer[];
  /** Words of the format. */
  readonly words: readonly string[];
  readonly allows: (error: unknown) => boolean;
  readonly close?: () => Promise<void>;
}

/** Throws nothing at all. */
export function nothing(): boolean {
  return false;
}

/** Throws errors for people only. */
export function appErrors(error: unknown): boolean {
  return error instanceof AppError && error.code !== 'BUG';
}

/** Beginnings of files below test/fixtures. */
export function fixtures(...paths: readonly string[]): Buffer[] {
  return paths.map((path) =>
    readFileSync(join(import.meta.dirname, '../fixtures', path)).subarray(0, MAX_SAMPLE_BYTES),
  );
}

export function texts(...samples: readonly string[]): Buffer[] {
  return samples.map((sample) => Buffer.from(sample));
}
