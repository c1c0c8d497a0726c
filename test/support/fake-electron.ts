// Electron as far as the shell uses it, without its binary: what was asked of it is kept, and a test plays the system.

import { EventEmitter } from 'node:events';

import type { ElectronApi } from '../../src/main/electron-api.ts';

type Handler = (...values: never[]) => unknown;

export class FakeContents extends EventEmitter {
  readonly posted: { readonly channel: string; readonly ports: readonly unknown[] }[] = [];
  mainFrame = { url: 'app://cairn/', origin: 'app://cairn', parent: null };
  windowOpenHandler: ((details: { url: string }) => { action: string }) | null = null;

  setWindowOpenHandler(handler: (details: { url: string }) => { action: string }): void {
    this.windowOpenHandler = handler;
  }

  postMessage(channel: string, _message: unknown, ports: readonly unknown[]): void {
    this.posted.push({ channel, ports });
  }
}

export class FakeWindow extends EventEmitter {
  static all: FakeWindow[] = [];
  readonly options: Readonly<Record<string, unknown>>;
  readonly webContents = new FakeContents();
  readonly loaded: string[] = [];
  isShown = false;
  isDestroyed = false;
  isMaximised = false;
  isProtected = false;

  constructor(options: Readonly<Record<string, unknown>>) {
    super();
    this.options = options;
    FakeWindow.all.push(this);
  }

  async loadURL(url: string): Promise<void> {
    this.loaded.push(url);
  }
  show(): void {
    this.isShown = true;
  }
  focus(): void {}
  restore(): void {}
  maximize(): void {
    this.isMaximised = true;
  }
  setContentProtection(isOn: boolean): void {
    this.isProtected = isOn;
  }
  isFocused(): boolean {
    return this.isShown;
  }
  isMinimized(): boolean {
    return false;
  }
  isMaximized(): boolean {
    return this.isMaximised;
  }
  getNormalBounds(): object {
    return { x: 10, y: 20, width: 900, height: 700 };
  }
  destroy(): void {
    this.isDestroyed = true;
    this.emit('closed');
  }
}

/** One end of a channel; what is posted arrives at the other once that was started. */
export class FakePort extends EventEmitter {
  other: FakePort | null = null;
  isStarted = false;
  isClosed = false;

  start(): void {
    this.isStarted = true;
  }
  postMessage(data: unknown): void {
    this.other?.emit('message', { data });
  }
  close(): void {
    this.isClosed = true;
    this.other?.emit('close');
  }
}

export class FakeChannel {
  readonly port1 = new FakePort();
  readonly port2 = new FakePort();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}

export interface FakeNotice {
  readonly options: { readonly title: string; readonly body: string };
  readonly events: EventEmitter;
}

/** A menu entry as it was built. */
export interface FakeMenuItem {
  readonly label?: string;
  readonly enabled?: boolean;
  readonly click?: () => void;
  readonly submenu?: readonly FakeMenuItem[];
}

class FakeSession extends EventEmitter {
  readonly handlers = new Map<string, Handler>();
  readonly protocol = {
    handle: (scheme: string, handler: Handler) => this.handlers.set(`protocol ${scheme}`, handler),
  };
  readonly webRequest = { onBeforeRequest: (handler: Handler) => this.handlers.set('request', handler) };
  isSpellChecking = true;

  setPermissionRequestHandler = (handler: Handler) => this.handlers.set('permission-request', handler);
  setPermissionCheckHandler = (handler: Handler) => this.handlers.set('permission-check', handler);
  setDevicePermissionHandler = (handler: Handler) => this.handlers.set('device', handler);
  setDisplayMediaRequestHandler = (handler: Handler) => this.handlers.set('display-media', handler);
  setBluetoothPairingHandler = (handler: Handler) => this.handlers.set('bluetooth', handler);
  setSpellCheckerEnabled(isOn: boolean): void {
    this.isSpellChecking = isOn;
  }
}

class FakeApp extends EventEmitter {
  isPackaged = true;
  hasLock = true;
  quits = 0;
  loginItem: { openAtLogin: boolean; wasOpenedAtLogin?: boolean } = { openAtLogin: false };

  requestSingleInstanceLock(): boolean {
    return this.hasLock;
  }
  quit(): void {
    let isPrevented = false;
    this.emit('before-quit', { preventDefault: () => (isPrevented = true) });
    if (!isPrevented) this.quits += 1;
  }
  getLoginItemSettings(): FakeApp['loginItem'] {
    return this.loginItem;
  }
  setLoginItemSettings(settings: { openAtLogin: boolean }): void {
    this.loginItem = settings;
  }
}

