/** template.yaml as CloudFormation gets it: SAM's own translation, with the intrinsic functions resolved. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

const PYTHON = '.venv/bin/python';
export const canTranslate = existsSync(PYTHON);
export const ACCOUNT = '123456789012';
export const REGION = 'us-east-1';

const TRANSLATE = `
import json, sys
from samtranslator.yaml_helper import yaml_parse
from samtranslator.translator.transform import transform
template = yaml_parse(sys.stdin.read())
for resource in template['Resources'].values():
    if resource['Type'] == 'AWS::Serverless::Function':
        resource['Properties']['CodeUri'] = 's3://bucket/key'
class Managed:
    def load(self):
        prefix = 'arn:aws:iam::aws:policy/service-role/'
        names = ['AWSLambdaBasicExecutionRole', 'AWSLambdaVPCAccessExecutionRole']
        return {name: prefix + name for name in names}
json.dump(transform(template, {}, Managed()), sys.stdout)
`;

// biome-ignore lint/suspicious/noExplicitAny: any value of a template
export type Value = any;

export interface TranslatedTemplate {
  readonly Parameters?: Readonly<Record<string, { readonly Type: string; readonly Default?: unknown }>>;
  readonly Conditions?: Readonly<Record<string, Value>>;
  readonly Mappings?: Readonly<Record<string, Value>>;
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Value; readonly Condition?: string }>
  >;
}

export function translateTemplate(text: string): TranslatedTemplate {
  const { status, stdout, stderr } = spawnSync(PYTHON, ['-c', TRANSLATE], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, AWS_DEFAULT_REGION: REGION },
  });
  if (status !== 0) throw new Error(`SAM translator: ${stderr.slice(-2000)}`);
  return JSON.parse(stdout) as TranslatedTemplate;
}

const NO_VALUE = Symbol('AWS::NoValue');

const PSEUDO: Readonly<Record<string, string | symbol>> = {
  'AWS::AccountId': ACCOUNT,
  'AWS::Region': REGION,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': 'stack',
  'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/stack/1`,
  'AWS::NoValue': NO_VALUE,
};

const ARNS: Readonly<Record<string, string>> = {
  'AWS::DynamoDB::Table': `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/`,
  'AWS::SQS::Queue': `arn:aws:sqs:${REGION}:${ACCOUNT}:`,
  'AWS::SNS::Topic': `arn:aws:sns:${REGION}:${ACCOUNT}:`,
  'AWS::Lambda::Function': `arn:aws:lambda:${REGION}:${ACCOUNT}:function:`,
  'AWS::IAM::Role': `arn:aws:iam::${ACCOUNT}:role/`,
  'AWS::IAM::ManagedPolicy': `arn:aws:iam::${ACCOUNT}:policy/`,
  'AWS::Logs::LogGroup': `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:`,
  'AWS::KMS::Key': `arn:aws:kms:${REGION}:${ACCOUNT}:key/`,
};

export interface ResolveOptions {
  readonly parameters?: Readonly<Record<string, string>>;
  /** Physical names by logical id; others are `stack-<logical id>`. */
  readonly names?: Readonly<Record<string, string>>;
}

/** Replaces the intrinsic functions of any part of a translated template. */
export class Resolver {
  readonly #template: TranslatedTemplate;
  readonly #options: ResolveOptions;

  constructor(template: TranslatedTemplate, options: ResolveOptions = {}) {
    this.#template = template;
    this.#options = options;
  }

  nameOf(id: string): string {
    return this.#options.names?.[id] ?? `stack-${id}`;
  }

  arnOf(id: string): string {
    const type = this.#template.Resources[id]?.Type ?? '';
    const prefix = ARNS[type];
    if (prefix === undefined) throw new Error(`${id}: no ARN known for ${type}`);
    return prefix + this.nameOf(id) + (type === 'AWS::Logs::LogGroup' ? ':*' : '');
  }

