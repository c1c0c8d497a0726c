// Which sessions a list shows. Pure.

import type { SessionView } from '../../../shared/contract/sessions.ts';

export const ANY = '';

export interface SessionFilter {
  readonly text: string;
  readonly tool: string;
  readonly project: string;
}

export const NO_FILTER: SessionFilter = { text: '', tool: ANY, project: ANY };

export function filterSessions(sessions: readonly SessionView[], filter: SessionFilter): readonly SessionView[] {
  const words = filter.text.toLowerCase().split(/\s+/).filter(Boolean);
  return sessions.filter(({ name, preview, project, tool, externalId }) => {
    if (filter.tool !== ANY && tool !== filter.tool) return false;
    if (filter.project !== ANY && project !== filter.project) return false;
    const place = `${name}\n${preview}\n${project ?? ''}\n${externalId}`.toLowerCase();
    return words.every((word) => place.includes(word));
  });
}

/** What there is to choose from, each once, in order. */
export function choicesOf(sessions: readonly SessionView[]): {
  readonly tools: readonly string[];
  readonly projects: readonly string[];
} {
  return {
    tools: [...new Set(sessions.map(({ tool }) => tool))].toSorted(),
    projects: [...new Set(sessions.flatMap(({ project }) => project ?? []))].toSorted(),
  };
}
