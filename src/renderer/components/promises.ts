// What Cairn promises, in the words of docs/threat-model.md: said in more than one place, and the same in each.

export const NEVER_CAPTURED =
  'environment variables, cookies, form data, private windows, keystrokes, the clipboard, pictures of the screen';

export const NOTHING_LEAVES =
  'Nothing leaves this machine until you sign in to a server for sync or publishing. Cairn sends no telemetry and makes no other network connection.';
