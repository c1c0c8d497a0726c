// The session that a chat goes on with, or begins: which server and model it speaks to.

import { AppError } from '../../../shared/model/app-error.ts';
import { CHAT_TOOL, type Session } from '../session.ts';
import type { SessionStore } from '../session-store.ts';
import { createEndpoint, type ChatEndpoint } from './endpoint.ts';
import { CHAT_PROTOCOLS, CHAT_PROVIDERS, type ChatProvider } from './protocols.ts';

export interface ChatChoice {
  /** An id, the beginning of one, or a name; a new session where there is none. */
  readonly session?: string;
  readonly provider?: ChatProvider;
  readonly baseUrl?: string;
  readonly model?: string;
  readonly systemPrompt?: string;
  readonly name?: string;
  /** Of a file that was named; goes before the environment's. */
  readonly key?: string;
}

export interface OpenChat {
  readonly session: Session;
  readonly endpoint: ChatEndpoint;
  readonly model: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Finds or makes the session. What is not said now is as it was last, then as the environment says.
 * @throws AppError USAGE_INVALID, SESSION_NOT_FOUND, SESSION_AMBIGUOUS; nothing was made then
 */
export async function openChat(store: SessionStore, choice: ChatChoice, env: Environment): Promise<OpenChat> {
  const before = choice.session === undefined ? null : await store.get(choice.session);
  if (before !== null && before.tool !== CHAT_TOOL)
    throw new AppError('USAGE_INVALID', `This session belongs to ${before.tool}.`, {
      hint: 'Go on with it there: `cairn sessions resume`.',
    });
  const provider = choice.provider ?? toProvider(before?.provider) ?? guessProvider(env);
  const protocol = CHAT_PROTOCOLS[provider];
  const isSameProvider = before === null || before.provider === provider;
  const { baseUrl } = before?.details ?? {};
  const earlier = isSameProvider && typeof baseUrl === 'string' ? baseUrl : undefined;
  const address = choice.baseUrl ?? earlier ?? nonEmpty(env[protocol.baseUrlVariable]);
  const endpoint = createEndpoint(provider, address, choice.key ?? nonEmpty(env[protocol.keyVariable]) ?? null);
  const model = choice.model ?? before?.model ?? nonEmpty(env['CAIRN_CHAT_MODEL']);
  if (model === undefined || model === null)
    throw new AppError('USAGE_INVALID', 'No model was named.', { hint: 'Give --model, or set $CAIRN_CHAT_MODEL.' });
  const { session: saved } = await store.create({
    tool: CHAT_TOOL,
    ...(before === null ? {} : { externalId: before.externalId }),
    provider,
    model,
    details: { ...before?.details, ...(address === undefined ? {} : { baseUrl: endpoint.baseUrl }) },
    ...(choice.systemPrompt === undefined ? {} : { systemPrompt: choice.systemPrompt }),
    ...(choice.name === undefined ? {} : { name: choice.name }),
  });
  return { session: await store.get(saved.id), endpoint, model };
}

function toProvider(text: string | null | undefined): ChatProvider | undefined {
  return CHAT_PROVIDERS.find((provider) => provider === text);
}

/** The one whose key is there, the first where both are or none is. */
function guessProvider(env: Environment): ChatProvider {
  const withKey = CHAT_PROVIDERS.find((provider) => nonEmpty(env[CHAT_PROTOCOLS[provider].keyVariable]) !== undefined);
  return withKey ?? 'openai';
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === undefined || text.trim() === '' ? undefined : text.trim();
}
