import { EventEmitter } from 'node:events';

import { describe, expect, it } from 'vitest';

import { createPrompter } from '../../../src/cli/terminal/prompter.ts';

class Terminal extends EventEmitter {
  readonly isTTY = true;
  isRaw = false;
  written = '';

  setRawMode(isRaw: boolean): void {
    this.isRaw = isRaw;
  }

  resume(): void {
    // always flows
  }

  pause(): void {
    // always flows
  }

  write(text: string | Uint8Array): void {
    this.written += String(text);
  }

  type(text: string): void {
    this.emit('data', Buffer.from(text));
  }
}

function openTerminal() {
  const terminal = new Terminal();
  const stop = new AbortController();
  const prompter = createPrompter(terminal, terminal, stop.signal);
  if (prompter === null) throw new Error('a terminal can be asked');
  return { terminal, stop, prompter };
}

describe('createPrompter()', () => {
  it('gives nobody to ask where stdin or stderr is no terminal', () => {
    const terminal = new Terminal();
    const pipe = { write: () => undefined };

    const signal = new AbortController().signal;

    expect(createPrompter(terminal, pipe, signal)).toBeNull();
    expect(createPrompter(Object.assign(new Terminal(), { isTTY: false }), terminal, signal)).toBeNull();
  });

  it('never shows a hidden answer, not even its length', async () => {
    const { terminal, prompter } = openTerminal();

    const answer = prompter.ask('Password: ', { isHidden: true });
    terminal.type('secret\x7fT\r');

    expect(await answer).toBe('secreT');
    expect(terminal.written).toBe('\r\x1b[KPassword: \n');
  });

  it('keeps what was typed ahead for the next question', async () => {
    const { terminal, prompter } = openTerminal();

    const first = prompter.ask('One: ');
    terminal.type('a\rb\r');

    expect([await first, await prompter.ask('Two: ')]).toEqual(['a', 'b']);
  });

  it('puts a letter together that comes in two parts', async () => {
    const { terminal, prompter } = openTerminal();
    const bytes = Buffer.from('é\r');

    const answer = prompter.ask('? ');
    terminal.emit('data', bytes.subarray(0, 1));
    terminal.emit('data', bytes.subarray(1));

    expect(await answer).toBe('é');
  });

  it.each([
    ['Ctrl-C', (terminal: Terminal) => terminal.type('abc\x03')],
    ['a terminal that closes', (terminal: Terminal) => terminal.emit('end')],
    ['the signal', (_terminal: Terminal, stop: AbortController) => stop.abort()],
  ])('ends with CANCELLED and the terminal as before on %s', async (_name, end) => {
    const { terminal, stop, prompter } = openTerminal();

    const answer = prompter.ask('? ');
    const wasRaw = terminal.isRaw;
    end(terminal, stop);

    await expect(answer).rejects.toMatchObject({ code: 'CANCELLED' });
    expect([wasRaw, terminal.isRaw, terminal.listenerCount('data'), terminal.listenerCount('end')]).toEqual([
      true,
      false,
      0,
      0,
    ]);
  });

  it('asks again until the answer is yes or no', async () => {
    const { terminal, prompter } = openTerminal();

    const answer = prompter.confirm('Sure?', { isDefaultYes: true });
    terminal.type('maybe\rNO\r');

    expect(await answer).toBe(false);
    expect(terminal.written).toContain('Please answer y or n.');
  });
});
