import { DescribeScalingPoliciesCommand } from '@aws-sdk/client-application-auto-scaling';
import { DescribeEndpointCommand, ListTagsCommand } from '@aws-sdk/client-sagemaker';
import { removeHold } from '../../../shared/use-cases/hold.ts';
import type { CallRecord } from '../../../simulator/contract.ts';
import { PREFIX } from '../product-runtime.ts';
import { type Account, ARN, NAME, TARGET } from './account.ts';
import type { Lanes, MadeCall } from './lanes.ts';

/** How long the world runs on before everything must have come to rest: shorter than a demand lasts. */
const REST_MINUTES = 8;
/** What no event told of is found by a sweep, a quarter of an hour later at the latest. */
const SWEEP_MINUTES = 17;

const isOk = ({ error }: CallRecord): boolean => error === undefined;
const isCall = ({ service, operation }: CallRecord, name: string): boolean => `${service}.${operation}` === name;

/** What must hold of the calls that were made, whatever came of them later. */
export function judgeCalls(account: Account, { made, failures }: Lanes): string[] {
  const problems = failures.map(String);
  problems.push(...doubleCreates(account.calls), ...brokenHistory(account.calls));
  made.forEach((call, index) => {
    if (isCall(call.record, 'SageMaker.DeleteEndpoint') && isOk(call.record) && isProduct(call.record))
      problems.push(...wrongDelete(account, made, index));
  });
  for (const { logType, ...line } of account.lines)
    if (logType === 'problem') problems.push(`a problem line: ${JSON.stringify(line).slice(0, 400)}`);
  return problems;
}

function isProduct({ caller }: CallRecord): boolean {
  return caller.kind === 'product';
}

function doubleCreates(calls: readonly CallRecord[]): string[] {
  const creates = calls.filter((call) => isCall(call, 'SageMaker.CreateEndpoint') && isOk(call) && isProduct(call));
  const generations = creates.map(({ input }) => generationOf(input.Tags));
  return generations
    .filter((generation, index) => generations.indexOf(generation) !== index)
    .map((generation) => `two endpoints were created with generation ${generation}`);
}

function generationOf(tags: readonly { Key: string; Value: string }[] = []): string | undefined {
  return tags.find(({ Key }) => Key === `${PREFIX}:wake`)?.Value;
}

interface StoredRecord {
  readonly version: number;
  readonly generation: number;
  readonly demand: readonly { readonly renewedAt: number }[];
}

function storedRecord({ input }: CallRecord): StoredRecord | undefined {
  if (input?.Item?.pk?.S !== 'fleet') return undefined;
  return { ...JSON.parse(input.Item.body.S), version: Number(input.Item.version.N) };
}

/** Each version of the record follows the one before, and no generation comes again. */
function brokenHistory(calls: readonly CallRecord[]): string[] {
  const problems: string[] = [];
  let last: StoredRecord | undefined;
  for (const call of calls) {
    if (call.service !== 'DynamoDB' || !isOk(call)) continue;
    if (call.operation === 'DeleteItem' && call.input?.Key?.pk?.S === 'fleet') last = undefined;
    const record = call.operation === 'PutItem' ? storedRecord(call) : undefined;
    if (record === undefined) continue;
    if (last !== undefined && record.version !== last.version + 1)
      problems.push(`version ${record.version} of the record was written over version ${last.version}`);
    if (last !== undefined && record.generation < last.generation)
      problems.push(`generation ${record.generation} came after ${last.generation}`);
    last = record;
  }
  return problems;
}

