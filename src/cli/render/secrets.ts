// What a scan for secrets found, in words: never a value.

import type { SecretFinding } from '../../core/secrets/scan-secrets.ts';
import type { MessageSpot } from '../../core/secrets/session-texts.ts';
import type { RedactReport, TextPlace } from '../../core/vault/vault-texts.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { countOf, formatCount } from '../format/amounts.ts';
import { describeTime, formatClock, toIso } from '../format/times.ts';
import type { Style } from '../output.ts';

const MAX_PLACES = 6;
const MAX_TITLE = 60;

interface SecretsView {
  readonly style: Style;
  readonly nowMs: number;
}

export function findingDocument(finding: SecretFinding): object {
  const { rule, isCertain, fingerprint, masked, count, places, facts, messages } = finding;
  return {
    rule,
    certain: isCertain,
    fingerprint,
    masked,
    count,
    facts,
    stillThere: places.some(({ isThereNow }) => isThereNow),
    places: places.map(({ key, kind, source, title, where, firstSeenMs, lastSeenMs, isThereNow }) => ({
      key,
      kind,
      source,
      title,
      where,
      firstSeen: toIso(firstSeenMs),
      lastSeen: toIso(lastSeenMs),
      stillThere: isThereNow,
    })),
    messages: messages.map(({ session, messageId, atMs }) => ({ session, message: messageId, at: toIso(atMs) })),
  };
}

export function renderFindings(findings: readonly SecretFinding[], isCut: boolean, view: SecretsView): string[] {
  const { style } = view;
  if (findings.length === 0) return ['No secret was found that the rules know. They do not know every one.'];
  const certain = findings.filter(({ isCertain }) => isCertain).length;
  const likely = findings.length - certain;
  return [
    `${style.bold(capital(countOf(certain, 'secret')))} known by form, ${countOf(likely, 'value')} that a name calls secret.`,
    ...findings.flatMap((finding) => renderFinding(finding, view)),
    ...(isCut ? ['There are more; these are the first that were found.'] : []),
    'What to do: make each that is or was real invalid where it was issued, and take a new one; that alone helps.',
    'Then remove it where it still lies, and `cairn secrets scan --redact FINGERPRINT` overwrites it in the vault.',
  ];
}

function renderFinding(finding: SecretFinding, { style, nowMs }: SecretsView): string[] {
  const { rule, fingerprint, masked, count, places, messages } = finding;
  const sessions = new Map(messages.map((spot) => [spot.session, spot]));
  const more = places.length - MAX_PLACES;
  return [
    `${style.yellow(rule)}  ${masked}  ${style.dim(`${fingerprint}, ${countOf(count, 'time')} in ${countOf(places.length + sessions.size, 'place')}`)}`,
    ...places.slice(0, MAX_PLACES).map((place) => `  ${renderPlace(place, nowMs)}`),
    ...(more > 0 ? [style.dim(`  and ${formatCount(more)} more`)] : []),
    ...[...sessions.values()].slice(0, MAX_PLACES).map((spot) => `  ${renderSession(spot, nowMs)}`),
  ];
}

function renderSession({ session, preview, atMs }: MessageSpot, nowMs: number): string {
  return `session ${toPlainLine(preview, MAX_TITLE)}, ${describeTime(atMs, nowMs)}: cairn sessions show ${session.slice(0, 8)}`;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function renderPlace(
  { kind, title, key, where, firstSeenMs, lastSeenMs, isThereNow }: TextPlace,
  nowMs: number,
): string {
  const name = toPlainLine(title, MAX_TITLE) || toPlainLine(key, MAX_TITLE);
  const times = isThereNow
    ? `since ${formatClock(firstSeenMs, nowMs)}, ${originWords(kind)}`
    : `${formatClock(firstSeenMs, nowMs)} to ${describeTime(lastSeenMs, nowMs)}, no longer in what was captured last`;
  return `${kind} ${name}, ${where}: ${times}`;
}

/** Where the value lies outside the vault, as long as the newest snapshot has it. */
function originWords(kind: TextPlace['kind']): string {
  switch (kind) {
    case 'conversation':
      return "the tool's own file still holds it";
    case 'terminal':
      return "the terminal still shows it; its shell's history file may hold it";
    case 'repository':
      return 'the work tree, or a commit that was not pushed, still holds it';
    case 'document':
      return 'the file, or what is unsaved of it, still holds it';
    case 'tab':
      return "the tab, and the browser's history, still hold it";
  }
}

/** What was overwritten, or would be. */
export function renderPlan(chosen: readonly SecretFinding[], report: RedactReport | null, style: Style): string[] {
  const spots = chosen.reduce((sum, finding) => sum + finding.spots.length + finding.messages.length, 0);
  const facts = chosen.reduce((sum, { facts: own }) => sum + own, 0);
  const isThere = chosen.some(({ places }) => places.some(({ isThereNow }) => isThereNow));
  const head =
    report === null
      ? `${style.bold('Would overwrite')} ${countOf(chosen.length, 'secret')} in ${countOf(spots, 'place')} with stars. Nothing was changed.`
      : `${style.bold('Overwrote')} ${countOf(report.spots, 'place')} with stars; every snapshot still has all the rest.`;
  return [
    head,
    ...(facts > 0
      ? [
          `${countOf(facts, 'place')} in titles, addresses or commands stay: they go with their snapshots, by retention or "forget".`,
        ]
      : []),
    ...(report !== null && report.left > 0
      ? [`${countOf(report.left, 'place')} had changed meanwhile: scan again.`]
      : []),
    ...(isThere ? ['Where its origin still holds it, a later capture may bring it back: remove it there.'] : []),
    'Backups, and copies of the vault file, keep it.',
  ];
}
