// What a scan for secrets found, in words: never a value.

import type { OtherDevice, SecretFinding } from '../../core/secrets/scan-secrets.ts';
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
  const { rule, isCertain, fingerprint, masked, places, others } = finding;
  return {
    rule,
    certain: isCertain,
    fingerprint,
    masked,
    stillThere: places.some(({ isThereNow }) => isThereNow),
    ...foundDocument(finding),
    others: others.map((other) => ({ device: deviceDocument(other.device), ...foundDocument(other) })),
  };
}

export function deviceDocument({ id, name, state, wasThis }: OtherDevice): object {
  return { id, name, state, ...(wasThis ? { wasThis } : {}) };
}

function foundDocument({
  count,
  facts,
  places,
  messages,
}: Pick<SecretFinding, 'count' | 'facts' | 'places' | 'messages'>): object {
  return {
    count,
    facts,
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
    ...renderOthers(findings),
  ];
}

function renderFinding(finding: SecretFinding, { style, nowMs }: SecretsView): string[] {
  const { rule, fingerprint, masked, others } = finding;
  const found = [finding, ...others];
  const count = found.reduce((sum, one) => sum + one.count, 0);
  const places = found.reduce((sum, one) => sum + one.places.length + sessionsOf(one).length, 0);
  return [
    `${style.yellow(rule)}  ${masked}  ${style.dim(`${fingerprint}, ${countOf(count, 'time')} in ${countOf(places, 'place')}`)}`,
    ...renderPlaces(finding, '', { style, nowMs }),
    ...others.flatMap((other) =>
      renderPlaces(other, `on ${toPlainLine(other.device.name, MAX_TITLE)}, `, { style, nowMs }),
    ),
  ];
}

function renderPlaces(
  found: Pick<SecretFinding, 'places' | 'messages'>,
  whose: string,
  { style, nowMs }: SecretsView,
): string[] {
  const more = found.places.length - MAX_PLACES;
  return [
    ...found.places.slice(0, MAX_PLACES).map((place) => `  ${whose}${renderPlace(place, nowMs)}`),
    ...(more > 0 ? [style.dim(`  ${whose}and ${formatCount(more)} more`)] : []),
    ...sessionsOf(found)
      .slice(0, MAX_PLACES)
      .map((spot) => `  ${whose}${renderSession(spot, nowMs)}`),
  ];
}

/** A place in each session that has it. */
function sessionsOf({ messages }: Pick<SecretFinding, 'messages'>): MessageSpot[] {
  return [...new Map(messages.map((spot) => [spot.session, spot])).values()];
}

/** What to do about what other devices captured: a line for each of them. */
function renderOthers(findings: readonly SecretFinding[]): string[] {
  const devices = new Map<string, { readonly device: OtherDevice; readonly fingerprints: string[] }>();
  for (const { fingerprint, others } of findings)
    for (const { device } of others) {
      const known = devices.get(device.id) ?? { device, fingerprints: [] };
      devices.set(device.id, known);
      known.fingerprints.push(fingerprint);
    }
  return [...devices.values()].map(({ device, fingerprints }) => {
    const name = toPlainLine(device.name, MAX_TITLE);
    const what = `${countOf(fingerprints.length, 'secret')} in what ${name} captured`;
    if (device.wasThis)
      return device.state === 'revoked'
        ? `${capital(what)} (this device, as it was): what is overwritten here is overwritten there with the next sync, but for what only that history has.`
        : `${capital(what)} (this device, as it was before its vault was put back or merged): end it with \`cairn sync revoke ${device.id.slice(0, 8)}\`; then what is overwritten here is overwritten there with the next sync.`;
    if (device.state === 'revoked')
      return `${capital(what)}: it was ended and tells nothing any more, so its snapshots keep them, here and on the server.`;
    const [first = ''] = fingerprints;
    const command = fingerprints.length === 1 ? first : 'FINGERPRINT';
    return `${capital(what)} can only be overwritten there: run \`cairn secrets scan --redact ${command}\` on ${name} (the fingerprint is the same); with its next sync the server and the copy here follow.`;
  });
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
  const here = chosen.filter((finding) => finding.spots.length + finding.messages.length > 0).length;
  const others = chosen.filter((finding) => finding.others.length > 0).length;
  const head =
    report === null
      ? `${style.bold('Would overwrite')} ${countOf(here, 'secret')} in ${countOf(spots, 'place')} with stars. Nothing was changed.`
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
    ...(others > 0
      ? [`${countOf(others, 'secret')} of them also in what other devices captured: that is not overwritten from here.`]
      : []),
    'Backups, and copies of the vault file, keep it.',
  ];
}
