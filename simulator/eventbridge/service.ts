import type { BusEvent, CallContext, EpochMs, Kernel, Operation, SimulatedService } from '../contract.ts';
import { PRIORITY } from '../contract.ts';
import type { DeliveryPlan } from '../faults.ts';
import { parseEventPattern } from './pattern.ts';
import { checkBus, type Input, type Rule, RuleStore, type Target, validation } from './rules.ts';

type Envelope = Readonly<Record<string, unknown>>;

/** What the bus needs of the account around it. */
export interface BusSurroundings {
  /** Starts a function; false when the ARN is no deployed function (queues and topics: nothing here listens). */
  deliver(arn: string, payload: string): boolean;
  planDelivery(delivery: { tick: boolean; detailType: string }, now: EpochMs): DeliveryPlan;
}

const MAXIMUM_ENTRIES_BYTES = 256 * 1024;

/** EventBridge shows whole seconds. */
function isoSeconds(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** Size of a PutEvents entry as EventBridge counts it: 14 bytes for a given time, UTF-8 for the rest. */
function sizeOfEntry(entry: Input): number {
  let size = entry.Time === undefined ? 0 : 14;
  for (const text of [entry.Source, entry.DetailType, entry.Detail, ...(entry.Resources ?? [])]) {
    if (text !== undefined) size += Buffer.byteLength(text);
  }
  return size;
}

function missingArgument(name: string): { ErrorCode: string; ErrorMessage: string } {
  return {
    ErrorCode: 'InvalidArgument',
    ErrorMessage: `Parameter ${name} is not valid. Reason: ${name} is a required argument.`,
  };
}

interface EntryError {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}

function parseDetail(text: string): Record<string, unknown> | undefined {
  try {
    const detail: unknown = JSON.parse(text);
    const isObject = typeof detail === 'object' && detail !== null && !Array.isArray(detail);
    return isObject ? (detail as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function readEntry(entry: Input, context: CallContext): BusEvent | EntryError {
  for (const name of ['Source', 'DetailType', 'Detail']) {
    if (entry[name] === undefined || entry[name] === '') return missingArgument(name);
  }
  if (context.caller.kind !== 'service' && entry.Source.startsWith('aws.')) {
    return { ErrorCode: 'NotAuthorizedForSourceException', ErrorMessage: 'Not authorized for the source.' };
  }
  const detail = parseDetail(entry.Detail);
  if (detail === undefined) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  const time = entry.Time === undefined ? {} : { time: (entry.Time as Date).getTime() };
  return { source: entry.Source, detailType: entry.DetailType, detail, resources: entry.Resources ?? [], ...time };
}

/** `$.a.b` and `$`; the little of JSONPath that InputPath takes. */
function selectPath(event: Envelope, path: string): unknown {
  let value: unknown = event;
  for (const step of path.split('.').slice(1)) value = (value as Record<string, unknown> | null | undefined)?.[step];
  return value ?? null;
}

function payloadFor(target: Target, event: Envelope): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(selectPath(event, target.InputPath));
  return JSON.stringify(event);
}

/** The default bus: rules match, targets run. */
export class EventBus {
  readonly #kernel: Kernel;
  readonly #surroundings: BusSurroundings;
  readonly #listeners: ((event: Envelope) => void)[] = [];
  readonly rules: RuleStore;

  constructor(kernel: Kernel, surroundings: BusSurroundings) {
    this.#kernel = kernel;
    this.#surroundings = surroundings;
    this.rules = new RuleStore(kernel, (rule, at) => this.#fireSchedule(rule, at));
  }

  onEvent(listener: (event: Envelope) => void): void {
    this.#listeners.push(listener);
  }

  #envelope(event: BusEvent): Envelope {
    return {
      version: '0',
      id: this.#kernel.uuid('event'),
      'detail-type': event.detailType,
      source: event.source,
      account: this.#kernel.accountId,
      time: isoSeconds(event.time ?? this.#kernel.clock.now()),
      region: this.#kernel.region,
      resources: event.resources ?? [],
      // Through JSON, as on the wire: later changes of the sender's object must not show in the event.
      detail: JSON.parse(JSON.stringify(event.detail)),
    };
  }

  /** Puts an event on the bus and returns its id. */
  put(event: BusEvent): string {
    const envelope = this.#envelope(event);
    for (const listener of this.#listeners) listener(envelope);
    const deliveries: { arn: string; payload: string }[] = [];
    for (const rule of this.rules.all()) {
      if (rule.state !== 'ENABLED' || rule.pattern?.matches(envelope) !== true) continue;
      for (const target of rule.targets.values()) {
        deliveries.push({ arn: target.Arn, payload: payloadFor(target, envelope) });
      }
    }
    this.#deliverAll(deliveries, { tick: false, detailType: event.detailType });
    return envelope['id'] as string;
  }

  #fireSchedule(rule: Rule, at: EpochMs): void {
    const envelope = this.#envelope({
      source: 'aws.events',
      detailType: 'Scheduled Event',
      resources: [rule.arn],
      detail: {},
      time: at,
    });
    const deliveries = [...rule.targets.values()].map((target) => ({
      arn: target.Arn,
      payload: payloadFor(target, envelope),
    }));
    this.#deliverAll(deliveries, { tick: true, detailType: 'Scheduled Event' });
  }

  #deliverAll(
    deliveries: readonly { arn: string; payload: string }[],
    kind: { tick: boolean; detailType: string },
  ): void {
    // A fault on an event that nobody listens to takes no effect, so it is not asked for.
    if (deliveries.length === 0) return;
    const now = this.#kernel.clock.now();
    const plan = this.#surroundings.planDelivery(kind, now);
    for (let copy = 0; copy < plan.copies; copy += 1) {
      for (const { arn, payload } of deliveries) {
        const delivered = plan.alter(payload);
        this.#kernel.clock.at(now + plan.delayMs(), PRIORITY.delivery, () =>
          this.#surroundings.deliver(arn, delivered),
        );
      }
    }
  }
}

