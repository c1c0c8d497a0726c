// Where a text that is to be published holds secrets: by our own rules, also in what is encoded in it, and by those of a scanner.

import { decodeBase64Text } from './base64-text.ts';
import { decodedForms } from './decoded-forms.ts';
import { findSecrets, type FoundSecret } from './redact-text.ts';
import type { SecretScanner } from './secret-scanner.ts';
import { findAwsSecrets } from './strict-rules.ts';

const PLACEHOLDER = /\[REDACTED:[a-z0-9-]{1,64}(?::[0-9]{1,9})?\]/g;
const BASE64_RUN = /[A-Za-z0-9+/_-]{20,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}/g;
/** What is longer is no text of a few words, and has been looked at as it stands. */
const MAX_BASE64 = 65_536;
/** Shorter texts hold no secret that could be told from a word. */
const MIN_TEXT = 6;

/** By our own rules alone; spans may overlap. */
export function findOwnSecrets(text: string, hasAwsKey: boolean): FoundSecret[] {
  if (text.length < MIN_TEXT) return [];
  const found = findIn(text, hasAwsKey);
  for (const form of decodedForms(text))
    for (const secret of findIn(form.text, hasAwsKey)) found.push({ rule: secret.rule, ...form.origin(secret) });
  return found.filter(({ start, end }) => !isPlaceholder(text.slice(start, end)));
}

/** By the scanner's rules; spans may overlap. */
export async function findScannedSecrets(text: string, scanner: SecretScanner): Promise<FoundSecret[]> {
  if (text.length < MIN_TEXT) return [];
  const blank = withoutPlaceholders(text);
  const found = [...(await scanner.find(blank))];
  for (const form of decodedForms(blank))
    for (const secret of await scanner.find(form.text)) found.push({ rule: secret.rule, ...form.origin(secret) });
  return found.filter(({ start, end }) => blank.slice(start, end).trim() !== '');
}

/** The highest number that a placeholder in the text has; 0 without one. */
export function highestPlaceholder(text: string): number {
  return [...text.matchAll(PLACEHOLDER)].reduce(
    (most, [placeholder]) => Math.max(most, Number(/[0-9]+(?=\]$)/.exec(placeholder)?.[0] ?? 0)),
    0,
  );
}

/** How many placeholders stand in the text. */
export function countPlaceholders(text: string): number {
  return [...text.matchAll(PLACEHOLDER)].length;
}

function findIn(text: string, hasAwsKey: boolean): FoundSecret[] {
  const found = findSecrets(text, { isStrict: true });
  if (hasAwsKey) found.push(...findAwsSecrets(text));
  for (const { 0: run, index } of text.matchAll(BASE64_RUN)) {
    if (run.length > MAX_BASE64) continue;
    const decoded = decodeBase64Text(run);
    const inside = decoded === null ? undefined : findSecrets(decoded, { isStrict: true })[0];
    if (inside !== undefined) found.push({ rule: inside.rule, start: index, end: index + run.length });
  }
  return found;
}

/** What stands in place of a secret already is none, whatever the name before it says. */
function isPlaceholder(text: string): boolean {
  return text.replaceAll(PLACEHOLDER, '').replaceAll(/[\s"'\\,;]/g, '') === '';
}

function withoutPlaceholders(text: string): string {
  return text.replaceAll(PLACEHOLDER, (placeholder) => ' '.repeat(placeholder.length));
}
