import type { Kernel } from '../contract.ts';
import { Evaluator } from './evaluate.ts';
import { withGlobals } from './globals.ts';
import { resolveParameters } from './parameters.ts';
import { isJsonObject, type Json, type JsonObject, readTemplate, TemplateError } from './read.ts';
import { arnOf, checkResourceType, NAME_PROPERTY, refOf } from './resources.ts';
import { checkRules } from './rules.ts';

export interface StackResource {
  readonly id: string;
  readonly type: string;
  readonly path: string;
  /** Not evaluated yet; globals merged in. */
  readonly properties: JsonObject;
}

const NAME_CHARACTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** A template with parameters applied: its resources, and the evaluator that gives their properties. */
export class Stack {
  readonly name: string;
  readonly resources: readonly StackResource[];
  readonly evaluator: Evaluator;
  readonly #kernel: Kernel;
  readonly #byId: ReadonlyMap<string, StackResource>;
  readonly #names: Map<string, string>;
  readonly #templateText: string;
  readonly #parameters: Readonly<Record<string, string>>;
  readonly #id: string;

  /** `before`: the stack that this one is an update of; resources keep their names. */
  constructor(
    kernel: Kernel,
    name: string,
    templateText: string,
    parameters: Readonly<Record<string, string>>,
    before?: Stack,
  ) {
    this.#kernel = kernel;
    this.name = name;
    this.#templateText = templateText;
    this.#parameters = parameters;
    this.#names = before === undefined ? new Map() : new Map(before.#names);
    const template = readTemplate(templateText);
    this.#id =
      before === undefined
        ? `arn:aws:cloudformation:${kernel.region}:${kernel.accountId}:stack/${name}/${kernel.uuid('stack')}`
        : before.#id;
    this.evaluator = new Evaluator({
      template,
      parameters: resolveParameters(template, parameters),
      pseudo: {
        'AWS::AccountId': kernel.accountId,
        'AWS::Partition': 'aws',
        'AWS::Region': kernel.region,
        'AWS::StackId': this.#id,
        'AWS::StackName': name,
        'AWS::URLSuffix': 'amazonaws.com',
      },
      references: {
        ref: (id) => this.#ref(id),
        attribute: (id, attribute, path) => this.#attribute(id, attribute, path),
      },
    });
    checkRules(template, this.evaluator);
    this.resources = this.#readResources(template);
    this.#byId = new Map(this.resources.map((resource) => [resource.id, resource]));
  }

  #readResources(template: JsonObject): StackResource[] {
    const section = template['Resources'];
    if (!isJsonObject(section)) throw new TemplateError('Resources', 'must be a mapping');
    const resources: StackResource[] = [];
    for (const [id, resource] of Object.entries(section)) {
      const path = `Resources.${id}`;
      if (!isJsonObject(resource)) throw new TemplateError(path, 'must be a mapping');
      const condition = resource['Condition'];
      if (condition !== undefined && !this.evaluator.condition(String(condition), path)) continue;
      checkResourceType(id, resource);
      const type = String(resource['Type']);
      const own = isJsonObject(resource['Properties']) ? resource['Properties'] : {};
      const properties = type === 'AWS::Serverless::Function' ? withGlobals(template, 'Function', own) : own;
      resources.push({ id, type, path: `${path}.Properties`, properties });
    }
    return resources;
  }

  /** The same template with some parameters changed. */
  updatedBy(parameters: Readonly<Record<string, string>>): Stack {
    return new Stack(this.#kernel, this.name, this.#templateText, { ...this.#parameters, ...parameters }, this);
  }

  get region(): string {
    return this.#kernel.region;
  }

  get accountId(): string {
    return this.#kernel.accountId;
  }

  ofType(...types: readonly string[]): StackResource[] {
    return this.resources.filter((resource) => types.includes(resource.type));
  }

  /** One evaluated property. */
  property(resource: StackResource, name: string): Json | undefined {
    const value = resource.properties[name];
    if (value === undefined) return undefined;
    return this.evaluator.value(value, `${resource.path}.${name}`) ?? undefined;
  }

  /** The name a resource has in AWS: its own, or stack, logical id and a random end, as CloudFormation makes it. */
  physicalName(id: string): string {
    const known = this.#names.get(id);
    if (known !== undefined) return known;
    const resource = this.#byId.get(id);
    if (resource === undefined) throw new TemplateError(`Resources.${id}`, 'no such resource');
    const property = NAME_PROPERTY[resource.type];
    const own = property === undefined ? undefined : this.property(resource, property);
    const name = own === undefined ? `${this.name}-${id}-${this.#randomEnd(id)}` : String(own);
    this.#names.set(id, name);
    return name;
  }

  #randomEnd(id: string): string {
    const draw = this.#kernel.random(`stack:${this.name}:${id}`);
    return Array.from({ length: 12 }, () => NAME_CHARACTERS[Math.floor(draw() * NAME_CHARACTERS.length)]).join('');
  }

  arn(id: string): string {
    const resource = this.#byId.get(id);
    const arn = resource === undefined ? undefined : arnOf(resource.type, this.physicalName(id), this.#kernel);
    if (arn === undefined) throw new TemplateError(`Resources.${id}`, 'has no ARN here');
    return arn;
  }

  #ref(id: string): string | undefined {
    const resource = this.#byId.get(id);
    return resource === undefined ? undefined : refOf(resource.type, this.physicalName(id), this.#kernel);
  }

  #attribute(id: string, attribute: string, path: string): string {
    const resource = this.#byId.get(id);
    if (resource === undefined) throw new TemplateError(path, `Fn::GetAtt ${id}.${attribute}: no such resource`);
    if (attribute === 'Arn' || attribute === 'TopicArn') return this.arn(id);
    if (/^(QueueName|TopicName|RoleName|Name)$/.test(attribute)) return this.physicalName(id);
    if (attribute === 'QueueUrl') return refOf(resource.type, this.physicalName(id), this.#kernel);
    if (attribute === 'Value' || attribute === 'Type') return String(this.property(resource, attribute) ?? '');
    throw new TemplateError(path, `Fn::GetAtt ${id}.${attribute}: this attribute is not simulated`);
  }
}