function createPutEvents(kernel: Kernel, bus: EventBus): Operation {
  return (input: Input, context) => {
    const entries = input.Entries as Input[];
    if (entries.reduce((sum, entry) => sum + sizeOfEntry(entry), 0) > MAXIMUM_ENTRIES_BYTES) {
      throw validation('Total size of the entries in the request is over the limit.');
    }
    const results = entries.map((entry) => {
      const event = readEntry(entry, context);
      if ('ErrorCode' in event) return event;
      try {
        checkBus(kernel, entry.EventBusName);
      } catch {
        // An unknown bus swallows the event: the entry succeeds, as recorded from AWS.
        return { EventId: kernel.uuid('event') };
      }
      return { EventId: bus.put(event) };
    });
    return { FailedEntryCount: results.filter((result) => 'ErrorCode' in result).length, Entries: results };
  };
}

function testEventPattern(input: Input): { Result: boolean } {
  const pattern = parseEventPattern(input.EventPattern);
  const event = parseDetail(input.Event);
  if (event === undefined) throw validation('Parameter Event is not valid.');
  for (const name of ['id', 'account', 'source', 'time', 'region', 'detail-type']) {
    if (event[name] === undefined) throw validation('Parameter Event is not valid.');
  }
  return { Result: pattern.matches(event) };
}

export function createEventBridge(kernel: Kernel, bus: EventBus): SimulatedService {
  const { rules } = bus;
  return {
    name: 'EventBridge',
    operations: {
      PutEvents: createPutEvents(kernel, bus),
      TestEventPattern: testEventPattern,
      PutRule: (input: Input, { now }) => rules.put(input, now),
      DeleteRule: (input: Input) => rules.delete(input),
      DescribeRule: (input: Input) => ({ ...rules.show(rules.find(input, input.Name)), CreatedBy: kernel.accountId }),
      ListRules: (input: Input) => rules.list(input),
      EnableRule: (input: Input, { now }) => rules.setState(input, 'ENABLED', now),
      DisableRule: (input: Input, { now }) => rules.setState(input, 'DISABLED', now),
      PutTargets: (input: Input) => rules.putTargets(input),
      RemoveTargets: (input: Input) => rules.removeTargets(input),
      ListTargetsByRule: (input: Input) => rules.listTargets(input),
    },
  };
}
