import { ApiError, type EpochMs, type Kernel, PRIORITY, type Timer } from '../contract.ts';
import { parseScheduleExpression, type Recurrence, ScheduleExpressionError } from '../schedule-expression.ts';
import { type EventPattern, parseEventPattern } from './pattern.ts';

// biome-ignore lint/suspicious/noExplicitAny: inputs are validated against the published model before they arrive
export type Input = any;

export interface Target {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string;
  readonly InputPath?: string;
}

export interface Rule {
  readonly name: string;
  readonly arn: string;
  description: string | undefined;
  state: 'ENABLED' | 'DISABLED';
  roleArn: string | undefined;
  patternText: string | undefined;
  pattern: EventPattern | undefined;
  schedule: { readonly text: string; readonly recurrence: Recurrence } | undefined;
  timer: Timer | undefined;
  readonly targets: Map<string, Target>;
}

const MAXIMUM_TARGETS = 5;
const DEFAULT_PAGE = 100;

export function validation(message: string): ApiError {
  return new ApiError('ValidationException', message);
}

/** Only the default bus exists; its name and its ARN both name it. */
export function checkBus(kernel: Kernel, name: string | undefined): void {
  const arn = `arn:aws:events:${kernel.region}:${kernel.accountId}:event-bus/default`;
  if (name === undefined || name === 'default' || name === arn) return;
  throw new ApiError('ResourceNotFoundException', `Event bus ${name} does not exist.`);
}

function parseRuleSchedule(text: string, now: EpochMs): Recurrence {
  try {
    // Rules know no at(); their rates count from the rule's creation, the first firing one period later.
    if (text.startsWith('at(')) throw validation('Parameter ScheduleExpression is not valid.');
    const recurrence = parseScheduleExpression(text, { timeZone: 'UTC', anchor: now });
    return recurrence;
  } catch (error) {
    if (error instanceof ScheduleExpressionError) throw validation('Parameter ScheduleExpression is not valid.');
    throw error;
  }
}

function page<T>(input: Input, entries: readonly T[]): { shown: readonly T[]; next: { NextToken?: string } } {
  const from = input.NextToken === undefined ? 0 : Number(Buffer.from(input.NextToken, 'base64').toString('utf8'));
  if (!Number.isInteger(from) || from < 0) throw validation('Parameter NextToken is not valid.');
  const size: number = input.Limit ?? DEFAULT_PAGE;
  const end = from + size;
  const next = entries.length > end ? { NextToken: Buffer.from(String(end)).toString('base64') } : {};
  return { shown: entries.slice(from, end), next };
}

/** Rules of the default bus and their targets. */
export class RuleStore {
  readonly #kernel: Kernel;
  readonly #rules = new Map<string, Rule>();
  readonly #fire: (rule: Rule, at: EpochMs) => void;

  constructor(kernel: Kernel, fire: (rule: Rule, at: EpochMs) => void) {
    this.#kernel = kernel;
    this.#fire = fire;
  }

  all(): Iterable<Rule> {
    return this.#rules.values();
  }

