import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type ServerClock, showClock, startServer } from './server.ts';

const USAGE = `Usage: npm run simulator -- [options]

  --port N        port on the host, default 4566; 0 takes a free one
  --host ADDRESS  default 127.0.0.1
  --clock CLOCK   virtual (default; POST /_simulator/advance {"by":"10m"} moves time), real, or a speed like 60x
  --start INSTANT simulated time at the beginning, ISO with offset; default now
  --region NAME   default us-east-1
  --seed N        default 1
  --enforce-iam   a caller whose access key id is the logical id of a function of the template (AWS_ACCESS_KEY_ID=IdleWindows)
                  may do only what that function's role allows; all other callers may do everything
  --template FILE the template whose roles --enforce-iam takes, default template.yaml
  --parameter X=Y a parameter of that template, as often as needed
  --help
`;

class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}

function readWhole(name: string, text: string, max: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > max)
    throw new UsageError(`--${name}: ${text}: must be a whole number from 0 to ${max}`);
  return value;
}

function readClock(text: string): ServerClock {
  if (text === 'virtual') return text;
  if (text === 'real') return 1;
  const speed = /^(\d+(?:\.\d+)?)x$/.exec(text);
  if (speed === null || Number(speed[1]) <= 0)
    throw new UsageError(`--clock: ${text}: must be virtual, real, or a speed like 60x`);
  return Number(speed[1]);
}

function readStart(text: string | undefined): number {
  if (text === undefined) return Date.now();
  const at = Date.parse(text);
  if (Number.isNaN(at) || !/(Z|[+-]\d\d:\d\d)$/.test(text)) {
    throw new UsageError(`--start: ${text}: must be an ISO date and time with offset, like 2026-03-23T00:00:00+01:00`);
  }
  return at;
}

type RolesFrom = NonNullable<Parameters<typeof startServer>[0]['rolesFrom']>;

function readRolesFrom(
  enforce: boolean,
  file: string | undefined,
  settings: readonly string[],
): { rolesFrom?: RolesFrom } {
  if (!enforce) {
    if (file !== undefined || settings.length > 0)
      throw new UsageError('--template and --parameter go with --enforce-iam');
    return {};
  }
  const parameters = settings.map((setting): readonly [string, string] => {
    const at = setting.indexOf('=');
    if (at < 1) throw new UsageError(`--parameter: ${setting}: must be Name=value`);
    return [setting.slice(0, at), setting.slice(at + 1)];
  });
  const path = file ?? 'template.yaml';
  try {
    return { rolesFrom: { templateText: readFileSync(path, 'utf8'), parameters: Object.fromEntries(parameters) } };
  } catch (error) {
    throw new UsageError(`--template: ${path}: cannot be read: ${(error as Error).message}`);
  }
}

function readArguments(args: string[]): { help: boolean; options: Parameters<typeof startServer>[0] } {
  const { values } = parseArgs({
    args,
    options: {
      port: { type: 'string', default: '4566' },
      host: { type: 'string', default: '127.0.0.1' },
      clock: { type: 'string', default: 'virtual' },
      start: { type: 'string' },
      region: { type: 'string', default: 'us-east-1' },
      seed: { type: 'string', default: '1' },
      'enforce-iam': { type: 'boolean', default: false },
      template: { type: 'string' },
      parameter: { type: 'string', multiple: true, default: [] },
      help: { type: 'boolean', default: false },
    },
  });
  return {
    help: values.help,
    options: {
      host: values.host,
      port: readWhole('port', values.port, 65_535),
      clock: readClock(values.clock),
      start: readStart(values.start),
      region: values.region,
      seed: readWhole('seed', values.seed, Number.MAX_SAFE_INTEGER),
      ...readRolesFrom(values['enforce-iam'], values.template, values.parameter),
    },
  };
}

async function serve(options: Parameters<typeof startServer>[0]): Promise<void> {
  const server = await startServer(options);
  process.stdout.write(`Simulated AWS on ${server.url} (clock ${showClock(options.clock)}, ${options.region})\n`);
  const stop = (): void => {
    server.close().catch((error: unknown) => {
      process.stderr.write(`simulator: ${String(error)}\n`);
      process.exitCode = 1;
    });
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

async function main(): Promise<void> {
  try {
    const { help, options } = readArguments(process.argv.slice(2));
    if (help) process.stdout.write(USAGE);
    else await serve(options);
  } catch (error) {
    const isUsage =
      error instanceof UsageError || (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') === true;
    process.stderr.write(
      isUsage ? `${(error as Error).message}\n\n${USAGE}` : `simulator: ${(error as Error).message}\n`,
    );
    process.exitCode = isUsage ? 2 : 1;
  }
}

await main();
