// Questions on a terminal, without readline: what is typed stays in no history, a password is not echoed, and the answer to the
// next question may be pasted together with this one. Questions go to stderr, so that stdout stays the result's.

import { StringDecoder } from 'node:string_decoder';

import { AppError } from '../../shared/model/app-error.ts';
import { DEFAULT_WIDTH, widthOf, type TextStream } from '../output.ts';
import { wrapText } from '../format/table.ts';
import { LineEditor } from './line-editor.ts';

/** Longer lines are hard to read. */
const MAX_LINE_WIDTH = 100;

/** The part of stdin that is used. */
export interface PromptInput {
  readonly isTTY?: boolean | undefined;
  setRawMode?(isRaw: boolean): unknown;
  on(event: 'data', listener: (bytes: Buffer) => void): unknown;
  on(event: 'end', listener: () => void): unknown;
  off(event: 'data', listener: (bytes: Buffer) => void): unknown;
  off(event: 'end', listener: () => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

export interface AskOptions {
  /** Nothing of the answer is shown, not even its length. */
  readonly isHidden?: boolean;
}

export interface Prompter {
  /** Asks for one line. @throws AppError CANCELLED on Ctrl-C, Ctrl-D, a closed terminal, or the signal */
  ask(question: string, options?: AskOptions): Promise<string>;
  /** Asks for yes or no; an empty answer is the default, anything else is asked again. */
  confirm(question: string, options: { readonly isDefaultYes: boolean }): Promise<boolean>;
  /** Prints a paragraph between questions, broken into lines that fit. */
  say(line: string): void;
}

/** Gives a prompter, or null where nobody can be asked. */
export function createPrompter(input: PromptInput, output: TextStream, signal: AbortSignal): Prompter | null {
  if (input.isTTY !== true || output.isTTY !== true || input.setRawMode === undefined) return null;
  return new TerminalPrompter(input, output, signal);
}

class TerminalPrompter implements Prompter {
  readonly #input: PromptInput;
  readonly #output: TextStream;
  readonly #signal: AbortSignal;
  /** Typed or pasted ahead of the next question. */
  #ahead = '';

  constructor(input: PromptInput, output: TextStream, signal: AbortSignal) {
    this.#input = input;
    this.#output = output;
    this.#signal = signal;
  }

  say(line: string): void {
    // Wrapping counts letters, not colours: a line that has any is short.
    const width = Math.min(widthOf(this.#output) ?? DEFAULT_WIDTH, MAX_LINE_WIDTH);
    const lines = line.includes('\x1b') ? [line] : wrapText(line, width);
    this.#output.write(`${lines.join('\n')}\n`);
  }

  async confirm(question: string, options: { readonly isDefaultYes: boolean }): Promise<boolean> {
    const choices = options.isDefaultYes ? '[Y/n]' : '[y/N]';
    for (;;) {
      const answer = (await this.ask(`${question} ${choices} `)).trim().toLowerCase();
      if (answer === '') return options.isDefaultYes;
      if (answer === 'y' || answer === 'yes') return true;
      if (answer === 'n' || answer === 'no') return false;
      this.say('Please answer y or n.');
    }
  }

  async ask(question: string, options: AskOptions = {}): Promise<string> {
    if (this.#signal.aborted) throw cancelled();
    const isHidden = options.isHidden === true;
    const editor = new LineEditor();
    const draw = (): void => {
      this.#output.write(`\r\x1b[K${question}${isHidden ? '' : editor.text}`);
    };
    draw();
    const feed = (text: string): boolean => {
      this.#ahead = editor.feed(text);
      if (editor.state === 'open' && !isHidden) draw();
      return editor.state !== 'open';
    };
    if (!feed(this.#ahead)) await this.#read(feed);
    if (editor.state === 'cancelled') this.#ahead = '';
    else if (!isHidden) draw();
    this.#output.write('\n');
    if (editor.state === 'cancelled') throw cancelled();
    return editor.text;
  }

  /** Reads until `feed` says that it is enough; the terminal is as before afterwards, however it ends. */
  async #read(feed: (text: string) => boolean): Promise<void> {
    const input = this.#input;
    const decoder = new StringDecoder('utf8');
    const finished = Promise.withResolvers<void>();
    const onData = (bytes: Buffer): void => {
      if (feed(decoder.write(bytes))) finished.resolve();
    };
    const onStop = (): void => finished.reject(cancelled());
    input.on('data', onData);
    input.on('end', onStop);
    this.#signal.addEventListener('abort', onStop, { once: true });
    input.setRawMode?.(true);
    input.resume();
    try {
      await finished.promise;
    } catch (error) {
      this.#output.write('\n');
      throw error;
    } finally {
      input.pause();
      input.setRawMode?.(false);
      input.off('data', onData);
      input.off('end', onStop);
      this.#signal.removeEventListener('abort', onStop);
    }
  }
}

function cancelled(): AppError {
  return new AppError('CANCELLED', 'Cancelled.', { isRetryable: true });
}
