// Colours text once the highlighter is there; until then, and for texts that are too long, it is plain.

import { useEffect, useMemo, useState } from 'react';

import { plainLines, type Highlight, type Segment } from './segments.ts';

let loaded: Highlight | null = null;
let loading: Promise<Highlight> | null = null;

/** Loads the highlighter; again where it could not be loaded. */
export function loadHighlighter(): Promise<Highlight> {
  loading ??= import('./highlighter.ts').then(
    ({ highlightLines }) => (loaded = highlightLines),
    (error: unknown) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** Null until it is loaded. */
export function useHighlighter(): Highlight | null {
  const [highlight, setHighlight] = useState<Highlight | null>(() => loaded);
  useEffect(() => {
    if (highlight !== null) return undefined;
    let isGone = false;
    loadHighlighter().then(
      (found) => {
        if (!isGone) setHighlight(() => found);
      },
      () => undefined, // without colours
    );
    return () => {
      isGone = true;
    };
  }, [highlight]);
  return highlight;
}

export function useHighlightedLines(text: string, language: string): readonly (readonly Segment[])[] {
  const highlight = useHighlighter();
  return useMemo(
    () => (highlight === null || language === '' ? plainLines(text) : highlight(text, language)),
    [highlight, text, language],
  );
}
