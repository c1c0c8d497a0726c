// Runs in the sandbox beside the page, before it.

import { ipcRenderer } from 'electron';

import { handOverPort } from './hand-over-port.ts';

handOverPort({ ipc: ipcRenderer, page: window });
