/** A caller waits a minute, for compute to start and for the answer. */
const ANSWER_LIMIT_MS = 60_000;
const MEMORY_MB: readonly number[] = [1_024, 2_048, 3_072, 4_096, 5_120, 6_144];
const MEMORY_ALLOWED = `memory in MB for kind serverless: ${MEMORY_MB.join(', ')}`;
const OTHERS = [
  'instanceType',
  'pools',
  'instances',
  'variants',
  'whenAway',
  'components',
  'copies',
  'accelerators',
  'cpus',
];
const OWN = ['maxConcurrency', 'provisionedConcurrency', 'coldStart'];

interface Fields {
  readonly kind: string;
  readonly memoryMb?: number | undefined;
  readonly maxConcurrency?: number | undefined;
  readonly provisionedConcurrency?: number | undefined;
  readonly coldStart?: number | undefined;
  readonly serves?:
    | { readonly concurrent: number; readonly in: number; readonly streams?: boolean | undefined }
    | undefined;
}

/** What belongs to kind serverless alone, and what it does not have. */
export function checkServerless(endpoint: Fields, refuse: (field: string, message: string) => void): void {
  if (endpoint.kind !== 'serverless') {
    for (const field of OWN) if (field in endpoint) refuse(field, 'only for kind serverless');
    return;
  }
  for (const field of OTHERS) if (field in endpoint) refuse(field, 'not for kind serverless');
  const { memoryMb, maxConcurrency, provisionedConcurrency = 0, coldStart = 0, serves } = endpoint;
  if (memoryMb === undefined || !MEMORY_MB.includes(memoryMb)) refuse('memoryMb', MEMORY_ALLOWED);
  if (maxConcurrency === undefined) refuse('maxConcurrency', 'required for kind serverless: 1 to 200 requests at once');
  else if (provisionedConcurrency > maxConcurrency) refuse('provisionedConcurrency', 'at most maxConcurrency');
  if (serves === undefined) return;
  if (serves.concurrent !== 1 || serves.streams === true) {
    refuse('serves', '{ concurrent: 1, in: <duration> } for kind serverless: each request has compute of its own');
  }
  if (coldStart + serves.in > ANSWER_LIMIT_MS) {
    refuse('coldStart', 'together with serves.in at most 60s: no caller waits longer');
  }
}
