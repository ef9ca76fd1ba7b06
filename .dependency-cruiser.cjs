/** Which way imports may point. A violation names the rule; `comment` says what the rule protects. */
const deny = (name, from, to, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: from },
  to: { path: to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'domain-is-pure',
      severity: 'error',
      comment: 'The domain imports nothing but itself: no SDK, no node built-ins, no libraries.',
      from: { path: '^shared/domain/' },
      to: { pathNot: '^shared/domain/' },
    },
    {
      name: 'ports-speak-domain',
      severity: 'error',
      comment: 'Ports are written in our words: no SDK type crosses them.',
      from: { path: '^shared/ports/' },
      to: { pathNot: '^shared/(ports|domain)/' },
    },
    {
      name: 'use-cases-see-ports',
      severity: 'error',
      comment: 'Use cases see ports and domain, nothing else.',
      from: { path: '^shared/use-cases/' },
      to: { pathNot: '^shared/(use-cases|ports|domain)/' },
    },
    deny(
      'documents-only-in-scheduled-scaling',
      '^(functions|shared/(use-cases|aws|ports|domain))/|^shared/runtime/(?!policy-library)',
      '^shared/documents/',
      'Only scheduled-scaling bundles the document grammar and time zones.',
    ),
    deny(
      'policy-library-only-in-scheduled-scaling',
      '^(?!shared/runtime/scheduled-scaling-ports|cli/|test/)',
      '^shared/runtime/policy-library',
      'Of the functions, only scheduled-scaling bundles the document grammar and time zones.',
    ),
    deny(
      'no-yaml-or-holidays-in-functions',
      '^(functions|shared/(use-cases|runtime|aws|domain|ports))/',
      '^shared/documents/(yaml|holidays)|node_modules/(yaml|date-holidays)/',
      'YAML and holidays are compiled by the CLI, never in a Lambda.',
    ),
    deny(
      'documents-see-domain',
      '^shared/documents/',
      '^shared/(aws|ports|use-cases|runtime)/|^(functions|simulator|rehearsal|cli|report)/',
      'Documents compile to domain values.',
    ),
    deny(
      'adapters-see-ports',
      '^shared/aws/',
      '^shared/(use-cases|runtime|documents)/|^(functions|simulator|rehearsal|cli|report)/',
      'Adapters implement ports.',
    ),
    {
      name: 'sdk-only-in-adapters',
      severity: 'error',
      comment: 'SDK types live in shared/aws and the composition root.',
      from: { path: '^(functions|shared)/', pathNot: '^shared/(aws|runtime)/' },
      to: { path: 'node_modules/@(aws-sdk|smithy)/' },
    },
    deny(
      'runtime-composes',
      '^shared/runtime/',
      '^(functions|simulator|rehearsal|cli|report)/',
      'The composition root knows adapters and use cases.',
    ),
    deny(
      'functions-are-thin',
      '^functions/',
      '^shared/(aws|domain|documents)/|^(simulator|rehearsal|cli|report)/',
      'Handlers parse, call, report.',
    ),
    deny(
      'simulator-is-independent',
      '^simulator/',
      '^(shared|functions|rehearsal|cli|report)/',
      'The simulator must not agree with the mistakes of the product.',
    ),
    deny(
      'product-ignores-simulator',
      '^(shared|functions)/',
      '^(simulator|rehearsal|cli|report)/',
      'What is deployed knows nothing of rehearsals.',
    ),
    deny(
      'report-from-results',
      '^report/',
      '^(shared|functions|simulator|cli)/|^rehearsal/(?!result)',
      'Pictures are made from result types only.',
    ),
    deny('rehearsal-below-cli', '^rehearsal/', '^cli/', 'The CLI uses the rehearsal, not the reverse.'),
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(out|\\.aws-sam|\\.venv)/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
    },
  },
};