/** Everything that a run must have looked at since, in its own calls before the delete. */
function wrongDelete(account: Account, made: readonly MadeCall[], index: number): string[] {
  const call = made[index]!;
  const own = made.slice(0, index).filter(({ lane }) => lane === call.lane);
  const lastOf = (is: (record: CallRecord) => boolean) => own.filter(({ record }) => is(record)).at(-1)?.record;
  const described = lastOf((record) => isCall(record, 'SageMaker.DescribeEndpoint') && isOk(record));
  const problems: string[] = [];
  if (described === undefined) return ['deleted without a look at the endpoint'];
  const createdSince = account.calls.some(
    (other) =>
      isCall(other, 'SageMaker.CreateEndpoint') &&
      isOk(other) &&
      other.seq > described.seq &&
      other.seq < call.record.seq,
  );
  if (createdSince) problems.push('an incarnation was deleted that the run had not looked at');
  if (described.output?.EndpointStatus === 'Failed') return problems;
  const before = (seq: number | undefined, is: (record: CallRecord) => boolean) =>
    account.calls.some((other) => seq !== undefined && other.seq < seq && is(other) && isOk(other));
  const readBack = lastOf((record) => keyOf(record) === `recipe/${NAME}` && record.operation === 'GetItem');
  if (readBack === undefined) problems.push('deleted without a recipe that was read back');
  // The delete is noted first; the last look at the holds comes after that.
  const noted = lastOf((record) => isOk(record) && storedRecord(record) !== undefined);
  if (before(noted?.seq, (record) => record.operation === 'PutItem' && keyOf(record) === 'hold'))
    problems.push('deleted against a hold that was there to be read');
  const tagsRead = lastOf((record) => isCall(record, 'SageMaker.ListTags'));
  if (before(tagsRead?.seq, (record) => isCall(record, 'SageMaker.DeleteTags')))
    problems.push('deleted although it was not enrolled any more');
  const scalingRead = lastOf(({ operation }) => operation === 'DescribeScalingPolicies');
  const isBetween = ({ seq }: CallRecord) => seq > (scalingRead?.seq ?? 0) && seq < call.record.seq;
  if (account.calls.some((other) => isBetween(other) && isScalingWrite(other) && isProduct(other) && isOk(other)))
    problems.push('we changed the scaling between the last look at it and the delete');
  const known = own.flatMap(({ record }) =>
    isOk(record) && record.operation === 'PutItem' ? (storedRecord(record) ?? []) : [],
  );
  if ((known.at(-1)?.demand.length ?? 0) > 0) problems.push('deleted although the run knew of a demand');
  return problems;
}

const isScalingWrite = ({ operation }: CallRecord): boolean =>
  /^(Put|Delete)(ScalingPolicy|ScheduledAction)$/.test(operation);

function keyOf({ input }: CallRecord): string | undefined {
  return input?.Item?.pk?.S ?? input?.Key?.pk?.S;
}

/**
 * Names of the scaling policies that calls put and took away. What a person puts between a run's last look and its delete,
 * one call apart, goes with the endpoint: AWS knows no delete on a condition.
 */
function policiesOwed(calls: readonly CallRecord[]): ReadonlySet<string> {
  const owed = new Set<string>();
  let sinceLook = new Set<string>();
  for (const call of calls.filter(isOk)) {
    // A run notes its delete first and looks again then: what was put before the note must be seen.
    if (isProduct(call) && storedRecord(call) !== undefined) sinceLook = new Set();
    if (isCall(call, 'ApplicationAutoScaling.PutScalingPolicy') && !isProduct(call))
      sinceLook.add(call.input.PolicyName);
    if (isCall(call, 'SageMaker.DeleteEndpoint') && isProduct(call)) for (const name of sinceLook) owed.delete(name);
    if (isCall(call, 'ApplicationAutoScaling.PutScalingPolicy')) owed.add(call.input.PolicyName);
    if (isCall(call, 'ApplicationAutoScaling.DeleteScalingPolicy')) owed.delete(call.input.PolicyName);
    // Whoever deletes an endpoint of his own, or makes it anew without them, has done so himself.
    if (/^(Create|Delete)Endpoint$/.test(call.operation) && !isProduct(call)) owed.clear();
  }
  return owed;
}

