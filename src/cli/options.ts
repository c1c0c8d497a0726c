// How option values are read from the command line. Commander turns what these throw into a usage error.

import { InvalidArgumentError } from 'commander';

const WHOLE_NUMBER = /^\d{1,9}$/;
const SECONDS = /^(\d{1,6}(?:\.\d{1,3})?)\s*(ms|s|m|h)?$/;
const SECONDS_UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Gathers an option that may be given several times. */
export function collect(value: string, earlier: readonly string[] | undefined): readonly string[] {
  return [...(earlier ?? []), value];
}

/** A reader of whole numbers between two bounds. */
export function wholeNumber(bounds: { readonly min: number; readonly max: number }): (value: string) => number {
  return (value) => {
    const number = WHOLE_NUMBER.test(value) ? Number(value) : Number.NaN;
    if (number >= bounds.min && number <= bounds.max) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${bounds.min} to ${bounds.max}.`);
  };
}

/** A reader of times such as `30`, `30s`, `500ms`, `2m`; a bare number is seconds. Gives milliseconds. */
export function duration(bounds: { readonly minMs: number; readonly maxMs: number }): (value: string) => number {
  return (value) => {
    const match = SECONDS.exec(value.trim());
    const ms = match === null ? Number.NaN : Number(match[1]) * (SECONDS_UNIT_MS[match[2] ?? 's'] ?? 1000);
    if (ms >= bounds.minMs && ms <= bounds.maxMs) return Math.round(ms);
    throw new InvalidArgumentError(
      `It must be ${bounds.minMs / 1000} to ${bounds.maxMs / 1000} seconds, such as 30 or 2m.`,
    );
  };
}
