import { ApiError, type EpochMs, type Kernel } from '../contract.ts';

export type Tier = 'Standard' | 'Advanced';

interface ParameterVersion {
  readonly version: number;
  readonly value: string;
  readonly modifiedAt: EpochMs;
}

export interface Parameter {
  readonly name: string;
  readonly arn: string;
  type: string;
  tier: Tier;
  description: string | undefined;
  dataType: string;
  allowedPattern: string | undefined;
  by: string;
  readonly tags: Map<string, string>;
  /** Newest last; AWS keeps 100. */
  readonly versions: ParameterVersion[];
}

export const STANDARD_BYTES = 4096;
const ADVANCED_BYTES = 8192;
const MAXIMUM_LEVELS = 15;
export const KEPT_VERSIONS = 100;
export const PAGE_BY_PATH = 10;
export const PAGE_DESCRIBE = 50;

export function notFound(): ApiError {
  return new ApiError('ParameterNotFound', '');
}

export function validation(message: string): ApiError {
  return new ApiError('ValidationException', message);
}

/** `name`, `name:3`, or an ARN; labels are not simulated. */
function splitSelector(text: string, arnPrefix: string): { name: string; version: number | undefined } {
  let name = text;
  if (name.startsWith(arnPrefix)) name = name.slice(arnPrefix.length);
  const match = /^(.*):(\d+)$/.exec(name);
  return match === null ? { name, version: undefined } : { name: match[1]!, version: Number(match[2]) };
}

export function checkName(name: string): void {
  if (!/^[a-zA-Z0-9_.\-/]+$/.test(name)) {
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_',
    );
  }
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw new ApiError(
      name.replace(/^\//, '').toLowerCase().startsWith('aws') ? 'AccessDeniedException' : 'ValidationException',
      `No access to reserved parameter name: ${name}.`,
    );
  }
  if (name.includes('/') && !name.startsWith('/')) {
    throw validation('Parameter name must be a fully qualified name.');
  }
  if (name.startsWith('/') && name.split('/').length - 1 > MAXIMUM_LEVELS) {
    throw new ApiError(
      'HierarchyLevelLimitExceededException',
      `Parameter hierarchy can have a maximum of ${MAXIMUM_LEVELS} levels`,
    );
  }
}

export function checkValue(value: string, tier: Tier): void {
  const bytes = Buffer.byteLength(value);
  if (tier === 'Standard' && bytes > STANDARD_BYTES) {
    throw validation(
      `Standard tier parameters support a maximum parameter value of ${STANDARD_BYTES} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html`,
    );
  }
  if (bytes > ADVANCED_BYTES) {
    throw validation(`Advanced tier parameters support a maximum parameter value of ${ADVANCED_BYTES} characters.`);
  }
}

/** Tokens are opaque; ours name the last entry shown, so that a page stays right when parameters come and go. */
function encodeToken(name: string): string {
  return Buffer.from(`after:${name}`).toString('base64');
}

function decodeToken(token: string): string {
  const text = Buffer.from(token, 'base64').toString('utf8');
  if (!text.startsWith('after:')) throw new ApiError('InvalidNextToken', 'The specified token is not valid.');
  return text.slice('after:'.length);
}

export function pageOf<T extends { readonly name: string }>(
  sorted: readonly T[],
  token: string | undefined,
  size: number,
): { page: readonly T[]; next: { NextToken?: string } } {
  const after = token === undefined ? undefined : decodeToken(token);
  const rest = after === undefined ? sorted : sorted.filter((entry) => entry.name > after);
  const page = rest.slice(0, size);
  return { page, next: rest.length > size ? { NextToken: encodeToken(page.at(-1)!.name) } : {} };
}

export class ParameterStore {
  readonly #kernel: Kernel;
  readonly #parameters = new Map<string, Parameter>();
  readonly arnPrefix: string;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.arnPrefix = `arn:aws:ssm:${kernel.region}:${kernel.accountId}:parameter`;
  }

  sorted(): Parameter[] {
    return [...this.#parameters.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  find(name: string): Parameter | undefined {
    return this.#parameters.get(name);
  }

  delete(name: string): boolean {
    const parameter = this.#parameters.get(name);
    if (parameter === undefined) return false;
    this.#parameters.delete(name);
    this.emitChange(parameter, 'Delete');
    return true;
  }

  add(parameter: Parameter): void {
    this.#parameters.set(parameter.name, parameter);
  }

  emitChange(parameter: Parameter, operation: 'Create' | 'Update' | 'Delete'): void {
    this.#kernel.emit({
      source: 'aws.ssm',
      detailType: 'Parameter Store Change',
      resources: [parameter.arn],
      detail: {
        operation,
        name: parameter.name,
        type: parameter.type,
        ...(parameter.description === undefined ? {} : { description: parameter.description }),
      },
    });
  }

  /** The parameter as the read operations show it, or undefined. */
  show(selector: string): Record<string, unknown> | undefined {
    const { name, version } = splitSelector(selector, this.arnPrefix);
    // The ARN of a name without a slash has one all the same.
    const isArn = selector.startsWith(this.arnPrefix);
    const parameter = this.#parameters.get(name) ?? (isArn ? this.#parameters.get(name.slice(1)) : undefined);
    if (parameter === undefined) return undefined;
    const shown =
      version === undefined ? parameter.versions.at(-1) : parameter.versions.find((entry) => entry.version === version);
    if (shown === undefined) {
      throw new ApiError(
        'ParameterVersionNotFound',
        `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
      );
    }
    return {
      ARN: parameter.arn,
      DataType: parameter.dataType,
      LastModifiedDate: new Date(shown.modifiedAt),
      Name: parameter.name,
      Type: parameter.type,
      Value: shown.value,
      Version: shown.version,
      ...(version === undefined ? {} : { Selector: `:${version}` }),
    };
  }
}
