import type { EpochMs } from '../contract.ts';
import { parseScheduleExpression, type Recurrence, ScheduleExpressionError } from '../schedule-expression.ts';
import type { ScheduleDefinition } from '../scheduler.ts';
import { isTimeZone } from '../time-zone.ts';
import { isJsonObject, type Json, type JsonObject, TemplateError } from './read.ts';
import type { Stack, StackResource } from './stack.ts';

/** A rule to create: input of PutRule and the target of PutTargets. */
export interface PlannedRule {
  readonly path: string;
  readonly rule: JsonObject;
  readonly targets: readonly JsonObject[];
}

export interface PlannedTriggers {
  readonly rules: PlannedRule[];
  readonly schedules: ScheduleDefinition[];
}

/** Properties that do not change when and with what a function runs: deliveries to functions never fail here. */
const INERT = [
  'DeadLetterConfig',
  'Description',
  'GroupName',
  'KmsKeyArn',
  'OmitName',
  'PermissionsBoundary',
  'RetryPolicy',
  'RoleArn',
  'Tags',
  'Target',
];

function refuseUnknown(properties: JsonObject, known: readonly string[], path: string): void {
  for (const name of Object.keys(properties)) {
    if (!known.includes(name) && !INERT.includes(name)) {
      throw new TemplateError(`${path}.${name}`, `this property is not simulated; known: ${known.join(', ')}`);
    }
  }
}

function optionalText(value: Json | undefined): string | undefined {
  return value === undefined || value === null ? undefined : typeof value === 'string' ? value : JSON.stringify(value);
}

function instantOf(value: Json | undefined, path: string): EpochMs | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  const at = Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  if (Number.isNaN(at)) throw new TemplateError(path, `${text}: must be an ISO date and time`);
  return at;
}

function stateOf(value: Json | undefined, path: string): 'ENABLED' | 'DISABLED' {
  const state = value === undefined ? 'ENABLED' : String(value);
  if (state !== 'ENABLED' && state !== 'DISABLED')
    throw new TemplateError(path, `${state}: must be ENABLED or DISABLED`);
  return state;
}

function recurrenceOf(expression: string, timeZone: string, anchor: EpochMs, path: string): Recurrence {
  if (!isTimeZone(timeZone))
    throw new TemplateError(`${path}.ScheduleExpressionTimezone`, `${timeZone}: is no time zone`);
  try {
    return parseScheduleExpression(expression, { timeZone, anchor });
  } catch (error) {
    if (error instanceof ScheduleExpressionError) {
      throw new TemplateError(`${path}.ScheduleExpression`, error.message, { cause: error });
    }
    throw error;
  }
}

function flexibleWindowOf(value: Json | undefined, path: string): number {
  if (!isJsonObject(value)) return 0;
  const mode = String(value['Mode']);
  if (mode === 'OFF' || mode === 'false') return 0;
  const minutes = Number(value['MaximumWindowInMinutes']);
  if (mode !== 'FLEXIBLE' || !(minutes >= 1 && minutes <= 1440)) {
    throw new TemplateError(path, 'must be Mode OFF, or FLEXIBLE with MaximumWindowInMinutes from 1 to 1440');
  }
  return minutes * 60_000;
}

interface ScheduleContext {
  readonly stack: Stack;
  readonly now: EpochMs;
}

function planSchedule(
  context: ScheduleContext,
  name: string,
  properties: JsonObject,
  target: { arn: string; input: string | undefined },
  path: string,
): ScheduleDefinition {
  const startAt = instantOf(properties['StartDate'], `${path}.StartDate`);
  const zone = String(properties['ScheduleExpressionTimezone'] ?? 'UTC');
  const expression = String(properties['ScheduleExpression']);
  const { region, accountId } = context.stack;
  return {
    name,
    arn: `arn:aws:scheduler:${region}:${accountId}:schedule/${String(properties['GroupName'] ?? 'default')}/${name}`,
    expression: `${expression} ${zone}`,
    recurrence: recurrenceOf(expression, zone, startAt ?? context.now, path),
    enabled: stateOf(properties['State'], `${path}.State`) === 'ENABLED',
    startAt,
    endAt: instantOf(properties['EndDate'], `${path}.EndDate`),
    flexibleMs: flexibleWindowOf(properties['FlexibleTimeWindow'], `${path}.FlexibleTimeWindow`),
    input: target.input,
    targetArn: target.arn,
  };
}

const SCHEDULE_PROPERTIES = [
  'ScheduleExpression',
  'ScheduleExpressionTimezone',
  'FlexibleTimeWindow',
  'State',
  'StartDate',
  'EndDate',
  'Input',
  'Name',
];