/** Lets the world run on and answers what has not come to rest, or is lost. */
export async function judgeRest(account: Account): Promise<string[]> {
  const touched = await passHandsOff(account);
  await account.goOn(REST_MINUTES);
  if (!(await isAtRest(account))) await account.goOn(SWEEP_MINUTES - REST_MINUTES);
  const { store, aws } = account;
  const record = await store.get(NAME);
  const { status, policies, tags } = await look(account);
  const problems = [...touched];
  const isTagged = tags[`${PREFIX}:policy`] !== undefined;
  if (record === undefined) {
    if (status !== 'Absent' && isTagged) problems.push(`it is ${status} and enrolled, and there is no record`);
    return problems;
  }
  const now = aws.clock.now();
  if (!(await isAtRest(account)))
    problems.push(`after ${SWEEP_MINUTES} minutes the phase is ${record.phase} and the endpoint ${status}`);
  if (record.lease !== undefined && record.lease.until > now) problems.push('the lease is still held');
  const hold = (await store.holds())[0];
  const wanted =
    hold?.mode === 'up' || record.demand.some(({ source }) => source === 'request') || record.giveBack !== undefined;
  if (wanted && record.phase === 'parked') problems.push('it is wanted up and stays parked');
  const recipe = record.recipeVersion === undefined ? undefined : await store.readRecipe(NAME, record.recipeVersion);
  if (record.recipeVersion !== undefined && recipe === undefined) problems.push('the recipe is lost');
  if (recipe === 'unreadable') return [...problems, 'the recipe cannot be read'];
  const kept =
    record.phase === 'parked'
      ? new Set(recipe?.targets.flatMap((target) => target.policies.map(({ name }) => name)))
      : policies;
  const isForgotten = record.giveBack !== undefined;
  for (const name of policiesOwed(account.calls))
    if (!kept.has(name) && !(isForgotten && name.startsWith(PREFIX)) && !isTold(account, name))
      problems.push(`scaling policy ${name} is lost`);
  return problems;
}

/** Under such a hold whatever is under way stays where it is; what was begun is ended after the hold, and judged then. */
async function passHandsOff(account: Account): Promise<string[]> {
  const { store, aws, calls } = account;
  if (!(await store.holds()).some(({ mode }) => mode === 'hands-off')) return [];
  const before = calls.length;
  await account.goOn(REST_MINUTES);
  const changes = calls
    .slice(before)
    .filter((call) => isProduct(call) && call.mutating && /^(SageMaker|ApplicationAutoScaling)$/.test(call.service));
  const announcer = { announce: () => undefined, flush: () => Promise.resolve() };
  const metrics = { backlog: () => Promise.reject(new Error('only a hold down looks at the queue')) };
  await removeHold({ fleet: store, announcer, metrics }, { endpoint: NAME, by: 'ada' }, aws.clock.now());
  return changes.map(({ service, operation }) => `${service}.${operation} under a hold hands-off`);
}

async function isAtRest(account: Account): Promise<boolean> {
  const phase = (await account.store.get(NAME))?.phase;
  const { status } = await look(account);
  return (
    phase === undefined || (phase === 'up' && status === 'InService') || (phase === 'parked' && status === 'Absent')
  );
}

/** A difference that somebody was told of is not lost. */
function isTold({ events }: Account, name: string): boolean {
  return events.some(({ detail }) => JSON.stringify(detail).includes(`${name}"`));
}

async function look({ people }: Account) {
  const absent = { status: 'Absent', policies: new Set<string>(), tags: {} as Record<string, string> };
  let status: string;
  try {
    status = (await people.sagemaker.send(new DescribeEndpointCommand({ EndpointName: NAME }))).EndpointStatus ?? '';
  } catch (error) {
    if (!String(error).includes('Could not find')) throw error;
    return absent;
  }
  const { ServiceNamespace, ResourceId } = TARGET;
  const { ScalingPolicies = [] } = await people.scaling.send(
    new DescribeScalingPoliciesCommand({ ServiceNamespace, ResourceId }),
  );
  const { Tags = [] } = await people.sagemaker.send(new ListTagsCommand({ ResourceArn: ARN }));
  return {
    status,
    policies: new Set(ScalingPolicies.map(({ PolicyName }) => PolicyName ?? '')),
    tags: Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value])) as Record<string, string>,
  };
}
