// Colours source text with highlight.js, whose tree of tokens becomes segments: its HTML is never used. Loaded when first needed.

import hljs from 'highlight.js/lib/core';
import bash from 'highlight.js/lib/languages/bash';
import cpp from 'highlight.js/lib/languages/cpp';
import css from 'highlight.js/lib/languages/css';
import diff from 'highlight.js/lib/languages/diff';
import go from 'highlight.js/lib/languages/go';
import ini from 'highlight.js/lib/languages/ini';
import java from 'highlight.js/lib/languages/java';
import javascript from 'highlight.js/lib/languages/javascript';
import json from 'highlight.js/lib/languages/json';
import markdown from 'highlight.js/lib/languages/markdown';
import python from 'highlight.js/lib/languages/python';
import ruby from 'highlight.js/lib/languages/ruby';
import rust from 'highlight.js/lib/languages/rust';
import sql from 'highlight.js/lib/languages/sql';
import typescript from 'highlight.js/lib/languages/typescript';
import xml from 'highlight.js/lib/languages/xml';
import yaml from 'highlight.js/lib/languages/yaml';

import { canHighlight, joinLines, plainLines, splitLines, type Segment } from './segments.ts';

const LANGUAGES = {
  ...{ bash, cpp, css, diff, go, ini, java, javascript, json, markdown },
  ...{ python, ruby, rust, sql, typescript, xml, yaml },
};
/** Names that are not aliases of highlight.js already. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  fish: 'bash',
  shell: 'bash',
  scss: 'css',
  less: 'css',
  vue: 'xml',
  svelte: 'xml',
  jsonc: 'json',
  kotlin: 'java',
};

const highlighter = hljs.newInstance();
for (const [name, language] of Object.entries(LANGUAGES)) highlighter.registerLanguage(name, language);

/** Lines of segments that together are the text, whatever it is; plain where the language is unknown. */
export function highlightLines(text: string, language: string): readonly (readonly Segment[])[] {
  const wanted = language.trim().toLowerCase();
  const name = OTHER_NAMES[wanted] ?? wanted;
  if (!canHighlight(text) || highlighter.getLanguage(name) === undefined) return plainLines(text);
  const { _emitter: emitter } = highlighter.highlight(text, { language: name, ignoreIllegals: true });
  const lines = splitLines(segmentsOf('root' in emitter ? emitter.root : null));
  // What stands on the screen is what was captured: a grammar that fails costs colours only.
  return joinLines(lines) === text ? lines : plainLines(text);
}

/** With a stack of its own: what is nested a thousand times was made to overflow another. */
function segmentsOf(root: unknown): Segment[] {
  const segments: Segment[] = [];
  const waiting: { readonly node: unknown; readonly scope: string }[] = [{ node: root, scope: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { node, scope } = next;
    if (typeof node === 'string') segments.push({ text: node, scope });
    if (typeof node !== 'object' || node === null || !('children' in node) || !Array.isArray(node.children)) continue;
    const own = 'scope' in node && typeof node.scope === 'string' ? scopeOf(node.scope) : '';
    for (const child of node.children.toReversed()) waiting.push({ node: child, scope: own === '' ? scope : own });
  }
  return segments;
}

/** "title.function" is a title; another language inside has no colour of its own. */
function scopeOf(scope: string): string {
  return scope.startsWith('language:') ? '' : (scope.split('.')[0] ?? '');
}