  find(input: Input, name: string): Rule {
    checkBus(this.#kernel, input.EventBusName);
    const rule = this.#rules.get(name);
    if (rule === undefined) {
      throw new ApiError('ResourceNotFoundException', `Rule ${name} does not exist on EventBus default.`);
    }
    return rule;
  }

  put(input: Input, now: EpochMs): { RuleArn: string } {
    checkBus(this.#kernel, input.EventBusName);
    if (input.EventPattern === undefined && input.ScheduleExpression === undefined) {
      throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
    }
    const pattern = input.EventPattern === undefined ? undefined : parseEventPattern(input.EventPattern);
    const text: string | undefined = input.ScheduleExpression;
    const schedule = text === undefined ? undefined : { text, recurrence: parseRuleSchedule(text, now) };
    const rule: Rule = this.#rules.get(input.Name) ?? {
      name: input.Name,
      arn: `arn:aws:events:${this.#kernel.region}:${this.#kernel.accountId}:rule/${input.Name}`,
      description: undefined,
      state: 'ENABLED',
      roleArn: undefined,
      patternText: undefined,
      pattern: undefined,
      schedule: undefined,
      timer: undefined,
      targets: new Map(),
    };
    rule.description = input.Description;
    rule.roleArn = input.RoleArn;
    rule.state = input.State === 'DISABLED' ? 'DISABLED' : 'ENABLED';
    rule.patternText = input.EventPattern;
    rule.pattern = pattern;
    rule.schedule = schedule;
    this.#rules.set(rule.name, rule);
    this.#plan(rule, now);
    return { RuleArn: rule.arn };
  }

  #plan(rule: Rule, after: EpochMs): void {
    rule.timer?.cancel();
    rule.timer = undefined;
    const at = rule.state === 'ENABLED' ? rule.schedule?.recurrence.next(after) : undefined;
    if (at === undefined) return;
    rule.timer = this.#kernel.clock.at(at, PRIORITY.schedules, () => {
      this.#fire(rule, at);
      this.#plan(rule, at);
    });
  }

  setState(input: Input, state: Rule['state'], now: EpochMs): Record<string, never> {
    const rule = this.find(input, input.Name);
    rule.state = state;
    this.#plan(rule, now);
    return {};
  }

  delete(input: Input): Record<string, never> {
    checkBus(this.#kernel, input.EventBusName);
    const rule = this.#rules.get(input.Name);
    if (rule === undefined) return {};
    if (rule.targets.size > 0) throw validation("Rule can't be deleted since it has targets.");
    rule.timer?.cancel();
    this.#rules.delete(rule.name);
    return {};
  }

  show(rule: Rule): Record<string, unknown> {
    return {
      Name: rule.name,
      Arn: rule.arn,
      EventBusName: 'default',
      State: rule.state,
      Description: rule.description,
      EventPattern: rule.patternText,
      ScheduleExpression: rule.schedule?.text,
      RoleArn: rule.roleArn,
    };
  }

  list(input: Input): unknown {
    checkBus(this.#kernel, input.EventBusName);
    const prefix: string = input.NamePrefix ?? '';
    const matching = [...this.#rules.values()].filter((rule) => rule.name.startsWith(prefix));
    matching.sort((a, b) => (a.name < b.name ? -1 : 1));
    const { shown, next } = page(input, matching);
    return { Rules: shown.map((rule) => this.show(rule)), ...next };
  }

  putTargets(input: Input): unknown {
    const rule = this.find(input, input.Rule);
    const targets = input.Targets as Target[];
    const ids = new Set([...rule.targets.keys(), ...targets.map((target) => target.Id)]);
    if (ids.size > MAXIMUM_TARGETS) {
      throw new ApiError('LimitExceededException', 'The requested resource exceeds the maximum number allowed.');
    }
    for (const target of targets) {
      if ('InputTransformer' in target) {
        throw validation('InputTransformer: not simulated; use Input or InputPath, or transform in the function.');
      }
      rule.targets.set(target.Id, target);
    }
    return { FailedEntryCount: 0, FailedEntries: [] };
  }

  removeTargets(input: Input): unknown {
    const rule = this.find(input, input.Rule);
    const failed: unknown[] = [];
    for (const id of input.Ids as string[]) {
      if (rule.targets.delete(id)) continue;
      failed.push({
        TargetId: id,
        ErrorCode: 'ResourceNotFoundException',
        ErrorMessage: `Rule ${rule.name} does not have target ${id} on EventBus default.`,
      });
    }
    return { FailedEntryCount: failed.length, FailedEntries: failed };
  }

  listTargets(input: Input): unknown {
    const rule = this.find(input, input.Rule);
    const { shown, next } = page(input, [...rule.targets.values()]);
    return { Targets: shown, ...next };
  }
}
