// `cairn chat`: asks a model and keeps what was said. The only command that speaks to another machine.

import { Option, type Command } from 'commander';

import { AppError } from '../../shared/model/app-error.ts';
import { toPlainLine } from '../../shared/text/sanitize-text.ts';
import { systemClock } from '../../core/clock.ts';
import { openChat, type ChatChoice } from '../../core/sessions/chat/chat-session.ts';
import { takeTurn, type ChatAnswer } from '../../core/sessions/chat/chat-turn.ts';
import { CHAT_PROVIDERS, type ChatProvider } from '../../core/sessions/chat/protocols.ts';
import { readRegularFile } from '../../core/sources/host/read-file.ts';
import { withVault, type Act, type CommandContext } from '../context.ts';
import type { OpenCore } from '../core.ts';
import { EXIT_DONE, type ExitCode } from '../exit-code.ts';
import { sessionDocument } from '../sessions/session-documents.ts';

const MAX_KEY_FILE_BYTES = 16 * 1024;
const MAX_MESSAGE_CHARACTERS = 1_000_000;

export interface ChatOptions {
  readonly session?: string;
  readonly provider?: ChatProvider;
  readonly baseUrl?: string;
  readonly model?: string;
  readonly system?: string;
  readonly name?: string;
  readonly keyFile?: string;
  /** False where `--no-stream` was given. */
  readonly stream?: boolean;
}

export function setupChat(command: Command, act: Act): void {
  command
    .argument('[message]', 'what to say; without it a terminal is asked, again and again')
    .option('--session <session>', 'go on with this session: its id, the beginning of it, or its name')
    .addOption(new Option('--provider <provider>', 'which language the server speaks').choices(CHAT_PROVIDERS))
    .option('--base-url <url>', 'the server (else as before, else from the environment)')
    .option('--model <model>', 'the model (else as before, else $CAIRN_CHAT_MODEL)')
    .option('--system <text>', 'what the model is told beforehand')
    .option('--name <name>', 'what the session is called')
    .option('--key-file <file>', 'the key (else $OPENAI_API_KEY or $ANTHROPIC_API_KEY)')
    .option('--no-stream', 'ask for the answer at once')
    .action((message: string | undefined, options: ChatOptions) =>
      act((context) => runChat(message, options, context)),
    );
}

export async function runChat(
  message: string | undefined,
  options: ChatOptions,
  context: CommandContext,
): Promise<ExitCode> {
  if (message === undefined && (context.prompter === null || context.out.isJson))
    throw new AppError('USAGE_INVALID', 'There is nothing to say.', { hint: 'Give a message.' });
  if (message !== undefined) assertMessage(message);
  const choice = toChoice(options);
  return withVault<ExitCode>(context, async (open) => {
    const chat = await openChat(open.sessions.store, choice, context.env);
    const say = async (text: string): Promise<ChatAnswer> => {
      const printer = new AnswerPrinter(context);
      const answer = await takeTurn(
        { store: open.sessions.store, clock: systemClock, endpoint: chat.endpoint },
        {
          sessionId: chat.session.id,
          model: chat.model,
          systemPrompt: chat.session.systemPrompt,
          text,
          isStreamed: options.stream !== false,
          signal: context.signal,
          onText: (piece) => printer.add(piece),
        },
      ).finally(() => printer.end());
      return answer;
    };
    if (message === undefined) {
      context.out.note(`Session ${chat.session.id}, ${toPlainLine(chat.model, 60)}. Ctrl-D ends it.`);
      await talk(context, say);
    } else {
      const answer = await say(message);
      context.out.result(await answerDocument(open, chat.session.id, answer), () => []);
    }
    await open.sessions.cleanUpByItself();
    return EXIT_DONE;
  });
}

/** Asks for lines until the terminal has no more. What fails is told, and the talk goes on. */
async function talk(context: CommandContext, say: (text: string) => Promise<ChatAnswer>): Promise<void> {
  for (;;) {
    const text = await context.prompter?.ask('> ').catch((error: unknown) => {
      if (error instanceof AppError && error.code === 'CANCELLED') return null;
      throw error;
    });
    if (text === null || text === undefined) return;
    if (text.trim() === '') continue;
    try {
      await say(text);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'CHAT_FAILED') throw error;
      context.out.warn(`${error.message} ${error.hint}`);
    }
  }
}

async function answerDocument(open: OpenCore, id: string, answer: ChatAnswer): Promise<object> {
  const session = await open.sessions.store.get(id);
  return {
    session: sessionDocument(session),
    message: { id: answer.messageId, role: 'assistant', content: answer.text },
  };
}

function toChoice({ session, provider, baseUrl, model, system, name, keyFile }: ChatOptions): ChatChoice {
  return {
    ...(session === undefined ? {} : { session }),
    ...(provider === undefined ? {} : { provider }),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(model === undefined ? {} : { model }),
    ...(system === undefined ? {} : { systemPrompt: system }),
    ...(name === undefined ? {} : { name }),
    ...(keyFile === undefined ? {} : { key: readKey(keyFile) }),
  };
}

function readKey(path: string): string {
  try {
    return readRegularFile(path, MAX_KEY_FILE_BYTES).toString('utf8').trim();
  } catch (error) {
    throw new AppError('USAGE_INVALID', 'The file of --key-file cannot be read.', {
      hint: 'Name a file that holds the key and nothing else.',
      cause: error,
    });
  }
}

function assertMessage(text: string): void {
  if (text.trim() !== '' && text.length <= MAX_MESSAGE_CHARACTERS) return;
  throw new AppError('USAGE_INVALID', 'The message is empty or too long.', { hint: 'Say less at once.' });
}

/** Prints an answer line by line as it comes: a model's words must not act on a terminal. */
class AnswerPrinter {
  readonly #context: CommandContext;
  #line = '';

  constructor(context: CommandContext) {
    this.#context = context;
  }

  add(text: string): void {
    this.#line += text;
    const lines = this.#line.split('\n');
    this.#line = lines.pop() ?? '';
    this.#print(lines);
  }

  end(): void {
    if (this.#line !== '') this.#print([this.#line]);
    this.#line = '';
  }

  #print(lines: readonly string[]): void {
    this.#context.out.lines(lines.map((line) => toPlainLine(line, 100_000)));
  }
}
