// How panes share a tab: a tree of splits, read from where the panes stand, and the moves that make it again.

import { z } from 'zod';

import type { JsonValue } from '../../../shared/model/json.ts';

/** A pane, or two parts side by side (`isHorizontal`) or above each other. */
export type Splits =
  | number
  | {
      readonly isHorizontal: boolean;
      readonly one: Splits;
      readonly two: Splits;
      /** The second part's share of both, where it is known. */
      readonly percent?: number | undefined;
    };

const id = z.int().min(0);
export const splitsSchema: z.ZodType<Splits> = z.lazy(() =>
  z.union([
    id,
    z.object({
      isHorizontal: z.boolean(),
      one: splitsSchema,
      two: splitsSchema,
      percent: z.int().min(1).max(99).optional(),
    }),
  ]),
);

/** A pane's place in its tab, in cells. */
export interface PaneBox {
  readonly id: number;
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface SplitMove {
  readonly id: number;
  /** What is split for it; undefined for the first pane. */
  readonly beside?: { readonly id: number; readonly isHorizontal: boolean; readonly percent?: number | undefined };
}

/** The panes of a tree, in order. */
export function leavesOf(splits: Splits): number[] {
  return typeof splits === 'number' ? [splits] : [...leavesOf(splits.one), ...leavesOf(splits.two)];
}

/** Which pane to open beside which, in order, so that the tree comes about: outer splits first, since each divides all that there is. */
export function splitMoves(splits: Splits): readonly SplitMove[] {
  const [first = 0] = leavesOf(splits);
  return [{ id: first }, ...movesBelow(splits)];
}

function movesBelow(splits: Splits): SplitMove[] {
  if (typeof splits === 'number') return [];
  const { isHorizontal, one, two, percent } = splits;
  const [beside = 0] = leavesOf(one);
  const [first = 0] = leavesOf(two);
  return [{ id: first, beside: { id: beside, isHorizontal, percent } }, ...movesBelow(one), ...movesBelow(two)];
}

export function splitsToJson(splits: Splits): JsonValue {
  if (typeof splits === 'number') return splits;
  const { isHorizontal, one, two, percent } = splits;
  return {
    isHorizontal,
    one: splitsToJson(one),
    two: splitsToJson(two),
    ...(percent === undefined ? {} : { percent }),
  };
}

/** The tree of panes that fill a tab; null where they overlap, or no straight cut parts them. */
export function splitsOf(panes: readonly PaneBox[]): Splits | null {
  const [first, ...others] = panes;
  if (first === undefined) return null;
  if (others.length === 0) return first.id;
  for (const isHorizontal of [true, false]) {
    const boxes = panes.map((pane) => ({ pane, ...spanOf(pane, isHorizontal) })).toSorted((a, b) => a.start - b.start);
    for (let at = 1; at < boxes.length; at += 1) {
      const cut = boxes[at]?.start ?? 0;
      const [before, after] = [boxes.slice(0, at), boxes.slice(at)];
      if (before.some(({ end, start }) => end > cut || start >= cut)) continue;
      const one = splitsOf(before.map(({ pane }) => pane));
      const two = splitsOf(after.map(({ pane }) => pane));
      if (one === null || two === null) return null;
      const all = extentOf(before) + extentOf(after);
      const percent = all === 0 ? 50 : Math.round((100 * extentOf(after)) / all);
      return { isHorizontal, one, two, percent: Math.min(99, Math.max(1, percent)) };
    }
  }
  return null;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

function spanOf({ left, top, width, height }: PaneBox, isHorizontal: boolean): Span {
  return isHorizontal ? { start: left, end: left + width } : { start: top, end: top + height };
}

function extentOf(spans: readonly Span[]): number {
  return Math.max(...spans.map(({ end }) => end)) - Math.min(...spans.map(({ start }) => start));
}
