// A preview as plain text, for the clipboard.

import type { ItemView, Preview } from '../../../shared/contract/schemas.ts';
import { assertNever } from '../../../shared/model/app-error.ts';
import { flattenAttributes } from '../../components/items/flatten-attributes.ts';
import { commandsText } from './command-words.ts';
import { messageText, ROLE_NAMES } from '../../components/conversation/message-blocks.ts';
import { withoutStyles } from './terminal-text.ts';

export function previewText(preview: Preview, item: ItemView): string {
  switch (preview.type) {
    case 'terminal':
      return preview.text === '' ? factsText(item) : withoutStyles(preview.text);
    case 'conversation':
      return preview.messages
        .map(
          (message) =>
            `${ROLE_NAMES[message.role]}${message.at === undefined ? '' : ` (${message.at})`}:\n${messageText(message)}\n`,
        )
        .join('\n');
    case 'tab':
      return `${item.title}\n${preview.url}`;
    case 'document':
      return preview.text;
    case 'repository':
      return preview.files.map(({ path, patch }) => (patch === '' ? path : patch)).join('\n');
    case 'commands':
      return commandsText(preview.commands);
    case 'facts':
      return factsText(item);
    default:
      return assertNever(preview);
  }
}

function factsText({ attributes }: ItemView): string {
  return flattenAttributes(attributes)
    .map(({ name, value }) => `${name}: ${value}`)
    .join('\n');
}
