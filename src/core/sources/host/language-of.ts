// Guesses a file's language from its name, so that a patch can be coloured. A wrong guess costs colours only.

const EXTENSIONS: Readonly<Record<string, string>> = {
  bash: 'bash sh zsh',
  c: 'c h',
  cpp: 'cc cpp cxx hh hpp hxx',
  csharp: 'cs',
  css: 'css',
  dart: 'dart',
  elixir: 'ex exs',
  fish: 'fish',
  go: 'go',
  graphql: 'gql graphql',
  haskell: 'hs',
  html: 'htm html',
  ini: 'cfg conf ini',
  java: 'java',
  javascript: 'cjs js mjs',
  json: 'json jsonc jsonl',
  jsx: 'jsx',
  kotlin: 'kt kts',
  less: 'less',
  lua: 'lua',
  markdown: 'markdown md mdx',
  nix: 'nix',
  perl: 'pl pm',
  php: 'php',
  python: 'py pyi',
  r: 'r',
  ruby: 'rb',
  rust: 'rs',
  scala: 'scala',
  scss: 'scss',
  sql: 'sql',
  svelte: 'svelte',
  swift: 'swift',
  terraform: 'tf tfvars',
  toml: 'toml',
  tsx: 'tsx',
  typescript: 'cts mts ts',
  vue: 'vue',
  xml: 'svg xml',
  yaml: 'yaml yml',
  zig: 'zig',
};
const LANGUAGES = new Map(
  Object.entries(EXTENSIONS).flatMap(([language, names]) => names.split(' ').map((name) => [name, language] as const)),
);
const WHOLE_NAMES = new Map([
  ['dockerfile', 'dockerfile'],
  ['makefile', 'makefile'],
]);

/** The language in lower case; empty where the name tells none. */
export function languageOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  const dot = name.lastIndexOf('.');
  return WHOLE_NAMES.get(name) ?? (dot < 0 ? undefined : LANGUAGES.get(name.slice(dot + 1))) ?? '';
}
