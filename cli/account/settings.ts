import { GetParametersCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as v from 'valibot';
import type { Mode } from '../../shared/domain/ruling.ts';
import { CliError, EXIT } from '../output.ts';
import { printable } from '../printable.ts';
import type { AccountOptions } from './options.ts';

const FUNCTIONS = ['scheduled-scaling', 'backlog-wake', 'idle-windows'] as const;

/** Parameter `/<TagPrefix>/settings`, which the stack writes about itself. */
const settingsSchema = v.object({
  table: v.pipe(v.string(), v.nonEmpty()),
  mode: v.picklist(['on', 'wake-only', 'dry-run', 'off'] satisfies Mode[]),
  tickSeconds: v.number(),
  functionTimeoutSeconds: v.number(),
  parkBudget: v.number(),
  /** Names of the Lambda functions. */
  functions: v.record(v.picklist(FUNCTIONS), v.string()),
});

export type Settings = v.InferOutput<typeof settingsSchema>;

export interface Stack {
  readonly settings: Settings;
  /** ARN of the CloudFormation stack; absent: there is none any more, or nobody could read it. */
  readonly id?: string;
  /** The settings are assumed, for a table without a stack. */
  readonly assumed: boolean;
  /** There is no table either. */
  readonly tableless?: boolean;
}

/** What a table without a stack is looked at with: nothing of ours runs there. */
const ASSUMED: Omit<Settings, 'table'> = {
  mode: 'on',
  tickSeconds: 60,
  functionTimeoutSeconds: 50,
  parkBudget: 10,
  functions: {},
};

/** A name that no table of ours has: what needs none asks for none. */
const NO_TABLE = 'no-table';

/** The stack of this prefix, by its parameters. `optional`: what is asked for is there without a stack, too. */
export async function findStack(
  client: SSMClient,
  { prefix, table }: Pick<AccountOptions, 'prefix' | 'table'>,
  place: string,
  optional = false,
): Promise<Stack> {
  const [settingsName, stackName] = [`/${prefix}/settings`, `/${prefix}/stack`];
  const { Parameters = [] } = await client.send(new GetParametersCommand({ Names: [settingsName, stackName] }));
  const textOf = (name: string) => Parameters.find(({ Name }) => Name === name)?.Value;
  const id = textOf(stackName);
  const text = textOf(settingsName);
  if (text === undefined) {
    if (table !== undefined) return { settings: { ...ASSUMED, table }, assumed: true, ...(id !== undefined && { id }) };
    if (optional) return { settings: { ...ASSUMED, table: NO_TABLE }, assumed: true, tableless: true };
    throw new CliError(
      EXIT.failed,
      id === undefined
        ? `there is no stack with the prefix ${prefix} in ${place} (no parameter ${settingsName}): check --region, --profile and --prefix, or name the table with --table`
        : `the stack ${printable(id)} is older than this command (no parameter ${settingsName}): update it, or name the table with --table`,
    );
  }
  const settings = parseSettings(settingsName, text);
  return {
    settings: { ...settings, ...(table !== undefined && { table }) },
    assumed: false,
    ...(id !== undefined && { id }),
  };
}

function parseSettings(name: string, text: string): Settings {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CliError(
      EXIT.failed,
      `parameter ${name}: ${printable(text)}: the JSON that the stack wrote; deploy it again`,
    );
  }
  const parsed = v.safeParse(settingsSchema, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const field = v.getDotPath(issue) ?? 'document';
  throw new CliError(
    EXIT.failed,
    `parameter ${name}: ${field}: ${printable(issue.received)}: ${issue.expected ?? 'as the stack wrote it'}; deploy the stack again`,
  );
}
