// What would be published, and until when, in words. Pure.

import type { PublishPreview, PublishedSessionView } from '../../../../shared/contract/publishing.ts';
import { formatBytes, formatMoment, plural } from '../../../components/format.ts';
import { plainTitle } from '../../../components/visible-text.ts';

const DAY_MS = 86_400_000;

export const LIFETIMES = [
  { value: '7', label: 'For a week' },
  { value: '30', label: 'For 30 days' },
  { value: '90', label: 'For 90 days' },
  { value: 'never', label: 'Until I withdraw it' },
] as const;
export type Lifetime = (typeof LIFETIMES)[number]['value'];

export function expiryOf(lifetime: Lifetime, nowMs: number): string | null {
  return lifetime === 'never' ? null : new Date(nowMs + Number(lifetime) * DAY_MS).toISOString();
}

/** "8 messages, 12 kB. 3 secrets were found in 5 places, and are taken out before anything leaves." */
export function tellSheet({ messageCount, isCut, sizeBytes, secrets, places }: PublishPreview): string {
  const part = isCut === true ? ' It is so long that only its last part goes.' : '';
  const size = `${plural(messageCount, 'message')}, ${formatBytes(sizeBytes)}.${part}`;
  if (secrets === 0) return `${size} No secret was found in it.`;
  const found = `${plural(secrets, 'secret')} ${secrets === 1 ? 'was' : 'were'} found in ${plural(places, 'place')}`;
  return `${size} ${found}, and ${secrets === 1 ? 'is' : 'are'} taken out before anything leaves.`;
}

export function tellAudience({ team }: Pick<PublishedSessionView, 'team'>): string {
  return team === null ? 'only you' : plainTitle(team.name);
}

export function tellExpiry({ expiresAt }: Pick<PublishedSessionView, 'expiresAt'>): string {
  return expiresAt === null ? 'until it is withdrawn' : `until ${formatMoment(expiresAt)}`;
}
