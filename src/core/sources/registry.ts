// The sources that Cairn has, in the order in which their items are listed: multiplexers before plain shells, so that a pane is
// known as a pane; those that read other sources' paths run last by themselves.

import type { SourceId } from '../../shared/model/ids.ts';
import { createAiderSource } from './aider/aider-source.ts';
import { CHROMIUM_BROWSERS } from './chromium/chromium-browsers.ts';
import { createChromiumSource } from './chromium/chromium-source.ts';
import { createClaudeCodeSource } from './claude-code/claude-source.ts';
import { createClineSource } from './cline/cline-source.ts';
import { createCodexSource } from './codex/codex-source.ts';
import { createContinueSource } from './continue/continue-source.ts';
import { createClineExtensionSource } from './cline-extension/cline-extension-source.ts';
import { createCopilotChatSource } from './copilot-chat/copilot-chat-source.ts';
import { createCopilotSource } from './copilot-cli/copilot-source.ts';
import { createCursorSource } from './cursor/cursor-source.ts';
import { createFirefoxSource } from './firefox/firefox-source.ts';
import { createGeminiSource } from './gemini/gemini-source.ts';
import { createGitSource } from './git/git-source.ts';
import { createKittySource } from './kitty/kitty-source.ts';
import { createJetBrainsSource } from './jetbrains/jetbrains-source.ts';
import { createScreenSource } from './screen/screen-source.ts';
import { createShellHistorySource } from './shell-history/shell-history-source.ts';
import { createShellSource } from './shell/shell-source.ts';
import { createNeovimSource } from './neovim/neovim-source.ts';
import { createOpencodeSource } from './opencode/opencode-source.ts';
import type { Source } from './source.ts';
import { createTmuxSource } from './tmux/tmux-source.ts';
import { createVimSource } from './vim/vim-source.ts';
import { VS_CODE_PRODUCTS } from './vscode/vscode-products.ts';
import { createVsCodeSource } from './vscode/vscode-source.ts';
import { createWeztermSource } from './wezterm/wezterm-source.ts';
import { createZellijSource } from './zellij/zellij-source.ts';

/** Builds all sources; none reads anything before it is asked. */
export function createSources(): readonly Source[] {
  return [
    createTmuxSource(),
    createScreenSource(),
    createKittySource(),
    createZellijSource(),
    createWeztermSource(),
    createShellSource(),
    createShellHistorySource(),
    createFirefoxSource(),
    ...CHROMIUM_BROWSERS.map((browser) => createChromiumSource(browser)),
    createClaudeCodeSource(),
    createCodexSource(),
    createGeminiSource(),
    createCopilotSource(),
    createContinueSource(),
    createOpencodeSource(),
    createCopilotChatSource(),
    createClineExtensionSource(),
    createCursorSource(),
    createClineSource(),
    createAiderSource(),
    createNeovimSource(),
    createVimSource(),
    ...VS_CODE_PRODUCTS.map((product) => createVsCodeSource(product)),
    createJetBrainsSource(),
    createGitSource(),
  ];
}

/** The ids of these sources: what `sources.*` in the configuration may name. */
export function sourceIdsOf(sources: readonly Source[]): readonly SourceId[] {
  return sources.map(({ id }) => id);
}
