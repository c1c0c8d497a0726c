// The settings as the shell follows them: read anew when somebody changed them, here or from the command line. A file that cannot be
// read leaves those before in force.

import type { Config } from '../core/config/config.ts';
import type { ShellSession } from './shell-session.ts';

type Listener = (config: Config) => void;

export class SettingsWatch {
  readonly #session: ShellSession;
  readonly #listeners = new Set<Listener>();
  #config: Config | null = null;

  constructor(session: ShellSession) {
    this.#session = session;
    this.#read();
    session.on(({ type }) => {
      // Captures go on every 30 s, and a status with each: soon enough for what another process has written.
      if (type === 'settings.changed' || type === 'status') this.#read();
    });
  }

  /** Null where they could never be read: then everything that depends on them is off. */
  current(): Config | null {
    return this.#config;
  }

  /** Calls back at once where there are settings, and at each change; the result undoes it. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (this.#config !== null) listener(this.#config);
    return () => this.#listeners.delete(listener);
  }

  #read(): void {
    const config = readOrNull(this.#session);
    if (config === null || JSON.stringify(config) === JSON.stringify(this.#config)) return;
    this.#config = config;
    for (const listener of this.#listeners) listener(config);
  }
}

function readOrNull(session: ShellSession): Config | null {
  try {
    return session.readConfig();
  } catch {
    return null; // the status tells it
  }
}
