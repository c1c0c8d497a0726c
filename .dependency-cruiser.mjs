// Who imports whom (docs/architecture.md). Each rule's comment is its reason. test/tooling proves that every rule bites.

const only = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    only('no-cycles', 'A cycle has no order in which it can be understood or tested.', {}, { circular: true }),
    only(
      'shared-is-isomorphic',
      'src/shared runs in every process, the renderer included.',
      { path: '^src/shared/' },
      {
        pathNot:
          '^(src/shared/|zod$|node_modules/zod/|.*/node_modules/zod/|@orpc/contract$|.*/node_modules/@orpc/contract/)',
      },
    ),
    only(
      'core-knows-no-shell',
      'The core runs and is tested without Electron and without a display.',
      { path: '^src/core/' },
      { path: '^src/(main|preload|renderer|cli|server)/' },
    ),
    only(
      'nobody-imports-a-shell',
      'Shells are entries, not libraries.',
      { pathNot: '^src/(main|preload|renderer|cli)/' },
      { path: '^src/(main|preload|renderer|cli)/' },
    ),
    only(
      'shells-do-not-import-each-other',
      'What two shells share belongs to the core.',
      { path: '^src/(main|preload|renderer|cli)/' },
      { path: '^src/(main|preload|renderer|cli)/', pathNot: '^src/$1/' },
    ),
    only(
      'server-and-core-meet-in-tests',
      'The server must run without the core, and the core without the server.',
      { path: '^src/server/' },
      { path: '^src/core/' },
    ),
    only(
      'scanner-knows-rules-only',
      'Device and server search what is published with the same scanner: it belongs to neither.',
      { path: '^src/scanner/' },
      { path: '^src/', pathNot: '^src/(scanner|shared)/' },
    ),
    only(
      'secretlint-in-the-scanner',
      'Its messages hold the secrets it finds: one place sees to it that they go nowhere.',
      { pathNot: '^src/scanner/' },
      { path: '(^|/)@secretlint/' },
    ),
    only(
      'server-is-entered-once',
      'One command starts the server; no other program of ours may load it (docs/decisions/0024).',
      { path: '^src/', pathNot: '^src/(server/|cli/commands/server\\.[jt]s$)' },
      { path: '^src/server/' },
    ),
    only('nobody-imports-tests', 'Tests are not shipped.', { path: '^src/' }, { path: '^test/' }),
    only(
      'electron-in-its-shell',
      'What needs Electron cannot run on a server or in CI.',
      { pathNot: '^src/(main|preload)/' },
      { path: '(^|/)electron(/|$)' },
    ),
    only(
      'sqlite-in-the-vault',
      "One place owns the file format and its locks; one reads other programs' databases, and only reads.",
      { pathNot: '^(src/core/vault/|src/server/store/|src/core/sources/host/read-sqlite\\.[jt]s$)' },
      { path: '(^|/)better-sqlite3(/|$)' },
    ),
    only(
      'argon2-in-crypto',
      'Key derivation has one implementation with compiled-in floors.',
      { pathNot: '^(src/core/crypto/|src/server/)' },
      { path: '(^|/)argon2(/|$)' },
    ),
    only(
      'processes-in-sources',
      'Every child process is bounded in time and output by one helper.',
      { pathNot: '^src/core/sources/' },
      { path: '^(node:)?child_process$' },
    ),
    only(
      'crypto-knows-no-tables',
      'src/core/crypto knows bytes and keys, nothing else.',
      { path: '^src/core/crypto/' },
      { path: '^src/', pathNot: '^src/(core/crypto|shared)/' },
    ),
    only(
      'sources-know-no-vault',
      'A source reads a program; what becomes of it is not its business.',
      { path: '^src/core/sources/' },
      { path: '^src/core/', pathNot: '^src/core/(sources|system)/' },
    ),
    only(
      'vault-knows-crypto-only',
      'The vault stores what it is given.',
      { path: '^src/core/vault/' },
      { path: '^src/core/', pathNot: '^src/core/(vault|crypto|system)/' },
    ),
    only(
      'timeline-reads-the-vault',
      'The timeline is read-only and needs no source.',
      { path: '^src/core/timeline/' },
      { path: '^src/core/', pathNot: '^src/core/(timeline|vault)/' },
    ),
    only(
      'restore-over-sources-and-vault',
      'A restore plans over what was stored and asks sources to act.',
      { path: '^src/core/restore/' },
      { path: '^src/core/', pathNot: '^src/core/(system|restore|sources|vault)/' },
    ),
    only(
      'sessions-over-sources-and-vault',
      'Sessions are read where sources and vault have them; who shows them is not their business.',
      { path: '^src/core/sessions/' },
      { path: '^src/core/', pathNot: '^src/core/(sessions|sources|vault|clock|http)' },
    ),
    only(
      'capture-over-sources-and-vault',
      'Capturing reads sources and hands to the vault.',
      { path: '^src/core/capture/' },
      { path: '^src/core/', pathNot: '^src/core/(capture|sources|vault|config|clock)' },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(out|coverage)/' },
    moduleSystems: ['es6'],
    enhancedResolveOptions: {
      extensions: ['.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
    },
  },
};
