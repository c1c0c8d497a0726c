// The names that the extension, its manifest files and Cairn know each other by. They stand in resources/browser-extension too and must be the same.

/** The helper program, as the browsers' manifest files call it. */
export const HOST_NAME = 'dev.cairn.browser';
/** Follows from the key in the extension's manifest. */
export const CHROMIUM_EXTENSION_ID = 'agmllhcimmilhkinficnchmcnilinknm';
export const FIREFOX_EXTENSION_ID = 'browser@cairn.dev';
/** What the helper program and Cairn say to each other. */
export const PROTOCOL = 1;
