// The AI tools of the workspace, each speaking with a model of this process.

import { findAiProgram as findOnPath } from '../support/ai-program.ts';
import { startFakeChatServer } from '../support/fake-chat-server.ts';
import { startFakeGeminiServer } from '../support/fake-gemini-server.ts';
import { startFakeModelServer } from '../support/fake-model-server.ts';
import { startFakeOpenAiServer } from '../support/fake-openai-server.ts';
import type { FidelityWorkspace } from './fidelity-workspace.ts';
import type { PaneProgram } from './terminal-programs.ts';

const KEY = 'not-a-key-but-twenty-characters';
/** In every conversation: told from its transcript after the restore. */
const PROMPT = 'remember the word cormorant';

type Tool = (workspace: FidelityWorkspace, cwd: string) => Promise<PaneProgram>;

/** Program and how its conversation is begun. */
const TOOLS: Readonly<Record<string, Tool>> = {
  claude: setUpClaude,
  codex: setUpCodex,
  gemini: setUpGemini,
  opencode: setUpOpencode,
};

/** Makes the installed ones ready in the workspace; a folder for each, so that none answers for another. */
export async function setUpConversations(
  workspace: FidelityWorkspace,
): Promise<{ readonly programs: readonly PaneProgram[]; readonly missing: readonly string[] }> {
  const programs: PaneProgram[] = [];
  const missing: string[] = [];
  for (const [name, setUp] of Object.entries(TOOLS)) {
    const path = findOnPath(name);
    if (path === null) missing.push(name);
    else {
      workspace.addProgram(name, path);
      programs.push(await setUp(workspace, workspace.makeFolder('work', `with-${name}`)));
    }
  }
  return { programs, missing };
}

async function setUpClaude(workspace: FidelityWorkspace, cwd: string): Promise<PaneProgram> {
  const server = await startFakeModelServer();
  workspace.exportVariables({
    ANTHROPIC_BASE_URL: server.url,
    ANTHROPIC_API_KEY: KEY,
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_AUTOUPDATER: '1',
  });
  const settings = {
    hasCompletedOnboarding: true,
    theme: 'dark',
    customApiKeyResponses: { approved: [KEY.slice(-20)], rejected: [] },
    projects: { [cwd]: { hasTrustDialogAccepted: true, hasCompletedProjectOnboarding: true, allowedTools: [] } },
  };
  workspace.write('.claude.json', JSON.stringify(settings));
  return { name: 'claude', command: 'claude', shows: '❯', cwd, keys: say('Answer') };
}

async function setUpCodex(workspace: FidelityWorkspace, cwd: string): Promise<PaneProgram> {
  const server = await startFakeOpenAiServer();
  workspace.exportVariables({ FAKE_KEY: KEY });
  workspace.write(
    '.codex/config.toml',
    `model = "fake-model"
model_provider = "fake"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false
[model_providers.fake]
name = "Fake"
base_url = "${server.url}/v1"
env_key = "FAKE_KEY"
wire_api = "responses"
[projects."${cwd}"]
trust_level = "trusted"
[tui]
screen_reader_detection_done = true
`,
  );
  return { name: 'codex', command: 'codex', shows: 'Ask Codex', cwd, keys: say('• Answer') };
}

async function setUpGemini(workspace: FidelityWorkspace, cwd: string): Promise<PaneProgram> {
  const server = await startFakeGeminiServer();
  workspace.exportVariables({
    GEMINI_API_KEY: KEY,
    GOOGLE_GEMINI_BASE_URL: server.url,
    GEMINI_CLI_TRUST_WORKSPACE: 'true',
  });
  const settings = {
    general: { disableAutoUpdate: true, disableUpdateNag: true },
    security: { auth: { selectedType: 'gemini-api-key' } },
    privacy: { usageStatisticsEnabled: false },
  };
  workspace.write('.gemini/settings.json', JSON.stringify(settings));
  return { name: 'gemini', command: 'gemini', shows: 'Type your message', cwd, keys: say('✦ Answer') };
}

async function setUpOpencode(workspace: FidelityWorkspace, cwd: string): Promise<PaneProgram> {
  const server = await startFakeChatServer();
  workspace.exportVariables({ OPENCODE_DISABLE_AUTOUPDATE: '1', OPENCODE_DISABLE_MODELS_FETCH: '1' });
  const provider = {
    npm: '@ai-sdk/openai-compatible',
    options: { baseURL: `${server.url}/v1`, apiKey: KEY },
    models: { 'fake-model': { name: 'Fake' } },
  };
  const settings = { provider: { fake: provider }, model: 'fake/fake-model', small_model: 'fake/fake-model' };
  workspace.write('.config/opencode/opencode.json', JSON.stringify({ ...settings, share: 'disabled' }));
  return { name: 'opencode', command: 'opencode', shows: 'Ask anything', cwd, keys: say('Answer') };
}

/** Typed and sent apart: a fast return counts as pasted text. */
function say(answer: string): NonNullable<PaneProgram['keys']> {
  return [
    { press: ['-l', PROMPT], shows: PROMPT },
    { press: ['Enter'], shows: answer },
  ];
}