function planFunctionEvent(
  context: ScheduleContext,
  resource: StackResource,
  event: { name: string; type: string; properties: JsonObject; path: string },
  plan: PlannedTriggers,
): void {
  const { stack } = context;
  const { properties, path } = event;
  const arn = stack.arn(resource.id);
  const input = optionalText(properties['Input']);
  const name = String(properties['Name'] ?? `${stack.name}-${resource.id}${event.name}`);
  const target = { Id: `${resource.id}${event.name}Target`, Arn: arn };
  switch (event.type) {
    case 'ScheduleV2':
      refuseUnknown(properties, SCHEDULE_PROPERTIES, path);
      plan.schedules.push(planSchedule(context, name, properties, { arn, input }, path));
      return;
    case 'Schedule': {
      refuseUnknown(properties, ['Schedule', 'Input', 'Enabled', 'State', 'Name'], path);
      const enabled = properties['Enabled'] === undefined || String(properties['Enabled']) === 'true';
      const state =
        properties['State'] === undefined
          ? enabled
            ? 'ENABLED'
            : 'DISABLED'
          : stateOf(properties['State'], `${path}.State`);
      plan.rules.push({
        path,
        rule: { Name: name, ScheduleExpression: properties['Schedule'] ?? null, State: state },
        targets: [input === undefined ? target : { ...target, Input: input }],
      });
      return;
    }
    case 'EventBridgeRule':
    case 'CloudWatchEvent':
      refuseUnknown(
        properties,
        ['Pattern', 'Input', 'InputPath', 'State', 'EventBusName', 'RuleName', 'Enabled'],
        path,
      );
      plan.rules.push(
        planRuleEvent(
          properties,
          String(properties['RuleName'] ?? name),
          { ...target, ...(input === undefined ? {} : { Input: input }) },
          path,
        ),
      );
      return;
    default:
      throw new TemplateError(
        path,
        `Type ${event.type}: this event source is not simulated; known: ScheduleV2, Schedule, EventBridgeRule, CloudWatchEvent`,
      );
  }
}

function planRuleEvent(properties: JsonObject, name: string, target: JsonObject, path: string): PlannedRule {
  const enabled = properties['Enabled'] === undefined || String(properties['Enabled']) === 'true';
  const inputPath = properties['InputPath'];
  return {
    path,
    rule: {
      Name: name,
      EventPattern: JSON.stringify(properties['Pattern']),
      State: enabled ? stateOf(properties['State'], `${path}.State`) : 'DISABLED',
      ...(properties['EventBusName'] === undefined ? {} : { EventBusName: properties['EventBusName'] }),
    },
    targets: [inputPath === undefined ? target : { ...target, InputPath: inputPath }],
  };
}

function planRuleResource(stack: Stack, resource: StackResource, plan: PlannedTriggers): void {
  const properties = stack.evaluator.value(resource.properties, resource.path) as JsonObject;
  refuseUnknown(
    properties,
    ['Name', 'EventPattern', 'ScheduleExpression', 'State', 'EventBusName', 'Targets'],
    resource.path,
  );
  const rule: Record<string, Json> = { Name: stack.physicalName(resource.id) };
  for (const name of ['ScheduleExpression', 'State', 'EventBusName']) {
    if (properties[name] !== undefined) rule[name] = properties[name];
  }
  if (properties['EventPattern'] !== undefined) rule['EventPattern'] = JSON.stringify(properties['EventPattern']);
  const targets = Array.isArray(properties['Targets']) ? (properties['Targets'] as readonly JsonObject[]) : [];
  const known = targets.map((target, index) => {
    refuseUnknown(target, ['Id', 'Arn', 'Input', 'InputPath'], `${resource.path}.Targets[${index}]`);
    return target;
  });
  plan.rules.push({ path: resource.path, rule, targets: known });
}

function planScheduleResource(context: ScheduleContext, resource: StackResource, plan: PlannedTriggers): void {
  const { stack } = context;
  const properties = stack.evaluator.value(resource.properties, resource.path) as JsonObject;
  refuseUnknown(properties, SCHEDULE_PROPERTIES, resource.path);
  const target = properties['Target'];
  if (!isJsonObject(target)) throw new TemplateError(`${resource.path}.Target`, 'must be a mapping with Arn');
  refuseUnknown(target, ['Arn', 'Input'], `${resource.path}.Target`);
  const arn = String(target['Arn']);
  plan.schedules.push(
    planSchedule(
      context,
      stack.physicalName(resource.id),
      properties,
      { arn, input: optionalText(target['Input']) },
      resource.path,
    ),
  );
}

/** Everything in the template that starts functions. */
export function planTriggers(stack: Stack, now: EpochMs): PlannedTriggers {
  const plan: PlannedTriggers = { rules: [], schedules: [] };
  const context = { stack, now };
  for (const resource of stack.ofType('AWS::Serverless::Function')) {
    const events = stack.property(resource, 'Events');
    for (const [name, event] of Object.entries(isJsonObject(events) ? events : {})) {
      const path = `${resource.path}.Events.${name}`;
      if (!isJsonObject(event)) throw new TemplateError(path, 'must be a mapping');
      const properties = isJsonObject(event['Properties']) ? event['Properties'] : {};
      planFunctionEvent(
        context,
        resource,
        { name, type: String(event['Type']), properties, path: `${path}.Properties` },
        plan,
      );
    }
  }
  for (const resource of stack.ofType('AWS::Events::Rule')) planRuleResource(stack, resource, plan);
  for (const resource of stack.ofType('AWS::Scheduler::Schedule')) planScheduleResource(context, resource, plan);
  return plan;
}
