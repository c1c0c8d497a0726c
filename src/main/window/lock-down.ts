// What a page must never get, whatever runs in it: other addresses, windows, devices, permissions. Everything is refused, for every
// contents and the one session there is.

import type { Session, WebContents } from 'electron';

import { APP_ORIGIN, isOwnPage } from './own-page.ts';

/** Refuses navigation, windows, embedded pages and devices. */
export function lockDownContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-frame-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.on('select-bluetooth-device', (event, _devices, callback) => {
    event.preventDefault();
    callback('');
  });
}

/** Refuses permissions, devices, and every request that leaves the app. */
export function lockDownSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, callback) => callback(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.setDisplayMediaRequestHandler((_request, callback) => callback(null));
  session.setBluetoothPairingHandler((_details, callback) => callback({ confirmed: false }));
  session.setSpellCheckerEnabled(false);
  session.on('select-hid-device', (event, _details, callback) => {
    event.preventDefault();
    callback(null);
  });
  session.on('select-serial-port', (event, _ports, _contents, callback) => {
    event.preventDefault();
    callback('');
  });
  session.on('select-usb-device', (event, _details, callback) => {
    event.preventDefault();
    callback();
  });
  session.webRequest.onBeforeRequest(({ url }, callback) => {
    // The developer tools of an unpackaged app are pages of their own.
    const isAllowed = isOwnPage(url) || isOwnBlob(url) || url.startsWith('devtools://');
    callback({ cancel: !isAllowed });
  });
  session.on('will-download', (event, item) => {
    // The page may hand over what it made itself, such as a recovery sheet; the system asks where to.
    if (!isOwnBlob(item.getURL())) event.preventDefault();
  });
}

function isOwnBlob(address: string): boolean {
  return address.startsWith(`blob:${APP_ORIGIN}/`);
}
