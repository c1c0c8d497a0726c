// What Cline says about a session in the file beside its messages: where it runs, as what, and whether it is at work.

import { factOf } from '../conversation/conversation-facts.ts';
import { isRecord, parseRecordBytes } from '../conversation/json-record.ts';
import { MAX_LINE_MEMORY_BYTES } from '../host/json-memory.ts';
import { typedText } from './read-messages.ts';

export interface SessionFile {
  readonly provider: string | null;
  readonly model: string | null;
  readonly cwd: string | null;
  readonly gitBranch: string | null;
  readonly version: string | null;
  readonly title: string | null;
  /** What it was begun with. */
  readonly prompt: string | null;
  readonly pid: number | null;
  readonly status: string | null;
}

/** Total: null for each fact that is not there. */
export function parseSessionFile(bytes: Uint8Array): SessionFile {
  const session = parseRecordBytes(bytes, MAX_LINE_MEMORY_BYTES) ?? {};
  const metadata = isRecord(session['metadata']) ? session['metadata'] : {};
  const git = isRecord(metadata['git']) ? metadata['git'] : {};
  const origin = isRecord(metadata['sessionHistoryOrigin']) ? metadata['sessionHistoryOrigin'] : {};
  const prompt = factOf(session['prompt']);
  const { pid } = session;
  return {
    provider: factOf(session['provider']),
    model: factOf(session['model']),
    cwd: factOf(session['cwd']),
    gitBranch: factOf(git['branch']),
    version: factOf(origin['version']),
    title: factOf(metadata['title']),
    prompt: prompt === null ? null : (typedText(prompt) ?? prompt),
    pid: typeof pid === 'number' && Number.isSafeInteger(pid) && pid > 1 ? pid : null,
    status: factOf(session['status']),
  };
}
