// Loads what previews need before somebody opens one. Called when the window has nothing better to do; loads once.

import { loadHighlighter } from '../../components/code/use-highlight.ts';

export async function preloadPreviews(): Promise<void> {
  // What cannot be loaded now is loaded, or told of, when it is needed.
  await Promise.allSettled([import('./xterm-terminal.ts'), loadHighlighter()]);
}