  isThere(id: string): boolean {
    const condition = this.#template.Resources[id]?.Condition;
    return condition === undefined || this.#truth({ Condition: condition });
  }

  resolve(value: Value): Value {
    const result = this.#resolve(value);
    return result === NO_VALUE ? undefined : result;
  }

  #resolve(value: Value): Value {
    if (Array.isArray(value)) return value.map((entry) => this.#resolve(entry)).filter((entry) => entry !== NO_VALUE);
    if (typeof value !== 'object' || value === null) return value;
    const [name = '', ...more] = Object.keys(value);
    if (more.length === 0 && (name === 'Ref' || name.startsWith('Fn::'))) return this.#call(name, value[name]);
    const entries = Object.entries(value).map(([key, entry]) => [key, this.#resolve(entry)] as const);
    return Object.fromEntries(entries.filter(([, entry]) => entry !== NO_VALUE));
  }

  #call(name: string, argument: Value): Value {
    switch (name) {
      case 'Ref':
        return this.#ref(argument);
      case 'Fn::GetAtt':
        return this.#getAtt(Array.isArray(argument) ? argument.join('.') : argument);
      case 'Fn::Sub':
        return this.#sub(argument);
      case 'Fn::Join':
        return this.#resolve(argument[1]).join(argument[0]);
      case 'Fn::If':
        return this.#resolve(this.#truth({ Condition: argument[0] }) ? argument[1] : argument[2]);
      case 'Fn::Select':
        return this.#resolve(argument[1])[Number(argument[0])];
      case 'Fn::Split':
        return String(this.#resolve(argument[1])).split(argument[0]);
      case 'Fn::FindInMap': {
        const [map, first, second] = this.#resolve(argument);
        return this.#template.Mappings?.[map]?.[first]?.[second];
      }
      default:
        throw new Error(`${name}: not resolved here`);
    }
  }

  #ref(id: string): Value {
    if (id in PSEUDO) return PSEUDO[id];
    const parameter = this.#template.Parameters?.[id];
    if (parameter !== undefined) {
      const text = this.#options.parameters?.[id] ?? String(parameter.Default);
      return /^(CommaDelimitedList|List<.*>)$/.test(parameter.Type) ? text.split(',') : text;
    }
    const type = this.#template.Resources[id]?.Type;
    if (type === undefined) throw new Error(`Ref ${id}: no such parameter or resource`);
    return type === 'AWS::IAM::ManagedPolicy' || type === 'AWS::SNS::Topic' ? this.arnOf(id) : this.nameOf(id);
  }

  #getAtt(text: string): string {
    const [id = '', attribute] = text.split('.');
    if (attribute !== 'Arn' && attribute !== 'TopicArn') return `${this.nameOf(id)}.${attribute}`;
    return this.arnOf(id);
  }

  #sub(argument: Value): string {
    const [text, own] = Array.isArray(argument) ? argument : [argument, {}];
    return String(text).replace(/\$\{(!?)([^}]*)\}/g, (_whole, literal: string, name: string) => {
      if (literal !== '') return `\${${name}}`;
      if (own[name] !== undefined) return String(this.#resolve(own[name]));
      return String(name.includes('.') ? this.#getAtt(name) : this.#ref(name));
    });
  }

  #truth(expression: Value): boolean {
    const [name, argument] = Object.entries<Value>(expression)[0] ?? ['', undefined];
    switch (name) {
      case 'Condition':
        return this.#truth(this.#template.Conditions?.[argument]);
      case 'Fn::Equals':
        return String(this.#resolve(argument[0])) === String(this.#resolve(argument[1]));
      case 'Fn::Not':
        return !this.#truth(argument[0]);
      case 'Fn::And':
        return argument.every((entry: Value) => this.#truth(entry));
      case 'Fn::Or':
        return argument.some((entry: Value) => this.#truth(entry));
      default:
        throw new Error(`${name}: not a condition function`);
    }
  }
}
