// Who may import whom. Imports point down:
// http, graphql, jobs → inbox, reconciliation → capabilities → ledger, work, events, providers, routing, outbound → db → kernel.

const CAPABILITIES =
  '(organizations|catalog|customers|checkouts|payments|subscriptions|refunds|exchange|payouts|webhooks|accounting)'
const DOORS = '(http|graphql|jobs)'
const BACKGROUND = '(inbox|reconciliation)'
const GROUND = '(ledger|work|events|providers|routing|outbound)'
/** What the simulators share beside the files at their top. */
const SANDBOX_SHARED = '(?:pages)'
/** A provider's folder: every folder of providers/ but the port, which is ours. */
const ONE_PROVIDER = '^src/providers/(?!port/)[^/]+/'
/** The composition root and the commands: they alone may import from every room. */
const ROOT = '(main|app|config|secret-key|tracing)\\.ts|(app|commands)/'

function rooms(names) {
  return `^src/${names}/`
}

function forbid(name, comment, from, to) {
  return { name, comment, severity: 'error', from, to }
}

module.exports = {
  forbidden: [
    forbid(
      'no-cycles',
      'Files that need each other are one file.',
      {},
      {
        circular: true,
      },
    ),
    forbid(
      'kernel-is-the-ground',
      'The words that everyone shares know nobody.',
      { path: rooms('kernel') },
      {
        path: '^(src|test|bench)/',
        pathNot: rooms('kernel'),
      },
    ),
    forbid(
      'db-knows-no-business',
      'How PostgreSQL is reached does not depend on what is kept in it.',
      { path: rooms('db') },
      {
        path: '^src/',
        pathNot: rooms('(db|kernel)'),
      },
    ),
    forbid(
      'only-db-speaks-to-postgres',
      'Every connection is opened in db/, which gives it its session and hears of its loss.',
      { path: '^src/', pathNot: rooms('db') },
      { path: '^node_modules/(pg|@prisma/adapter-pg)(/|$)' },
    ),
    forbid(
      'ground-knows-no-verbs',
      'Ledger, work, events, providers, routing and outbound serve the capabilities and never ask them.',
      { path: rooms(GROUND) },
      {
        path: [rooms(CAPABILITIES), rooms(BACKGROUND), rooms(DOORS)],
      },
    ),
    forbid(
      'capabilities-know-no-doors',
      'What we can do does not depend on who asks.',
      { path: rooms(CAPABILITIES) },
      {
        path: [rooms(BACKGROUND), rooms(DOORS)],
      },
    ),
    forbid(
      'background-knows-no-doors',
      'Inbox and reconciliation do not depend on who asks.',
      { path: rooms(BACKGROUND) },
      { path: rooms(DOORS) },
    ),
    forbid(
      'graphql-stays-at-its-door',
      'Nothing outside graphql/ knows GraphQL.',
      { path: '^src/', pathNot: rooms('graphql') },
      {
        path: '^node_modules/(graphql|@pothos|@envelop|@graphql-yoga|graphql-yoga|graphql-ws)(/|$)',
      },
    ),
    forbid(
      'providers-are-strangers',
      'One provider never imports another.',
      { path: '^src/providers/(?!port/)([^/]+)/' },
      {
        path: ONE_PROVIDER,
        pathNot: '^src/providers/$1/',
      },
    ),
    forbid(
      'a-provider-keeps-its-words',
      'A provider’s folder is entered by its index, and only from the composition root.',
      {
        path: '^src/',
        pathNot: [`^src/(${ROOT})`, rooms('providers')],
      },
      { path: ONE_PROVIDER },
    ),
    forbid(
      'only-the-list-names-providers',
      'The port and its helpers do not know who implements them.',
      {
        path: '^src/providers/(port/)?[^/]+\\.ts$',
        pathNot: '^src/providers/providers\\.ts$',
      },
      { path: ONE_PROVIDER },
    ),
    forbid(
      'providers-keep-no-data',
      'An adapter translates; it reads and writes no tables.',
      { path: '^src/providers/[^/]+/' },
      {
        path: rooms('(db|ledger|events)'),
      },
    ),
    forbid(
      'sandbox-is-outside',
      'The simulators are other people’s servers: they share only words with us.',
      { path: rooms('sandbox') },
      {
        path: '^src/',
        pathNot: rooms('(sandbox|kernel)'),
      },
    ),
    forbid(
      'simulators-are-strangers',
      'One simulator never imports another.',
      { path: `^src/sandbox/(?!${SANDBOX_SHARED})([^/]+)/` },
      {
        path: '^src/sandbox/[^/]+/',
        pathNot: `^src/sandbox/(${SANDBOX_SHARED}|$1)/`,
      },
    ),
    forbid(
      'only-app-plays',
      'Only the composition root and the list of providers know that the outside world can be played.',
      {
        path: '^src/',
        pathNot: ['^src/app\\.ts$', '^src/providers/providers\\.ts$', rooms('(app|sandbox)')],
      },
      { path: rooms('sandbox') },
    ),
    forbid(
      'nobody-imports-the-root',
      'The composition root is where imports end.',
      { path: '^src/', pathNot: `^src/(${ROOT})` },
      {
        path: `^src/(${ROOT})`,
      },
    ),
    forbid(
      'no-test-code-in-the-product',
      'What ships does not know its tests.',
      { path: '^src/' },
      { path: '^(test|bench|scripts|examples)/' },
    ),
    forbid(
      'no-development-dependency',
      'What ships needs only what is installed with it.',
      { path: '^src/' },
      {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
      },
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^src/db/generated/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
}