/** Everything that a test can look at or play. */
export interface FakeElectron {
  readonly api: ElectronApi;
  readonly app: FakeApp;
  readonly session: FakeSession;
  readonly partitions: { readonly name: string; readonly options: unknown }[];
  readonly windows: readonly FakeWindow[];
  readonly notices: FakeNotice[];
  readonly power: EventEmitter & { idleSeconds: number };
  readonly shortcuts: Map<string, () => void>;
  /** Shortcuts that another program holds. */
  readonly takenShortcuts: Set<string>;
  /** What the next dialogs are answered with: the number of a button. */
  readonly answers: number[];
  readonly dialogs: { readonly message: string }[];
  /** What the dialogs for files were asked for, and what the next ones are answered with. */
  readonly fileDialogs: { readonly properties: readonly string[] }[];
  readonly chosenFiles: string[];
  readonly tray: { menu: readonly FakeMenuItem[]; tip: string; picture: string };
  readonly schemes: unknown[];
  applicationMenu: readonly FakeMenuItem[];
  displays: { workArea: { x: number; y: number; width: number; height: number } }[];
}

export function makeFakeElectron(): FakeElectron {
  FakeWindow.all = [];
  const power = Object.assign(new EventEmitter(), { idleSeconds: 0, getSystemIdleTime: () => power.idleSeconds });
  const fake: Omit<FakeElectron, 'api'> = {
    app: new FakeApp(),
    session: new FakeSession(),
    partitions: [],
    windows: FakeWindow.all,
    notices: [],
    power,
    shortcuts: new Map(),
    takenShortcuts: new Set(),
    answers: [],
    dialogs: [],
    fileDialogs: [],
    chosenFiles: [],
    tray: { menu: [], tip: '', picture: '' },
    schemes: [],
    applicationMenu: [],
    displays: [{ workArea: { x: 0, y: 0, width: 1_920, height: 1_080 } }],
  };
  class FakeTray extends EventEmitter {
    constructor(picture: { path: string }) {
      super();
      this.setImage(picture);
    }
    setImage({ path }: { path: string }): void {
      fake.tray.picture = path;
    }
    setToolTip(tip: string): void {
      fake.tray.tip = tip;
    }
    setContextMenu(menu: { items: readonly FakeMenuItem[] }): void {
      fake.tray.menu = menu.items;
    }
  }
  class FakeNotification extends EventEmitter {
    static isSupported(): boolean {
      return true;
    }
    readonly options: FakeNotice['options'];
    constructor(options: FakeNotice['options']) {
      super();
      this.options = options;
    }
    show(): void {
      fake.notices.push({ options: this.options, events: this });
    }
  }
  const api = {
    app: fake.app,
    BrowserWindow: FakeWindow,
    dialog: {
      showMessageBox: async (options: { message: string }) => {
        fake.dialogs.push(options);
        return { response: fake.answers.shift() ?? 1 };
      },
      showOpenDialog: async (...given: readonly unknown[]) => {
        fake.fileDialogs.push(given.at(-1) as FakeElectron['fileDialogs'][number]);
        const chosen = fake.chosenFiles.shift();
        return { canceled: chosen === undefined, filePaths: chosen === undefined ? [] : [chosen] };
      },
    },
    globalShortcut: {
      register: (name: string, callback: () => void) => {
        if (fake.takenShortcuts.has(name)) return false;
        fake.shortcuts.set(name, callback);
        return true;
      },
      unregister: (name: string) => fake.shortcuts.delete(name),
    },
    Menu: {
      buildFromTemplate: (items: readonly FakeMenuItem[]) => ({ items }),
      setApplicationMenu: (menu: { items: readonly FakeMenuItem[] }) => {
        fake.applicationMenu = menu.items;
      },
    },
    MessageChannelMain: FakeChannel,
    nativeImage: { createFromPath: (path: string) => ({ path }) },
    Notification: FakeNotification,
    powerMonitor: power,
    protocol: { registerSchemesAsPrivileged: (schemes: unknown) => fake.schemes.push(schemes) },
    safeStorage: {},
    screen: { getAllDisplays: () => fake.displays },
    session: {
      fromPartition: (name: string, options: unknown) => {
        fake.partitions.push({ name, options });
        return fake.session;
      },
    },
    Tray: FakeTray,
  } as unknown as ElectronApi; // what the shell uses of it; each member is called as Electron's types say
  return Object.assign(fake, { api });
}
