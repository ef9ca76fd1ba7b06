import type { Command } from 'commander';

/** Where the account is and which stack of it is meant. */
export interface AccountOptions {
  readonly profile?: string;
  readonly region?: string;
  readonly prefix: string;
  readonly table?: string;
  readonly verbose?: boolean;
  readonly json?: string;
}

export const DEFAULT_PREFIX = 'endpoint-scaler';

/** The options that every command has which talks to an account. */
export function withAccountOptions(command: Command): Command {
  return command
    .option('--profile <name>', 'AWS profile (default: AWS_PROFILE, else the usual chain of credentials)')
    .option('--region <name>', 'AWS Region (default: AWS_REGION, AWS_DEFAULT_REGION, else that of the profile)')
    .option('--prefix <name>', 'TagPrefix of the stack', DEFAULT_PREFIX)
    .option('--table <name>', "the state table, where the stack does not say it (default: the stack's)")
    .option('--verbose', 'every call of AWS on stderr')
    .option('--json <path>', 'the answer as JSON, to a file or - for stdout');
}
